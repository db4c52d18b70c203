"""Where installed data lives: genomes, weights, compiled functions, results."""

import os
from pathlib import Path

REPOSITORY_ROOT = Path(__file__).resolve().parents[1]


def home() -> Path:
    """The data folder: environment variable `ALLELENS_HOME`, or `var` beside the package.

    The folder is not created here. Below it: `genomes/<assembly>/`, `weights/<engine>/`,
    `xla-cache/`.
    """
    configured = os.environ.get("ALLELENS_HOME")
    return Path(configured).expanduser().resolve() if configured else REPOSITORY_ROOT / "var"


def genome_folder(assembly: str) -> Path:
    """The folder of an assembly: `genome.fa`, `genome.fa.fai`, `genes.feather` or `genes.gtf`."""
    return home() / "genomes" / assembly
