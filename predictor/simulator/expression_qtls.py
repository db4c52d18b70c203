"""A list of eQTLs: variants with an effect as a study would measure it, and with the true one.

Source: specification of the demo genome, section 7 ("eQTL list").
"""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
from alphagenome.data.genome import Variant

from predictor.simulator import elements, grammar
from predictor.simulator.chromosome import Chromosome
from predictor.simulator.expression_effect import Locus, loci
from predictor.simulator.proposals import (
    MARGIN,
    Change,
    distal_changes,
    promoter_changes,
    substitution,
)
from predictor.simulator.random_words import RandomWords

COUNT = 200
TRUTH_AGAINST_MEASURED = 0.9
"""Correlation of the truth with the measured effects: no model can be expected to exceed it."""

_WITH_EFFECT = 0.7
_SMALLEST_EFFECT = 0.05
_PER_LOCUS = 4
_TRIES = 20


@dataclasses.dataclass(frozen=True, kw_only=True)
class ExpressionQtl:
    """One variant and one gene in one cell type.

    Attributes:
      variant: 1-based on the assembly.
      locus: the gene and the window of the truth.
      cell_type: of the measurement.
      measured: truth plus noise.
      true_ln_expression: ln T of ALT over REF.
      cause: what the variant does, in words.
    """

    variant: Variant
    locus: Locus
    cell_type: grammar.CellType
    measured: float
    true_ln_expression: float
    cause: str


def expression_qtls(
    made: Sequence[Chromosome], random: RandomWords, count: int = COUNT
) -> list[ExpressionQtl]:
    """Draws eQTLs at genes of the chromosomes.

    Seven in ten break or make a site of an enhancer or of the promoter and have a true effect
    of at least 0.05; the others are SNVs that hit anywhere. Ordered by place.
    """
    found: list[ExpressionQtl] = []
    for locus in loci(made, random):
        found += _at_locus(locus, random)
        if len(found) >= count:
            break
    truths = np.array([entry.true_ln_expression for entry in found[:count]])
    noise = float(truths.std()) * float(np.sqrt(1 / TRUTH_AGAINST_MEASURED**2 - 1))
    measured = [
        dataclasses.replace(entry, measured=entry.true_ln_expression + noise * random.bell())
        for entry in found[:count]
    ]
    return sorted(measured, key=lambda entry: (entry.variant.chromosome, entry.variant.position))


def _at_locus(locus: Locus, random: RandomWords) -> Iterator[ExpressionQtl]:
    cells = locus.window.world.rules.cell_types
    cell = random.choice(cells)
    functional = [
        *distal_changes(locus.window, locus.read, cell, random),
        *promoter_changes(locus.window, locus.read, random),
    ]
    # As many gains as losses: left alone, the large effects are promoters broken.
    signs = [random.choice((-1, 1)) for _ in range(_PER_LOCUS) if random.chance(_WITH_EFFECT)]
    for _ in range(_PER_LOCUS - len(signs)):
        place = random.integer(MARGIN, locus.window.world.length - MARGIN - 1)
        change = substitution(locus.window, place, "ACGT", random)
        yield _qtl(locus, cell, change, "SNV that hits anywhere")
    for index in elements.random_order(len(functional), random)[:_TRIES]:
        if not signs:
            return
        entry = _qtl(locus, cell, *functional[index])
        sign = 1 if entry.true_ln_expression > 0 else -1
        if abs(entry.true_ln_expression) >= _SMALLEST_EFFECT and sign in signs:
            signs.remove(sign)
            yield entry


def _qtl(locus: Locus, cell: grammar.CellType, change: Change, cause: str) -> ExpressionQtl:
    variant = locus.variant(change, "")
    effect = locus.ln_expression(variant)[cell.key]
    return ExpressionQtl(
        variant=variant,
        locus=locus,
        cell_type=cell,
        measured=effect,
        true_ln_expression=effect,
        cause=cause,
    )
