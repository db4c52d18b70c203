"""A window as the draws of variants see it: its sites, and its genes as they are read.

All positions are plus-strand positions of the window, 0-based half-open.

Axes: S positions, N sites.
"""

import dataclasses
import functools
from collections.abc import Iterator

import numpy as np
from alphagenome.models.dna_model import Organism
from jaxtyping import UInt8

from predictor.simulator import grammar
from predictor.simulator.occupancy import MotifScanner
from predictor.simulator.track_table import TRACKS
from predictor.simulator.transcript import CLEAVAGE_BEHIND_HEXAMER, Exon, Transcript
from predictor.simulator.world import Expressed, World, read_world

Span = tuple[int, int]


@dataclasses.dataclass(frozen=True)
class Site:
    """A match of a motif.

    Attributes:
      start: first base.
      consensus: of the match on the plus strand: reversed where the site reads backwards.
    """

    start: int
    consensus: str

    @property
    def end(self) -> int:
        """One past the last base."""
        return self.start + len(self.consensus)

    @property
    def middle(self) -> int:
        """The middle base; of an even length the left one."""
        return self.start + (len(self.consensus) - 1) // 2


@dataclasses.dataclass(frozen=True)
class ReadGene:
    """A transcript on the plus-strand axis.

    Attributes:
      strand: "+" or "-".
      start_site: position of the start site.
      exons: spans in order of reading, each up to its strongest donor.
      complete: it ends at a polyA site that leaves almost nothing, inside the window.
      transcript: as read, in coordinates of its own strand.
      length: of the window.
    """

    strand: str
    start_site: int
    exons: tuple[Span, ...]
    complete: bool
    transcript: Transcript
    length: int

    def place(self, position: int) -> int:
        """Plus-strand position of a position as read."""
        return position if self.strand == "+" else self.length - 1 - position

    def span(self, start: int, end: int) -> Span:
        """Plus-strand span of a span as read."""
        return (start, end) if self.strand == "+" else (self.length - end, self.length - start)


@dataclasses.dataclass(frozen=True)
class WindowReading:
    """One window, read once.

    Attributes:
      name: what the window is called where it stands for a chromosome.
      codes: its bases.
      organism: whose rules apply.
      world: hidden quantities and transcripts.
    """

    name: str
    codes: UInt8[np.ndarray, " S"]
    organism: Organism
    world: World

    @classmethod
    def of(cls, name: str, codes: UInt8[np.ndarray, " S"], organism: Organism) -> "WindowReading":
        """Reads a window."""
        return cls(name, codes, organism, read_world(codes, organism))

    @functools.cached_property
    def scanner(self) -> MotifScanner:
        """For matches of motifs."""
        return MotifScanner(self.codes)

    @functools.cached_property
    def genes(self) -> tuple[ReadGene, ...]:
        """Every transcript that is read."""
        return tuple(_gene(expressed, self.world.length) for expressed in self.world.transcripts)

    def sites(self, consensus: str, *, mismatches: int = 0) -> list[Site]:
        """Matches of either orientation with exactly so many mismatches."""
        both = dict.fromkeys((consensus, grammar.reverse_complement_consensus(consensus)))
        return [
            Site(int(start), oriented)
            for oriented in both
            for start in np.flatnonzero(self.scanner.mismatches(oriented) == mismatches)
        ]

    def letters(self, start: int, end: int) -> str:
        """The bases of a span."""
        return grammar.decode(self.codes[start:end])

    def rows(self, head: str, **wanted: str) -> list[int]:
        """Rows of a head whose track has the given cell type, strand or target."""
        return [
            index
            for index, track in enumerate(TRACKS[self.organism][head])
            if all(getattr(track, name) == value for name, value in wanted.items())
        ]

    def rna_rows(self, strand: str) -> list[int]:
        """Rows of RNA_SEQ in which a gene of a strand shows."""
        return [row for s in (strand, ".") for row in self.rows("rna_seq", strand=s)]


def _gene(expressed: Expressed, length: int) -> ReadGene:
    transcript = expressed.transcript
    place = transcript.start if expressed.strand == "+" else length - 1 - transcript.start
    gene = ReadGene(expressed.strand, place, (), _is_complete(transcript), transcript, length)
    spans = tuple(gene.span(*span) for span in exon_spans(transcript))
    return dataclasses.replace(gene, exons=spans)


def exon_spans(transcript: Transcript) -> Iterator[Span]:
    """Spans of the exons as read, each up to its strongest donor."""
    for exon in transcript.exons:
        yield exon.start, (main_donor(exon) + 1 if exon.donors else _end(transcript))


def main_donor(exon: Exon) -> int:
    """Last base of an exon, as read, at the donor that most transcripts use."""
    return max(exon.donors, key=lambda donor: donor[1])[0]


def _end(transcript: Transcript) -> int:
    """One past the cleavage at the last polyA site."""
    if not transcript.polya:
        return transcript.end
    return min(transcript.end, transcript.last_polya + CLEAVAGE_BEHIND_HEXAMER)


def _is_complete(transcript: Transcript) -> bool:
    return transcript.cleaved > 0.9
