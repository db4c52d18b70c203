"""An engine at the show-case loci: what it predicts beside what is true.

Both go through the measures of `simulator.truth`, on the window of the truth, a whole slot, with
the pseudocount that scores of variants have.

Axes: N alleles.

Source: spec/demo_genome.md 7 and 9.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from alphagenome.data.genome import Variant
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import OutputType

from predictor.evaluation.demo_engine import DemoEngine
from predictor.evaluation.metrics import one_sided_rank_test
from predictor.evaluation.strata import Say, silently
from predictor.simulator import assembly
from predictor.simulator.chromosome import Chromosome, PlacedGene
from predictor.simulator.random_words import RandomWords
from predictor.simulator.showcase import CHROMOSOME, SHOWCASE, find
from predictor.simulator.showcase_entry import VARIANT, Expectation, Showcase, ShowcaseVariant
from predictor.simulator.track_table import JUNCTION_HEAD, OUTPUT_TYPE
from predictor.simulator.truth import Allele, Effect, alternate_window, measured

ORGANISM = Organism.HOMO_SAPIENS
# Junctions are no tracks; no expectation is about them.
_HEADS = tuple(head for head in OUTPUT_TYPE if head != JUNCTION_HEAD)

_PSEUDOCOUNT = 1.0
# "Unaffected cell types move by less than a fifth of the affected one."
_UNAFFECTED_SHARE = 0.2
_BACKGROUND_SHARE = 0.9
_SIGNIFICANT = 0.01
_STREAM = 5
_ALLELES_EACH = 8
_SILENT = Expectation(output_type=OutputType.DNASE, cell_types=("T",), direction=0)
_TAL1_RNA = Expectation(
    output_type=OutputType.RNA_SEQ, cell_types=("T",), direction=1, where="D-TAL1"
)
_RANKED_RNA = Expectation(
    output_type=OutputType.RNA_SEQ, cell_types=("HEP",), direction=-1, where="D-NEURO2"
)


@dataclasses.dataclass(frozen=True, eq=False)
class Slot:
    """One slot with the planned genes in its coordinates and both sides of its REF allele."""

    entry: Showcase
    chromosome: Chromosome
    genes: Mapping[str, PlacedGene]
    reference: Allele
    predicted: Mapping[str, Any]

    @classmethod
    def of(cls, entry: Showcase, chromosome: Chromosome, engine: DemoEngine) -> "Slot":
        """Reads, simulates and predicts REF."""
        codes = alternate_window(chromosome.codes, entry.interval, ())
        return cls(
            entry,
            chromosome,
            {
                gene.name: gene.moved(-entry.interval.start)
                for gene in chromosome.genes
                if gene.name in entry.genes
            },
            Allele.of(codes, ORGANISM),
            engine.arrays(codes, ORGANISM, _HEADS),
        )

    def effects(self, variant: Variant, engine: DemoEngine) -> "tuple[Effect, Effect]":
        """The true effect of a variant and the predicted one."""
        interval = self.entry.interval
        true = dataclasses.replace(
            Effect.of(self.chromosome.codes, interval, variant, ORGANISM, reference=self.reference),
            pseudocount=_PSEUDOCOUNT,
        )
        codes = alternate_window(self.chromosome.codes, interval, (variant,))
        alternate = engine.arrays(codes, ORGANISM, _HEADS)
        return true, true.with_arrays(self.predicted, alternate)

    def measured(
        self, effects: tuple[Effect, Effect], expected: Expectation
    ) -> tuple[dict[str, float], dict[str, float]]:
        """True and predicted effect by cell type."""
        true, predicted = (measured(effect, expected, self.genes) for effect in effects)
        return true, predicted


def slots(engine: DemoEngine) -> dict[str, Slot]:
    """Every slot by its slug."""
    chromosome = next(c for c in assembly.chromosomes(ORGANISM) if c.name == CHROMOSOME)
    return {entry.slug: Slot.of(entry, chromosome, engine) for entry in SHOWCASE}


def evaluate_showcase(engine: DemoEngine, *, seed: int, say: Say = silently) -> dict[str, Any]:
    """The show-case as a table.

    Args:
      engine: what is judged.
      seed: of the background alleles of D-TAL1.
      say: called with a line on every locus.

    Returns:
      "rows": one for each expectation of each variant, see `judge`; "enhancers": see
      `judge_enhancers`; "background": see `judge_background`.
    """
    places = slots(engine)
    rows: list[dict[str, Any]] = []
    drops: list[tuple[float, float]] = []
    for slot in places.values():
        for variant in slot.entry.variants:
            effects = slot.effects(variant.variant, engine)
            rows += [
                _row(slot, variant, expected, *slot.measured(effects, expected))
                for expected in variant.expected or (_SILENT,)
            ]
            if variant.name.startswith("d-neuro-enhancer"):
                true, predicted = slot.measured(effects, _RANKED_RNA)
                drops.append((true["HEP"], predicted["HEP"]))
        say(f"{slot.entry.slug}: {len(slot.entry.variants)} variants predicted")
    rows = _judge_silent(rows)
    background = judge_background(*_tal1_alleles(places["d-tal1"], engine, seed))
    say(f"d-tal1: {len(background['background'])} background alleles predicted")
    return {"rows": rows, "enhancers": judge_enhancers(drops), "background": background}


def _row(
    slot: Slot,
    variant: ShowcaseVariant,
    expected: Expectation,
    true: Mapping[str, float],
    predicted: Mapping[str, float],
) -> dict[str, Any]:
    return {
        "locus": slot.entry.slug,
        "locus_title": slot.entry.title,
        "variant": variant.name,
        "change": f"{variant.reference}>{variant.alternate}",
        "title": variant.title,
        "output_type": expected.output_type.name,
        "target": expected.target or "",
        "where": "" if expected.where == VARIANT else expected.where,
        "cell_types": list(expected.cell_types),
        "direction": expected.direction,
        "truth": _rounded(true),
        "predicted": _rounded(predicted),
        "passed": judge(expected, true, predicted),
    }


def judge(expected: Expectation, true: Mapping[str, float], predicted: Mapping[str, float]) -> bool:
    """True if the prediction does what is expected.

    In every stated cell type that has such a track it has the stated direction and at least a
    fifth of the true size: less counts as unaffected. In every other it moves by less than a fifth
    of the smallest of these. A modality without cell types has one value.
    """
    stated = [key for key in predicted if key in (expected.cell_types or ("",))]
    if not stated:
        return False
    for key in stated:
        follows = np.sign(predicted[key]) == expected.direction
        if not follows or abs(predicted[key]) < _UNAFFECTED_SHARE * abs(true[key]):
            return False
    limit = _UNAFFECTED_SHARE * min(abs(predicted[key]) for key in stated)
    return all(abs(value) < limit for key, value in predicted.items() if key not in stated)


def _judge_silent(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Variants that are to do nothing: less than a fifth of what the weakest of the locus does."""

    def size(row: Mapping[str, Any]) -> float:
        return abs(float(row["predicted"]["T"]))

    judged = []
    for row in rows:
        if row["direction"] == 0:
            working = [
                size(other)
                for other in rows
                if other["locus"] == row["locus"]
                and other["direction"] != 0
                and other["output_type"] == row["output_type"]
            ]
            row = {**row, "passed": bool(size(row) < _UNAFFECTED_SHARE * min(working))}
        judged.append(row)
    return judged


def judge_enhancers(drops: Sequence[tuple[float, float]]) -> dict[str, Any]:
    """The three enhancers of D-NEURO2, whose deletion matters the less the further they are.

    Args:
      drops: true and predicted log2 ratio of RNA-seq in HEP, nearest enhancer first.
    """
    true, predicted = (list(side) for side in zip(*drops, strict=True))
    return {
        "truth": [round(value, 4) for value in true],
        "predicted": [round(value, 4) for value in predicted],
        "passed": bool(predicted[0] < predicted[1] < predicted[2]),
    }


def _tal1_alleles(
    slot: Slot, engine: DemoEngine, seed: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Activating insertions and background alleles of the same lengths, with both scores."""
    activating = [variant.variant for variant in slot.entry.variants if variant.expected]
    activating = [variant for variant in activating if len(variant.reference_bases) == 1]
    return (
        [_allele(slot, variant, engine) for variant in activating],
        [_allele(slot, variant, engine) for variant in background_alleles(activating, seed)],
    )


def _allele(slot: Slot, variant: Variant, engine: DemoEngine) -> dict[str, Any]:
    true, predicted = slot.measured(slot.effects(variant, engine), _TAL1_RNA)
    return {
        "change": f"{variant.reference_bases}>{variant.alternate_bases}",
        "truth": round(true["T"], 4),
        "predicted": round(predicted["T"], 4),
    }


def background_alleles(activating: Sequence[Variant], seed: int) -> list[Variant]:
    """Random ALT alleles at the same base, as long as the activating ones, none of them twice."""
    random = RandomWords((seed, _STREAM))
    known = {variant.alternate_bases for variant in activating}
    found = []
    for variant in activating:
        for _ in range(_ALLELES_EACH):
            alternate = ""
            while not alternate or alternate in known or alternate == variant.reference_bases:
                alternate = "".join(random.choice("ACGT") for _ in variant.alternate_bases)
            known.add(alternate)
            found.append(
                Variant(variant.chromosome, variant.position, variant.reference_bases, alternate)
            )
    return found


def judge_background(
    activating: Sequence[Mapping[str, Any]], background: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Whether the activating insertions of D-TAL1 stand out among random alleles.

    Scores are log2 ratios of RNA-seq of D-TAL1 in T. A background allele may write a MYB site by
    chance; it counts like the others.

    Returns:
      "below": share of background alleles below the smallest activating one, as predicted; "p" of
      the one-sided rank test; "passed" if 90 % are below and p < 0.01; and all the scores.
    """
    strong = np.array([row["predicted"] for row in activating])
    weak = np.array([row["predicted"] for row in background])
    below = float(np.mean(weak < strong.min()))
    p = one_sided_rank_test(strong, weak)
    return {
        "locus": find("d-tal1").title,
        "below": round(below, 4),
        "p": float(f"{p:.3g}"),
        "passed": bool(below >= _BACKGROUND_SHARE and p < _SIGNIFICANT),
        "activating": [dict(row) for row in activating],
        "background": [dict(row) for row in background],
    }


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {key: round(value, 4) + 0.0 for key, value in values.items()}
