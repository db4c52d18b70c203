"""A checkpoint of the release's size and layout comes through the command line, bit for bit.

Takes 6 GB of memory and of disk for some minutes: `pytest -m parity tests/parity/test_import.py`.
"""

import subprocess
import sys

import numpy as np
import pytest
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import OutputType

from predictor.home import REPOSITORY_ROOT
from predictor.model.config import ModelConfig
from predictor.tracks.output_types import OUTPUTS
from predictor.weights import checkpoint
from predictor.weights.haiku_names import array_names
from predictor.weights.load import weights_folder
from tests.release_files import PADDING, table, track, write_checkpoint, write_metadata

pytestmark = pytest.mark.parity

# README of the golden cases, section 1: crc32 of all arrays, combined with exclusive or.
FINGERPRINT = 0x4655B10A
PARAMETERS = 450_452_613
LIBRARIES = 1_000_000_000
"""Bytes that JAX, Orbax and the SDK take by themselves, and what is being written."""
IN_OWN_MEMORY = """
import sys
from pathlib import Path
from predictor.cli import main

code = main()
lines = Path("/proc/self/status").read_text().splitlines()
print(next(line for line in lines if line.startswith("VmHWM")), file=sys.stderr)
sys.exit(code)
"""
"""The command, and its largest memory. What the system tells of ended processes is no less than
what the one that started them had."""


@pytest.fixture
def official_folder(tmp_path, reference_weights, official_shapes):
    return write_checkpoint(
        tmp_path / "all-folds", reference_weights.reference_tree(official_shapes)
    )


@pytest.fixture
def full_metadata(tmp_path) -> None:
    """One real track per head, and padding up to the sizes of the release."""
    sizes = vars(ModelConfig.full().tracks)
    junctions = ('metadata { name: "tissue" }', 'metadata { name: "Padding" }')
    tracks = (track("assay", "UNSTRANDED"), PADDING)
    text = "".join(
        table(kind.name, first, *[padding] * (sizes[about.head] - 1), payload=payload)
        for kind, about in OUTPUTS.items()
        for payload in ["junctions" if kind is OutputType.SPLICE_JUNCTIONS else "tracks"]
        for first, padding in [junctions if payload == "junctions" else tracks]
    )
    write_metadata(tmp_path, dict.fromkeys(Organism, text))


@pytest.mark.usefixtures("full_metadata")
def test_an_official_checkpoint_arrives_with_every_byte_in_twice_its_size_of_memory(
    official_folder, reference_weights, tmp_path, monkeypatch
):
    monkeypatch.setenv("ALLELENS_HOME", str(tmp_path / "home"))
    # The metadata lies beside the checkpoint, under the release's names.
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            IN_OWN_MEMORY,
            "import-weights",
            "alphagenome",
            str(official_folder),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY_ROOT,
    )
    assert done.returncode == 0, done.stderr
    assert f"{PARAMETERS:,} parameters" in done.stdout
    peak = 1024 * int(done.stderr.splitlines()[-1].split()[1])
    assert peak < 2 * PARAMETERS * 4 + LIBRARIES

    loaded = checkpoint.load(weights_folder("alphagenome"))
    assert loaded.config == ModelConfig.full()
    assert loaded.card["digest"] == loaded.digest
    found = 0
    for name in array_names(loaded.config):
        array = loaded.state if name.is_state else loaded.params
        for key in name.ours:
            array = array[key]
        expected = reference_weights.reference_array(
            name.official, name.official_shape(array.shape)
        )
        assert np.array_equal(array, expected.reshape(array.shape)), name.official
        found ^= reference_weights.fingerprint(array)
    assert found == FINGERPRINT
