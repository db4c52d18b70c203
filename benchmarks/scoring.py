"""Variants per second with all recommended scorers on the demo model.

Three ways: each variant in a window of its own, a hundred SNVs in one window, and the naive way,
two full passes of the network for each variant (without even scoring them).
"""

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from unittest import mock

from alphagenome.data.genome import Interval, Variant
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import OutputType

from benchmarks.table import Row
from predictor.engines.local import LocalModel
from predictor.engines.registry import open_engine
from predictor.genome.reference import Reference
from predictor.scoring.scorers import recommended_variant_scorers
from predictor.scoring.variant_scores import required_outputs
from predictor.simulator.genome import write_assembly

WINDOW = 16_384
_HUMAN = Organism.HOMO_SAPIENS
_ALONE, _TOGETHER, _NAIVE = 10, 100, 10
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
    inside = [_snv(genome, place.start + WINDOW // 4 + step * n) for n in range(_TOGETHER)]
    spread = [_snv(genome, _START + 3_000 * n) for n in range(1, _ALONE + 1)]
    windows = [variant.reference_interval.resize(WINDOW) for variant in spread]
    # Compiles, for all the shapes that follow.
    engine.score_variants(windows, spread, progress_bar=False)
    engine.score_variants(place, inside[::5], progress_bar=False)

    def together() -> None:
        engine.network.references.clear()
        engine.score_variants(place, inside, progress_bar=False)

    def alone() -> None:
        engine.network.references.clear()
        engine.score_variants(windows, spread, progress_bar=False)

    naive = _rate(lambda: _two_full_passes(engine, genome, place, inside[:_NAIVE]), _NAIVE)
    together_rate = _rate(together, _TOGETHER)
    return [
        Row("each in a window of its own", _rate(alone, _ALONE), "variants/s"),
        Row(f"{_TOGETHER} SNVs in one window", together_rate, "variants/s"),
        Row("naive: two full passes each", naive, "variants/s"),
        Row("one window against naive", together_rate / naive, "times", "at least 3 times"),
    ]


def _two_full_passes(
    engine: LocalModel, genome: Reference, place: Interval, variants: Sequence[Variant]
) -> None:
    kinds: list[OutputType] = list(required_outputs(recommended_variant_scorers(_HUMAN)))
    for variant in variants:
        engine.network.references.clear()
        engine.predict_variant(
            place, variant, organism=_HUMAN, requested_outputs=kinds, ontology_terms=None
        )


def _rate(run: Callable[[], None], variants: int) -> float:
    begin = time.perf_counter()
    run()
    return variants / (time.perf_counter() - begin)


def _snv(genome: Reference, position: int) -> Variant:
    base = genome.sequence(Interval("demo1", position - 1, position))
    return Variant("demo1", position, base, "A" if base != "A" else "C")
