"""Genes laid out by hand, for the show-case loci: every length and strength is given.

Offsets are as read, with 0 at the start site.
"""

import dataclasses
from collections.abc import Sequence

from predictor.simulator import elements
from predictor.simulator.elements import Piece
from predictor.simulator.gene_plan import GenePlan
from predictor.simulator.random_words import RandomWords
from predictor.simulator.transcript import CLEAVAGE_BEHIND_HEXAMER

STRONG = "CAGGTAAGT"


@dataclasses.dataclass(frozen=True, kw_only=True)
class ExonDesign:
    """One exon and the intron before it.

    Attributes:
      intron: length of the intron before the exon; 0 for the first exon.
      length: of the exon; for the last exon up to its first polyA site.
      donor: 9-mer at its end; ignored for the last exon.
      pyrimidines: in the tract of its acceptor.
      extras: further pieces, counted from its first base.
    """

    intron: int
    length: int
    donor: str = STRONG
    pyrimidines: int = 11
    extras: tuple[Piece, ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class GeneDesign:
    """A gene laid out by hand.

    Attributes:
      exons: first exon, internal exons, last exon.
      polya: distance from the last acceptor and hexamer of each polyA site.
      sp1: number of SP1 sites.
      tata_upstream: first base of TATA, counted upstream from the start site.
    """

    exons: tuple[ExonDesign, ...]
    polya: tuple[tuple[int, str], ...]
    sp1: int = 3
    tata_upstream: int = 33

    def exon_starts(self) -> list[int]:
        """First base of each exon."""
        starts, position = [], 0
        for exon in self.exons:
            position += exon.intron
            starts.append(position)
            position += exon.length
        return starts

    def plan(self, random: RandomWords) -> GenePlan:
        """The gene with the bases that the design leaves open drawn at random."""
        starts = self.exon_starts()
        pieces = elements.promoter(random, sp1=self.sp1, tata_upstream=self.tata_upstream)
        for number, (exon, start) in enumerate(zip(self.exons, starts, strict=True)):
            if number:
                pieces += elements.acceptor(start, random, pyrimidines=exon.pyrimidines)
            if number < len(self.exons) - 1:
                pieces.append(elements.donor(start + exon.length - 1, exon.donor))
            pieces += [Piece(start + extra.offset, extra.letters) for extra in exon.extras]
        hexamers = [
            elements.polya(starts[-1] + distance, hexamer, random)
            for distance, hexamer in self.polya
        ]
        polya = tuple(piece.offset for piece in hexamers)
        ends = [start + exon.length for exon, start in zip(self.exons, starts, strict=True)]
        ends[-1] = polya[-1] + CLEAVAGE_BEHIND_HEXAMER
        exons = tuple((start, end - 1) for start, end in zip(starts, ends, strict=True))
        return GenePlan(exons, polya, (*pieces, *hexamers))


def simple_gene(
    *internal: ExonDesign, polya: Sequence[tuple[int, str]] = ((360, "AATAAA"),)
) -> GeneDesign:
    """A gene with a 150-bp first exon, the given internal exons and one ordinary last exon."""
    return GeneDesign(
        exons=(
            ExonDesign(intron=0, length=150),
            *internal,
            ExonDesign(intron=420, length=polya[0][0]),
        ),
        polya=tuple(polya),
    )
