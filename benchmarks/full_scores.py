"""Scores and mutagenesis with the full-size network, in float32: one scorer, and all recommended.

    python -m benchmarks.full_scores --window 131072

Random weights (`benchmarks/network.py`) on the demo genome with its genes, as many tracks as the
released network has; the sites of junctions are the annotated ones. Three ways: two whole passes
for each variant, each substitution alone (REF again, then what the change can reach), and a window
whose REF is known. Needs 12 GB of memory and a quarter of an hour.
"""

import argparse
import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any
from unittest import mock

from alphagenome.data.genome import Interval
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import OutputType
from alphagenome.models.variant_scorers import VariantScorerTypes

from benchmarks.machine import about_this_machine
from benchmarks.network import random_weights
from benchmarks.scoring import snv
from benchmarks.table import Row, print_table
from benchmarks.timing import Seconds, in_turns, ratio
from benchmarks.whole_passes import naive
from predictor.engines.local import LocalModel
from predictor.engines.registry import open_engine
from predictor.interpretation.ism import IsmRun
from predictor.model.config import ModelConfig
from predictor.model.heads import CLASSIFICATION
from predictor.scoring.scorers import RECOMMENDED_VARIANT_SCORERS, recommended_variant_scorers
from predictor.simulator.genome import write_assembly
from predictor.tracks.output_types import OUTPUTS
from predictor.weights.checkpoint import LoadedWeights

RESULTS = Path(__file__).parent / "results" / "full_scores.json"
VARIANTS = 100
"""In one window, for which REF is computed once."""
_HUMAN = Organism.HOMO_SAPIENS
_FURTHER, _BASES = 3, 1
_FROM = 100_000
_STRANDED = {
    OutputType.CAGE,
    OutputType.PROCAP,
    OutputType.RNA_SEQ,
    OutputType.SPLICE_SITE_USAGE,
}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.full_scores",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--window", type=int, default=131_072, metavar="BP")
    parser.add_argument("--json", type=Path, default=RESULTS, help="file to write")
    options = parser.parse_args(arguments)
    about = about_this_machine()
    print(", ".join(f"{key} {value}" for key, value in about.items()))
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, ALLELENS_HOME=folder):
        write_assembly(Path(folder) / "genomes")
        model = model_of(ModelConfig.full())
        rows = [
            *measure(model, options.window, [RECOMMENDED_VARIANT_SCORERS["DNASE"]]),
            *measure(model, options.window, recommended_variant_scorers(_HUMAN)),
        ]
    print_table(f"Full network, {options.window:,} bp, float32", rows)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps({**about, "rows": [asdict(row) for row in rows]}, indent=2))
    print(f"Written to {options.json}")


def model_of(config: ModelConfig) -> LocalModel:
    """A network of these sizes with random weights, and what the demo engine knows of genomes."""
    demo = open_engine("demo")
    assert isinstance(demo, LocalModel), "the demo model is ours"
    data = demo.organism_data(_HUMAN)
    params, state = random_weights(config)
    classes = params["heads"][CLASSIFICATION]["linear"]
    classes["kernel"][:] = 0
    classes["bias"][:] = (0, 0, 0, 0, 9)
    tracks = {_HUMAN.name: {kind.name: _rows(config, kind) for kind in OUTPUTS}}
    del tracks[_HUMAN.name]["SPLICE_SITES"]  # The catalogue knows them.
    assert data.annotation is not None, "the demo genome has genes"
    return LocalModel(
        LoadedWeights(config, params, state, tracks, card={}, digest="random"),
        engine="full size",
        references={_HUMAN: data.reference},
        annotations={_HUMAN: data.annotation},
        polyadenylation_sites=(
            {} if data.polyadenylation_sites is None else {_HUMAN: data.polyadenylation_sites}
        ),
    )


def measure(model: LocalModel, width: int, scorers: Sequence[VariantScorerTypes]) -> list[Row]:
    """Rows of a window of `width` bp."""
    name = f"{len(scorers)} scorers" if len(scorers) > 1 else scorers[0].requested_output.name
    start = _FROM + width // 2
    window = Interval("demo1", _FROM, _FROM + width)
    genome = model.organism_data(_HUMAN).reference
    places = iter(range(start - width // 4, start + width // 4, 97))
    whole = naive(model)

    def alone() -> int:
        model.network.references.clear()
        return len([model.score_variant(window, snv(genome, start), scorers)])

    def further() -> int:
        variants = [snv(genome, next(places)) for _ in range(_FURTHER)]
        return len([model.score_variant(window, variant, scorers) for variant in variants])

    def mutagenesis() -> int:
        stretch = Interval(window.chromosome, first := next(places), first + _BASES)
        run = IsmRun(model, window, stretch, scorers)
        return sum(run.substitutions_in(part) for part in run.parts())

    def two_passes() -> int:
        model.network.references.clear()
        return len([whole.score_variant(window, snv(genome, start), scorers)])

    found = in_turns(
        {"naive": two_passes, "alone": alone, "further": further, "ism": mutagenesis}, 1
    )
    together = _together(found["alone"], found["further"])
    wall, processor = ratio(found["naive"], together)
    of_ism, of_ism_processor = ratio(found["alone"], found["ism"])
    aim = "at least 10 times"
    rows = [
        Row("two whole passes for each", found["naive"].wall, "s"),
        Row("each alone", found["alone"].wall, "s"),
        Row("further SNV of a known window", found["further"].wall, "s"),
        Row("substitution of a mutagenesis, REF known", found["ism"].wall, "s"),
        Row("further SNV against two passes", ratio(found["naive"], found["further"])[0], "times"),
        Row(f"{VARIANTS} SNVs of a window against two passes", wall, "times", aim),
        Row(f"{VARIANTS} SNVs against two passes, processor time", processor, "times", aim),
        Row("mutagenesis against each alone", of_ism, "times", aim),
        Row("mutagenesis against each alone, processor time", of_ism_processor, "times", aim),
    ]
    return [replace(row, name=f"{name}: {row.name}") for row in rows]


def _together(first: Seconds, further: Seconds) -> Seconds:
    """Of one of `VARIANTS` in a window: the first computes REF, the others find it."""
    return Seconds(
        *((a + (VARIANTS - 1) * b) / VARIANTS for a, b in zip(first, further, strict=True))
    )


def _rows(config: ModelConfig, kind: OutputType) -> list[dict[str, Any]]:
    tracks: int = getattr(config.tracks, OUTPUTS[kind].head)
    strands = "+-" if kind in _STRANDED else "."
    return [
        {"name": f"{kind.name} {n}", "strand": strands[n % len(strands)], "nonzero_mean": 1.0}
        for n in range(tracks)
    ]


if __name__ == "__main__":
    main()
