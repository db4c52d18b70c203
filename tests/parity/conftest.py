"""Golden cases of the reference implementation (described in the README beside them).

They lie beside the repository and are not part of it. Without them these tests are skipped.
"""

import importlib.util
import json
import os
from pathlib import Path

import numpy as np
import pytest

_DEFAULT = Path(__file__).parents[3] / "shared" / "parity"


@pytest.fixture(scope="session")
def golden_folder():
    folder = Path(os.environ.get("ALLELENS_PARITY_CASES", _DEFAULT))
    if not (folder / "reference_weights.py").exists():
        pytest.skip(f"no golden cases in {folder.name}; set ALLELENS_PARITY_CASES to their folder")
    return folder


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

    def measure(actual, expected):
        actual, expected = np.asarray(actual, np.float64), np.asarray(expected, np.float64)
        assert actual.shape == expected.shape
        np.testing.assert_array_equal(np.isnan(actual), np.isnan(expected))
        finite = np.isfinite(expected)
        if not finite.any():
            return 0.0, 0.0
        difference = (actual - expected)[finite]
        scale = np.sqrt(np.mean(expected[finite] ** 2)) or 1.0
        return np.sqrt(np.mean(difference**2)) / scale, np.abs(difference).max() / scale

    return measure
