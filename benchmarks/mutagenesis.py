"""Substitutions per second of in-silico mutagenesis on the demo model.

Against two other ways: each substitution scored alone, by a `score_variant` of its own that
predicts REF again, with all that this saves within a variant; and two whole passes of the network
for each, with the scorers on the whole tracks.
"""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from unittest import mock

from alphagenome.data.genome import Interval
from alphagenome.interpretation.ism import ism_variants
from alphagenome.models.dna_model import Organism
from alphagenome.models.variant_scorers import VariantScorerTypes

from benchmarks.table import Row
from benchmarks.timing import in_turns, ratio
from benchmarks.whole_passes import naive
from predictor.engines.local import LocalModel
from predictor.engines.registry import open_engine
from predictor.interpretation.ism import IsmRun
from predictor.scoring.scorers import RECOMMENDED_VARIANT_SCORERS, recommended_variant_scorers
from predictor.simulator import showcase
from predictor.simulator.genome import write_assembly

WINDOW = 16_384
_HUMAN = Organism.HOMO_SAPIENS
_BASES, _OTHERS = 24, 12
_ROUNDS = 3


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
    variants = ism_variants(stretch, reference.sequence(stretch))[:_OTHERS]
    whole = naive(model)

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
        return len([whole.score_variant(window, variant, scorers) for variant in variants])

    found = in_turns({"ism": together, "alone": separate, "naive": two_passes}, _ROUNDS)
    wall, processor = ratio(found["alone"], found["ism"])
    unit, aim = "substitutions/s", "at least 3 times"
    return [
        Row(f"{name}: as mutagenesis", 1 / found["ism"].wall, unit),
        Row(f"{name}: each alone", 1 / found["alone"].wall, unit),
        Row(f"{name}: two whole passes each", 1 / found["naive"].wall, unit),
        Row(f"{name}: against each alone", wall, "times", aim),
        Row(f"{name}: against each alone, processor time", processor, "times", aim),
        Row(f"{name}: against two passes", ratio(found["naive"], found["ism"])[0], "times"),
    ]
