"""Substitutions per second of in-silico mutagenesis on the demo model.

Against two other ways: each substitution scored as a variant of its own, nothing kept between
them; and two whole passes of the network for each, without even scoring.
"""

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from unittest import mock

from alphagenome.data.genome import Interval
from alphagenome.interpretation.ism import ism_variants
from alphagenome.models.dna_model import Organism
from alphagenome.models.variant_scorers import VariantScorerTypes

from benchmarks.table import Row
from predictor.engines.local import LocalModel
from predictor.engines.registry import open_engine
from predictor.interpretation.ism import IsmRun
from predictor.scoring.scorers import RECOMMENDED_VARIANT_SCORERS, recommended_variant_scorers
from predictor.scoring.variant_scores import required_outputs
from predictor.simulator import showcase
from predictor.simulator.genome import write_assembly

WINDOW = 16_384
_HUMAN = Organism.HOMO_SAPIENS
_BASES, _OTHERS = 24, 12


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, ALLELENS_HOME=folder):
        write_assembly(Path(folder) / "genomes")
        model = open_engine("demo")
        assert isinstance(model, LocalModel), "the demo model is ours"
        everything = recommended_variant_scorers(_HUMAN)
        return [
            *_rows(model, "DNASE", [RECOMMENDED_VARIANT_SCORERS["DNASE"]]),
            *_rows(model, f"{len(everything)} scorers", everything),
        ]


def _rows(model: LocalModel, name: str, scorers: Sequence[VariantScorerTypes]) -> list[Row]:
    start = showcase.find("d-tal1").variants[0].variant.start
    window = Interval(showcase.CHROMOSOME, start - WINDOW // 2, start + WINDOW // 2)
    stretch = Interval(window.chromosome, start - _BASES // 2, start + _BASES // 2)
    reference = model.organism_data(_HUMAN).reference
    whole = reference.sequence(window)
    variants = ism_variants(stretch, reference.sequence(stretch))[:_OTHERS]
    kinds = list(required_outputs(scorers))

    def together() -> int:
        model.network.references.clear()
        run = IsmRun(model, window, stretch, scorers)
        return sum(run.substitutions_in(part) for part in run.parts())

    def separate() -> int:
        for variant in variants:
            model.network.references.clear()
            model.score_variant(window, variant, scorers)
        return len(variants)

    def two_passes() -> int:
        for variant in variants:
            place = variant.start - window.start
            mutated = whole[:place] + variant.alternate_bases + whole[place + 1 :]
            for sequence in (whole, mutated):
                model.network.references.clear()
                model.predict_sequence(sequence, requested_outputs=kinds, ontology_terms=None)
        return len(variants)

    rates = [_rate(way) for way in (together, separate, two_passes)]
    return [
        Row(f"{name}: as mutagenesis", rates[0], "substitutions/s"),
        Row(f"{name}: each as a variant", rates[1], "substitutions/s"),
        Row(f"{name}: two whole passes each", rates[2], "substitutions/s"),
        Row(f"{name}: against each as a variant", rates[0] / rates[1], "times", "at least 3 times"),
        Row(f"{name}: against two passes", rates[0] / rates[2], "times"),
    ]


def _rate(way: Callable[[], int]) -> float:
    way()  # compiles
    begin = time.perf_counter()
    return way() / (time.perf_counter() - begin)
