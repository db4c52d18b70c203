"""How fast the simulator reads windows: CPU time of one core, so that neighbours do not matter."""

import time

from alphagenome.models.dna_model import Organism

from benchmarks.table import Row
from predictor.simulator import genome, readouts

WINDOW = 32_768
_WINDOWS, _ROUNDS = 6, 4


def measure() -> list[Row]:
    """Rows for the table of all benchmarks."""
    return [
        Row(
            f"windows of {WINDOW:,} bp, all eleven readouts, {organism.name}",
            _rate(organism),
            "per second and core",
            "at least 20",
        )
        for organism in Organism
    ]


def _rate(organism: Organism) -> float:
    windows = [genome.generate_window([77, seed], WINDOW, organism) for seed in range(_WINDOWS)]
    # The first one fills the tables of Gaussians.
    readouts.simulate_arrays(windows[0], organism)
    started = time.process_time()
    for _ in range(_ROUNDS):
        for codes in windows:
            readouts.simulate_arrays(codes, organism)
    return _ROUNDS * _WINDOWS / (time.process_time() - started)
