"""A data folder with the demo genome and weights, for tests that run the engine.

Uses the shipped weights. Where there are none (before the first training), it makes weights of
the same network at random: the engine is real, only its predictions mean nothing.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

_RANDOM_WEIGHTS = """
import sys
import jax
from pathlib import Path
from predictor.model import functional
from predictor.model.config import ModelConfig
from predictor.training.data import Scaling
from predictor.training.track_rows import track_rows
from predictor.weights import checkpoint

config = ModelConfig.demo()
params, state = functional.init(config, jax.random.key(0))
checkpoint.save(
    Path(sys.argv[1]), config=config, params=params, state=state,
    tracks=track_rows(Scaling(means={}, masks={})),
    card={"note": "random weights, for tests only"},
)
"""


def prepare(folder: Path) -> None:
    """Installs the demo engine in a data folder; done in other processes, because of JAX."""
    genomes = folder / "genomes"
    if not (genomes / "demoH1" / "genome.fa.fai").exists():
        genomes.mkdir(parents=True, exist_ok=True)
        _run(
            "from predictor.simulator.genome import write_assembly; import pathlib, sys; "
            "write_assembly(pathlib.Path(sys.argv[1]))",
            str(genomes),
        )
    shipped = ROOT / "predictor" / "weights" / "demo"
    if not shipped.is_dir() and not (folder / "weights" / "demo").is_dir():
        _run(_RANDOM_WEIGHTS, str(folder / "weights" / "demo"))


def _run(program: str, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"The demo engine could not be installed:\n{done.stderr}")
