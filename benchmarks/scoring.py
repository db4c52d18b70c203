"""Variants per second with all recommended scorers on the demo model.

Three ways: each variant in a window of its own, a hundred SNVs in one window, and the naive way,
two whole passes of the network for each variant and the scorers on the whole tracks.
"""

import os
import tempfile
from pathlib import Path
from unittest import mock

from alphagenome.data.genome import Interval, Variant

from benchmarks.table import Row
from benchmarks.timing import in_turns, ratio
from benchmarks.whole_passes import naive
from predictor.engines.local import LocalModel
from predictor.engines.registry import open_engine
from predictor.genome.reference import Reference
from predictor.simulator.genome import write_assembly

WINDOW = 16_384
_ALONE, _TOGETHER, _NAIVE = 10, 100, 10
_ROUNDS = 3
_START = 100_000


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, ALLELENS_HOME=folder):
        genomes = Path(folder) / "genomes"
        write_assembly(genomes)
        engine = open_engine("demo")
        assert isinstance(engine, LocalModel), "the demo model is ours"
        return _measure(engine, Reference(genomes / "demoH1" / "genome.fa", assembly="demoH1"))


def _measure(engine: LocalModel, genome: Reference) -> list[Row]:
    place = Interval("demo1", _START, _START + WINDOW)
    # Over the middle half of the window, so that they lie in all kinds of places.
    step = WINDOW // 2 // _TOGETHER
    inside = [snv(genome, place.start + WINDOW // 4 + step * n) for n in range(_TOGETHER)]
    spread = [snv(genome, _START + 3_000 * n) for n in range(1, _ALONE + 1)]
    windows = [variant.reference_interval.resize(WINDOW) for variant in spread]
    whole = naive(engine)

    def together() -> int:
        engine.network.references.clear()
        return len(engine.score_variants(place, inside, progress_bar=False))

    def alone() -> int:
        engine.network.references.clear()
        return len(engine.score_variants(windows, spread, progress_bar=False))

    def two_passes() -> int:
        variants = inside[:: _TOGETHER // _NAIVE]
        return len([whole.score_variant(place, variant) for variant in variants])

    found = in_turns({"alone": alone, "together": together, "naive": two_passes}, _ROUNDS)
    wall, processor = ratio(found["naive"], found["together"])
    aim = "at least 3 times"
    return [
        Row("each in a window of its own", 1 / found["alone"].wall, "variants/s"),
        Row(f"{_TOGETHER} SNVs in one window", 1 / found["together"].wall, "variants/s"),
        Row("naive: two whole passes each", 1 / found["naive"].wall, "variants/s"),
        Row("one window against naive", wall, "times", aim),
        Row("one window against naive, processor time", processor, "times", aim),
    ]


def snv(genome: Reference, position: int) -> Variant:
    base = genome.sequence(Interval("demo1", position - 1, position))
    return Variant("demo1", position, base, "A" if base != "A" else "C")
