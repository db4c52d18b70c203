"""Building blocks that the generator writes into a background: sites, splice sites, promoters.

A `Piece` is a short sequence at an offset, as read on the strand of what it belongs to;
`Canvas` writes pieces into a window and remembers which bases are taken.

Axes: S positions, L bases of a piece.
Source: specification of the demo genome, sections 2 and 3.
"""

import dataclasses
from collections.abc import Iterable

import numpy as np
from jaxtyping import Bool, UInt8

from predictor.simulator import grammar
from predictor.simulator.random_words import RandomWords

STRONG_DONORS = ("CAGGTAAGT", "CAGGTGAGT", "AAGGTAAGT", "CAAGTAAGT", "CAGGTAAAT")
WEAK_DONOR = "CAGGTATGC"
DONOR_LEFT = 2  # bases of the 9-mer before the last exon base
ACCEPTOR_LEFT = 45  # a branch point starts at most this far before the first exon base
_TRACT = 12


@dataclasses.dataclass(frozen=True)
class Piece:
    """Letters to write from `offset` on."""

    offset: int
    letters: str

    @property
    def end(self) -> int:
        """One past the last base."""
        return self.offset + len(self.letters)


@dataclasses.dataclass
class Canvas:
    """A window that is being written.

    Attributes:
      codes: its bases, changed in place.
      taken: bases that belong to something written.
    """

    codes: UInt8[np.ndarray, " S"]
    taken: Bool[np.ndarray, " S"]

    @classmethod
    def on(cls, codes: UInt8[np.ndarray, " S"]) -> "Canvas":
        """A canvas over a background."""
        return cls(codes, np.zeros(len(codes), bool))

    def write(self, pieces: Iterable[Piece], *, origin: int, strand: str) -> None:
        """Writes pieces whose offset 0 stands at `origin`; what leaves the window is lost.

        On the minus strand offsets count to the left of `origin` and the reverse complement
        is written.
        """
        for piece in pieces:
            bases = grammar.encode(piece.letters)
            start = origin + piece.offset
            if strand == "-":
                bases = grammar.reverse_complement(bases)
                start = origin - piece.end + 1
            first, last = max(0, start), min(len(self.codes), start + len(bases))
            if first < last:
                self.codes[first:last] = bases[first - start : last - start]
                self.taken[first:last] = True

    def is_free(self, start: int, end: int) -> bool:
        """True if nothing is written in [start, end); the outside counts as free."""
        return not self.taken[max(0, start) : max(0, end)].any()


def instance(consensus: str, random: RandomWords) -> str:
    """One sequence that matches a consensus in full."""
    return "".join(
        symbol if symbol in "ACGT" else random.choice(grammar.IUPAC[symbol]) for symbol in consensus
    )


def spoiled(letters: str, consensus: str, random: RandomWords) -> str:
    """The sequence with one base changed so that it no longer matches the consensus there."""
    places = [i for i, symbol in enumerate(consensus) if symbol != "N"]
    place = random.choice(places)
    allowed = grammar.IUPAC[consensus[place]]
    other = random.choice([base for base in "ACGT" if base not in allowed])
    return letters[:place] + other + letters[place + 1 :]


def donor(last_base: int, nine_mer: str) -> Piece:
    """A donor 9-mer whose exon ends at `last_base`."""
    return Piece(last_base - DONOR_LEFT, nine_mer)


def acceptor(
    first_base: int,
    random: RandomWords,
    *,
    pyrimidines: int,
    branch_point: bool = True,
    exon_g: bool = True,
) -> list[Piece]:
    """Branch point, tract with the given number of pyrimidines, YAG and first exon base."""
    tract = [random.choice("CT") for _ in range(_TRACT)]
    places = list(range(_TRACT))
    for _ in range(_TRACT - pyrimidines):
        # A purine "A" before "G" would make a second YAG inside the tract.
        tract[places.pop(random.integer(0, len(places) - 1))] = "A"
    letters = "".join(tract) + random.choice("CT") + "AG" + ("G" if exon_g else "A")
    pieces = [Piece(first_base - _TRACT - 3, letters)]
    if branch_point:
        upstream = random.integer(22, ACCEPTOR_LEFT)
        pieces.insert(0, Piece(first_base - upstream, instance(grammar.BRANCH_POINT, random)))
    return pieces


def polya(hexamer_start: int, hexamer: str, random: RandomWords, *, gu_rich: bool = True) -> Piece:
    """A polyA hexamer, followed by a GU-rich element unless told otherwise."""
    if not gu_rich:
        return Piece(hexamer_start, hexamer)
    gap = "".join(random.choice("ACGT") for _ in range(random.integer(10, 34)))
    return Piece(hexamer_start, hexamer + gap + instance(grammar.GU_RICH, random))


def promoter(
    random: RandomWords,
    *,
    sp1: int,
    tata: str | None = None,
    inr: str | None = None,
    tata_upstream: int | None = None,
) -> list[Piece]:
    """SP1 sites 60-140 bp upstream, TATA and Inr around a start site at offset 0.

    Args:
      random: stream of choices.
      sp1: number of SP1 sites, at most 4; either orientation.
      tata: letters to use instead of a full TATA match; "" for none.
      inr: letters to use instead of a full Inr match.
      tata_upstream: first base of TATA counted from the start site, 30-37; drawn if not given.
    """
    tata = grammar.MOTIFS["TATA"] if tata is None else tata
    inr = instance(grammar.MOTIFS["Inr"], random) if inr is None else inr
    pieces = [Piece(-4, inr)]
    if tata:
        upstream = random.integer(30, 37) if tata_upstream is None else tata_upstream
        pieces.append(Piece(-upstream, tata))
    site = grammar.MOTIFS["SP1"]
    for lane in random_order(4, random)[:sp1]:
        oriented = random.choice((site, grammar.reverse_complement_consensus(site)))
        # Four lanes of 20 bp between 60 and 140 bp upstream keep the sites apart.
        pieces.append(Piece(-140 + 20 * lane + random.integer(0, 11), oriented))
    return pieces


def random_order(count: int, random: RandomWords) -> list[int]:
    """The integers 0 ... count - 1 in random order."""
    left, order = list(range(count)), []
    while left:
        order.append(left.pop(random.integer(0, len(left) - 1)))
    return order


def factor_site(factor: str, offset: int, random: RandomWords, *, spoil: bool = False) -> Piece:
    """A site of a factor in either orientation, with one mismatch if spoiled."""
    letters = instance(grammar.MOTIFS[factor], random)
    if spoil:
        letters = spoiled(letters, grammar.MOTIFS[factor], random)
    if random.chance(0.5):
        letters = grammar.decode(grammar.reverse_complement(grammar.encode(letters)))
    return Piece(offset, letters)


def cluster(
    factors: Iterable[str], random: RandomWords, *, spoil_chance: float = 0.0
) -> list[Piece]:
    """Sites of the factors side by side with 6-40 bp between them, from offset 0 on."""
    pieces: list[Piece] = []
    offset = 0
    for factor in factors:
        pieces.append(factor_site(factor, offset, random, spoil=random.chance(spoil_chance)))
        offset = pieces[-1].end + random.integer(6, 40)
    return pieces


def palette(cell_type: grammar.CellType, count: int, random: RandomWords) -> list[str]:
    """Activating factors of a cell type, drawn in proportion to their weights."""
    activating = {name: w for name, w in cell_type.weights.items() if w > 0}
    return [random.weighted(list(activating), list(activating.values())) for _ in range(count)]
