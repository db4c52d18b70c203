"""Planning one gene: where its start, exons and polyA sites are, and which pieces make it.

Offsets are as read, with 0 at the start site.

Source: specification of the demo genome, section 2 ("Gene").
"""

import dataclasses

from predictor.simulator import elements, grammar
from predictor.simulator.elements import Piece
from predictor.simulator.random_words import RandomWords
from predictor.simulator.transcript import CLEAVAGE_BEHIND_HEXAMER

PROMOTER_LENGTH = 150

_DISTAL, _PROXIMAL = "AATAAA", "ATTAAA"


@dataclasses.dataclass(frozen=True, kw_only=True)
class GeneStyle:
    """Ranges that a gene is drawn from; lengths in bp, both ends included.

    Attributes:
      internal_exons: how many exons between the first and the last.
      introns: their lengths.
      tails: from the last acceptor to the first polyA site.
      second_polya_chance: share of genes with two polyA sites.
      internal_donors: 9-mers of internal exons with their weights.
      pyrimidines: numbers of pyrimidines in the tract with their weights.
      flawed_acceptor_chance: no branch point, and no G first, each with this chance.
      enhancer_chance: share of internal exons with ESEs or ESSs.
      most_enhancers: how many of them at most.
      rbfox_chance: share of internal exons with an RBFOX site behind them.
      sound: promoter and polyA sites are never flawed.
    """

    internal_exons: tuple[int, int] = (0, 3)
    introns: tuple[int, int] = (220, 800)
    tails: tuple[int, int] = (180, 500)
    second_polya_chance: float = 0.35
    internal_donors: tuple[tuple[str, float], ...] = (
        *((nine_mer, 0.15) for nine_mer in elements.STRONG_DONORS),
        (elements.WEAK_DONOR, 0.25),
    )
    pyrimidines: tuple[tuple[int, float], ...] = ((9, 0.2), (10, 0.3), (11, 0.3), (12, 0.2))
    flawed_acceptor_chance: float = 0.08
    enhancer_chance: float = 0.5
    most_enhancers: int = 1
    rbfox_chance: float = 0.3
    sound: bool = True


GENOME_STYLE = GeneStyle()
# Wider and shorter: every strength of every rule occurs, and a gene fits into 4,096 bp.
SOUP_STYLE = GeneStyle(
    internal_exons=(0, 3),
    introns=(110, 420),
    tails=(160, 420),
    second_polya_chance=0.4,
    internal_donors=(
        *((nine_mer, 0.08) for nine_mer in elements.STRONG_DONORS),
        (elements.WEAK_DONOR, 0.2),
        ("CAGGTAAAC", 0.2),
        ("AAGGTAAAT", 0.2),
    ),
    pyrimidines=((8, 0.2), (9, 0.2), (10, 0.2), (11, 0.2), (12, 0.2)),
    flawed_acceptor_chance=0.15,
    enhancer_chance=0.6,
    most_enhancers=2,
    rbfox_chance=0.45,
    sound=False,
)


@dataclasses.dataclass(frozen=True)
class GenePlan:
    """A gene to be written.

    Attributes:
      exons: first and last base of each exon.
      polya: hexamer starts.
      pieces: everything to write, later pieces over earlier ones.
    """

    exons: tuple[tuple[int, int], ...]
    polya: tuple[int, ...]
    pieces: tuple[Piece, ...]

    @property
    def end(self) -> int:
        """One past the last transcribed base: the cleavage at the last polyA site."""
        return self.polya[-1] + CLEAVAGE_BEHIND_HEXAMER


def plan_gene(random: RandomWords, style: GeneStyle = GENOME_STYLE) -> GenePlan:
    """Draws one gene."""
    pieces = _promoter(random, style)
    exons = []
    first, last = 0, random.integer(90, 260) - 1
    for number in range(random.integer(*style.internal_exons) + 1):
        if number == 0:
            pieces.append(elements.donor(last, random.choice(elements.STRONG_DONORS)))
        else:
            pieces += _internal_exon(first, last, random, style)
        exons.append((first, last))
        first = last + 1 + random.integer(*style.introns)
        last = first + random.integer(60, 200) - 1
        pieces += _acceptor(first, random, style)
    hexamers = _polya(first + random.integer(*style.tails), random, style)
    polya = tuple(piece.offset for piece in hexamers)
    exons.append((first, polya[-1] + CLEAVAGE_BEHIND_HEXAMER - 1))
    return GenePlan(tuple(exons), polya, (*pieces, *hexamers))


def _promoter(random: RandomWords, style: GeneStyle) -> list[Piece]:
    sp1 = random.integer(0, 3)
    if style.sound:
        return elements.promoter(random, sp1=sp1)
    tata, inr = grammar.MOTIFS["TATA"], elements.instance(grammar.MOTIFS["Inr"], random)
    if random.chance(0.15):
        tata = elements.spoiled(tata, grammar.MOTIFS["TATA"], random)
    elif random.chance(0.08):
        tata = ""
    if random.chance(0.1):
        inr = elements.spoiled(inr, grammar.MOTIFS["Inr"], random)
    return elements.promoter(random, sp1=sp1, tata=tata, inr=inr)


def _acceptor(first: int, random: RandomWords, style: GeneStyle) -> list[Piece]:
    numbers, weights = zip(*style.pyrimidines, strict=True)
    return elements.acceptor(
        first,
        random,
        pyrimidines=random.weighted(numbers, weights),
        branch_point=not random.chance(style.flawed_acceptor_chance),
        exon_g=not random.chance(style.flawed_acceptor_chance),
    )


def _internal_exon(first: int, last: int, random: RandomWords, style: GeneStyle) -> list[Piece]:
    """Donor of an exon, its ESEs or ESSs, and an RBFOX site behind it."""
    nine_mers, weights = zip(*style.internal_donors, strict=True)
    pieces = [elements.donor(last, random.weighted(nine_mers, weights))]
    if random.chance(style.enhancer_chance):
        for lane in range(random.integer(1, style.most_enhancers)):
            motif = random.choice((grammar.ESE, grammar.ESS))
            # Up to two lanes between the first base and the donor of a 60-bp exon.
            offset = first + 3 + 24 * lane + random.integer(0, 14)
            pieces.append(Piece(offset, motif))
    if random.chance(style.rbfox_chance):
        pieces.append(Piece(last + random.integer(12, 60), grammar.RBFOX))
    return pieces


def _polya(start: int, random: RandomWords, style: GeneStyle) -> list[Piece]:
    """One polyA site, or a weaker one and a strong one 500-900 bp behind it."""
    starts = [start]
    if random.chance(style.second_polya_chance):
        starts.append(start + random.integer(500, 900))
    hexamers = [random.choice((_DISTAL, _PROXIMAL, _PROXIMAL)) for _ in starts[1:]] + [_DISTAL]
    pieces = []
    for place, hexamer in zip(starts, hexamers, strict=True):
        flawed = not style.sound and random.chance(0.2)
        letters = random.choice((_PROXIMAL, "AATACA")) if flawed else hexamer
        gu_rich = style.sound or not random.chance(0.12)
        pieces.append(elements.polya(place, letters, random, gu_rich=gu_rich))
    return pieces
