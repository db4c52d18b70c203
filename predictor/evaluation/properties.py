"""What any model of DNA should do whatever its quality: symmetries, and answers that repeat.

A trained network has the symmetries only nearly, so each has a stated tolerance.

Axes: S positions, T tracks.

Source: spec/demo_genome.md 9, point 5.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from alphagenome.data.genome import Interval
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import OutputType

from predictor.evaluation.demo_engine import DemoEngine
from predictor.evaluation.metrics import pearson
from predictor.evaluation.showcase import ORGANISM, Slot, slots
from predictor.evaluation.strata import Say, silently
from predictor.simulator import assembly, grammar
from predictor.simulator.track_table import JUNCTION_HEAD, OUTPUT_TYPE, RESOLUTION
from predictor.simulator.truth import Effect, alternate_window
from predictor.simulator.variant_scores import by_head

WINDOW = 32_768
SHIFT = 2_048
MARGIN = 8_192
"""Bases at either end of the overlap whose context is cut in one window and not in the other."""

_SIMILAR = 0.95
_EQUAL = 1e-3
_HEADS = tuple(head for head in OUTPUT_TYPE if head != JUNCTION_HEAD)
_SCORED = (
    OutputType.DNASE, OutputType.CHIP_TF, OutputType.CHIP_HISTONE, OutputType.RNA_SEQ,
    OutputType.SPLICE_SITE_USAGE, OutputType.CONTACT_MAPS,
)  # fmt: skip


def evaluate_properties(engine: DemoEngine, *, say: Say = silently) -> list[dict[str, Any]]:
    """Judges every property.

    Returns:
      Rows with "property", "measure" in words, "measured", "relation" (">=" or "<=") to the
      "tolerance", and "passed".
    """
    chromosome = assembly.chromosomes(ORGANISM)[0]
    interval = Interval(chromosome.name, WINDOW, 2 * WINDOW)
    forward = _predicted(engine, chromosome.codes, interval)
    mirrored, shifted = (
        interval.copy(),
        Interval(chromosome.name, interval.start + SHIFT, interval.end + SHIFT),
    )
    mirrored.strand = "-"
    mirror = _similarities(forward, _predicted(engine, chromosome.codes, mirrored))
    shift = _shift_similarities(forward, _predicted(engine, chromosome.codes, shifted))
    rows = [
        _at_least("The reverse complement gives mirrored tracks", "over all bases", mirror),
        _at_least(
            f"A window shifted by {SHIFT:,} bp gives moved tracks",
            f"{MARGIN:,} bp and more from either end",
            shift,
        ),
    ]
    say("symmetries measured")
    rows += _of_variants(engine, slots(engine))
    say("repeated answers measured")
    return rows


def _predicted(
    engine: DemoEngine, chromosome: np.ndarray, interval: Interval
) -> dict[str, np.ndarray]:
    codes = chromosome[interval.start : interval.end]
    if interval.negative_strand:
        codes = grammar.reverse_complement(codes)
    return by_head(engine.output(codes, Organism.HOMO_SAPIENS, _HEADS, interval=interval))


def _similarities(
    one: Mapping[str, np.ndarray], other: Mapping[str, np.ndarray]
) -> dict[str, float]:
    return {head: pearson(one[head].ravel(), other[head].ravel()) for head in _HEADS}


def _shift_similarities(
    one: Mapping[str, np.ndarray], other: Mapping[str, np.ndarray]
) -> dict[str, float]:
    length = WINDOW - SHIFT - 2 * MARGIN
    sides = [
        {head: _cut(side[head], head, start, start + length) for head in _HEADS}
        for side, start in ((one, SHIFT + MARGIN), (other, MARGIN))
    ]
    return _similarities(*sides)


def _cut(values: np.ndarray, head: str, start: int, end: int) -> np.ndarray:
    bins = slice(start // RESOLUTION[head], end // RESOLUTION[head])
    return values[bins, bins] if head == "contact_maps" else values[bins]


def _of_variants(engine: DemoEngine, places: Mapping[str, Slot]) -> list[dict[str, Any]]:
    """REF against REF, exchanged alleles, and pairs beside single predictions."""
    silence, swap, batch = 0.0, 0.0, 0.0
    for slot in places.values():
        variant = next(v.variant for v in slot.entry.variants if v.expected)
        _, effect = slot.effects(variant, engine)
        again = engine.arrays(
            alternate_window(slot.chromosome.codes, slot.entry.interval, ()), ORGANISM, _HEADS
        )
        same = effect.with_arrays(slot.predicted, again)
        silence = max(silence, *map(abs, _scores(same)))
        forward = _scores(effect)
        if variant.is_snv:
            swapped = _scores(effect.with_arrays(effect.alternate.arrays, again))
            swap = max(swap, *(abs(a + b) for a, b in zip(forward, swapped, strict=True)))
        pair = engine.model.predict_variant(
            slot.entry.interval,
            variant,
            organism=ORGANISM,
            requested_outputs=[OUTPUT_TYPE[head] for head in _HEADS],
            ontology_terms=None,
        )
        together = _scores(effect.with_arrays(by_head(pair.reference), by_head(pair.alternate)))
        batch = max(batch, *(abs(a - b) for a, b in zip(forward, together, strict=True)))
    return [
        _at_most("REF scored against REF gives 0", "largest absolute score", silence, 0.0),
        _at_most(
            "Exchanging REF and ALT of an SNV flips the sign of its scores",
            "largest absolute sum of both scores",
            swap,
            1e-6,
        ),
        _at_most(
            "The size of a batch and the order of questions leave scores as they are",
            "largest absolute difference",
            batch,
            _EQUAL,
        ),
    ]


def _scores(effect: Effect) -> list[float]:
    return [float(value) for kind in _SCORED for value in effect.at_variant(kind)]


def _at_least(name: str, where: str, similarities: Mapping[str, float]) -> dict[str, Any]:
    """The verdict on the output type that has the symmetry least."""
    worst = min(similarities, key=lambda head: similarities[head])
    measured = similarities[worst]
    return {
        "property": name,
        "measure": f"r of the least similar output type, {OUTPUT_TYPE[worst].name}, {where}",
        "measured": round(measured, 4),
        "relation": ">=",
        "tolerance": _SIMILAR,
        "passed": bool(measured >= _SIMILAR),
    }


def _at_most(name: str, measure: str, measured: float, tolerance: float) -> dict[str, Any]:
    return {
        "property": name,
        "measure": measure,
        "measured": float(f"{measured:.3g}"),
        "relation": "<=",
        "tolerance": tolerance,
        "passed": bool(measured <= tolerance),
    }
