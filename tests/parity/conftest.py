"""Golden cases of the reference implementation (described in the README beside them).

They lie beside the repository and are not part of it; `ALLELENS_PARITY_CASES` names another folder
with cases of the same form. What makes the weights, and what tells the shapes and tracks of the
network, is taken from that folder too where it lies there. Without any, these tests are skipped.
"""

import importlib.util
import json
import os
from pathlib import Path

import pytest

from tests.parity.golden_case import ErrorTable, measure

_DEFAULT = Path(__file__).parents[3] / "shared" / "parity"
CASES = Path(os.environ.get("ALLELENS_PARITY_CASES", _DEFAULT))


class _Companions:
    """The files that belong to the cases."""

    def __truediv__(self, name: str) -> Path:
        for folder in (CASES, _DEFAULT):
            if (folder / name).exists():
                return folder / name
        pytest.skip(f"no {name} in {CASES.name}; set ALLELENS_PARITY_CASES to the cases' folder")


@pytest.fixture(scope="session")
def golden_folder():
    return _Companions()


@pytest.fixture(scope="session")
def reference_weights(golden_folder):
    """The module that makes the synthetic weights; every value is a function of its path."""
    spec = importlib.util.spec_from_file_location(
        "reference_weights", golden_folder / "reference_weights.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def official_shapes(golden_folder):
    return json.loads((golden_folder / "param_shapes_official.json").read_text())


@pytest.fixture(scope="session")
def errors():
    """Measures a difference: (rms error, largest error), both relative to the expected rms."""
    return measure


_TABLE = pytest.StashKey[ErrorTable]()


@pytest.fixture(scope="session")
def error_table(pytestconfig):
    """Collects the errors of every comparison; printed when all tests are done."""
    return pytestconfig.stash.setdefault(_TABLE, ErrorTable())


def pytest_terminal_summary(terminalreporter, config):
    lines = list(config.stash.get(_TABLE, ErrorTable()).lines())
    if lines:
        terminalreporter.section("largest error of every stage and head, relative to its rms")
        for line in lines:
            terminalreporter.write_line(line)
