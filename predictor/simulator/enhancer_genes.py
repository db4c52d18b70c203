"""Enhancer-gene pairs: which element works on which gene, known from knock-outs.

Source: specification of the demo genome, section 7 ("Enhancer-gene pairs").
"""

import dataclasses
import math
from collections.abc import Iterator, Sequence

import numpy as np
from alphagenome.data.genome import Interval, Variant

from predictor.simulator import elements, grammar
from predictor.simulator.chromosome import Chromosome
from predictor.simulator.expression_effect import Locus, loci
from predictor.simulator.proposals import Change, inside
from predictor.simulator.random_words import RandomWords

COUNT = 100
POSITIVE_FALL = 0.2
"""A pair is positive if T falls by more than this share."""

_OPEN = 0.3
_FLANK = 25
_FARTHEST = 12_000
_PROMOTER = 250
_POSITIVES = 0.4
_PER_LOCUS = 4


@dataclasses.dataclass(frozen=True, kw_only=True)
class EnhancerGenePair:
    """An element and a gene in one cell type.

    Attributes:
      locus: the gene and the window of the truth.
      cell_type: in which the element is open.
      element: 0-based half-open; what the knock-out deletes.
      knock_out: the deletion, with an anchor base.
      true_change: T without the element over T with it, less 1.
    """

    locus: Locus
    cell_type: grammar.CellType
    element: Interval
    knock_out: Variant
    true_change: float

    @property
    def is_positive(self) -> bool:
        """Whether the element works on the gene."""
        return self.true_change < -POSITIVE_FALL

    @property
    def distance(self) -> int:
        """From the start site to the middle of the element, in bp."""
        middle = int(self.element.start + self.element.end) // 2
        return abs(middle - self.locus.gene.start_site)


def enhancer_gene_pairs(
    made: Sequence[Chromosome], random: RandomWords, count: int = COUNT
) -> list[EnhancerGenePair]:
    """Draws elements within 12 kb of genes of the chromosomes; two in five work on the gene.

    Ordered by place of the gene.
    """
    positives, negatives = round(count * _POSITIVES), count - round(count * _POSITIVES)
    found: dict[bool, list[EnhancerGenePair]] = {True: [], False: []}
    for locus in loci(made, random):
        for pair in _pairs(locus, random):
            found[pair.is_positive].append(pair)
        if len(found[True]) >= positives and len(found[False]) >= negatives:
            break
    return sorted(
        found[True][:positives] + found[False][:negatives],
        key=lambda pair: (str(pair.locus.interval), pair.element.start, pair.cell_type.key),
    )


def _pairs(locus: Locus, random: RandomWords) -> Iterator[EnhancerGenePair]:
    tried = [
        (cell, span)
        for cell in locus.window.world.rules.cell_types
        for span in _elements(locus, cell)
    ]
    for index in elements.random_order(len(tried), random)[:_PER_LOCUS]:
        cell, (start, end) = tried[index]
        letters = locus.window.letters(start - 1, end)
        knock_out = locus.variant(Change(start - 1, letters, letters[0]), "")
        first = locus.interval.start
        yield EnhancerGenePair(
            locus=locus,
            cell_type=cell,
            element=Interval(locus.interval.chromosome, first + start, first + end),
            knock_out=knock_out,
            true_change=math.expm1(locus.ln_expression(knock_out)[cell.key]),
        )


def _elements(locus: Locus, cell: grammar.CellType) -> Iterator[tuple[int, int]]:
    """Stretches of the window that are open (and 25 bp more), no promoter, and near the gene."""
    world = locus.window.world
    opened = world.hidden.accessibility[world.row(cell.key)] > _OPEN
    edges = np.flatnonzero(np.diff(np.r_[False, opened, False].astype(np.int8))).tolist()
    starts = np.concatenate([each.positions for each in world.hidden.starts])
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        start, end = first - _FLANK, last + _FLANK
        middle = (start + end) // 2
        near = abs(middle - locus.read.start_site) <= _FARTHEST
        apart = bool(np.all((starts < start - _PROMOTER) | (starts > end + _PROMOTER)))
        if near and apart and inside(locus.window, start, end):
            yield start, end
