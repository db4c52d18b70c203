"""SDK 0.6.1 of November 2025, unmodified, gets the same numbers as the newest one."""

import functools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from alphagenome.data.genome import Interval

from predictor.genome.reference import Reference
from tests.predictor.serving import old_sdk_session, running_service

pytestmark = pytest.mark.slow

# Made by `make setup-dev` from old_sdk.txt.
FOLDER = running_service.ROOT / ".make" / "old-sdk"
VERSION = "0.6.1"


@pytest.fixture(scope="module")
def old_sdk() -> Path:
    if not (FOLDER / "alphagenome").is_dir():
        message = f"SDK {VERSION} is not in {FOLDER}; `make setup-dev` puts it there"
        if os.environ.get("ALLELENS_REQUIRE_OLD_SDK"):
            pytest.fail(message)
        pytest.skip(message)
    return FOLDER


def test_an_old_sdk_drives_every_call_and_gets_the_same_numbers(
    service, client, installed, old_sdk, tmp_path
):
    genome = Reference(installed / "genomes" / "demoH1" / "genome.fa")
    base = genome.sequence(Interval("demo1", 108_000, 108_001))
    out = tmp_path / "found.npz"
    subprocess.run(
        [sys.executable, old_sdk_session.__file__, str(service.port), base, str(out)],
        env=os.environ | {"PYTHONPATH": str(old_sdk)},
        check=True,
        timeout=running_service.START_SECONDS,
    )
    found = dict(np.load(out))
    assert str(found.pop("version")) == VERSION
    expected = old_sdk_session.calls(_Unmerged(client), base)
    assert found.keys() == expected.keys()
    assert sum(name.startswith("score_") for name in found) == 19
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values, err_msg=name)


class _Unmerged:
    """The newest client, which unlike the old one has strands merged unless told not to."""

    def __init__(self, client):
        self._client = client

    def __getattr__(self, name):
        call = getattr(self._client, name)
        if name.startswith("score_"):
            return functools.partial(call, merge_stranded_gene_tracks=False)
        return call
