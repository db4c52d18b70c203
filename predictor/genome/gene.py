"""A gene and its transcripts."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from alphagenome.data.genome import Interval


@dataclass(frozen=True, slots=True)
class Transcript:
    """One transcript; spans are 0-based half-open pairs, ascending."""

    id: str
    start: int
    end: int
    exons: tuple[tuple[int, int], ...]
    cds: tuple[tuple[int, int], ...]

    @property
    def introns(self) -> tuple[tuple[int, int], ...]:
        """The gaps between neighbouring exons, 0-based half-open."""
        return tuple(
            (left[1], right[0])
            for left, right in itertools.pairwise(self.exons)
            if left[1] < right[0]
        )


@dataclass(frozen=True, slots=True)
class Gene:
    """One gene with its transcripts; 0-based half-open, `start` < `end` on both strands.

    Attributes:
      transcripts: in the order of the annotation; those of a stored gene are read when asked for.
      number: place of the gene in the annotation, from 0; scorers list genes in this order.
    """

    id: str
    name: str
    chromosome: str
    start: int
    end: int
    strand: str
    gene_type: str
    transcripts: Sequence[Transcript]
    number: int = 0

    @property
    def interval(self) -> Interval:
        """The body of the gene, with its strand."""
        return Interval(self.chromosome, self.start, self.end, self.strand, name=self.name)
