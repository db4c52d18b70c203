"""Fresh windows of the demo world, from an integer seed, for training and for tests.

A window comes with its bases only; what is true of it is read by `readouts`. The shipped
assembly is made by `assembly` from its own seeds.

Source: specification of the demo genome, sections 2 and 8.
"""

from collections.abc import Callable
from typing import Literal

import numpy as np
from alphagenome.models.dna_model import Organism
from jaxtyping import UInt8

from predictor.errors import AllelensError
from predictor.simulator import elements, grammar
from predictor.simulator.assembly import write_assembly
from predictor.simulator.background import clean_background, random_bases
from predictor.simulator.elements import Canvas, Piece
from predictor.simulator.gene_plan import GENOME_STYLE, PROMOTER_LENGTH, SOUP_STYLE, plan_gene
from predictor.simulator.mutation import mutate, substitute
from predictor.simulator.placement import (
    GAP,
    enhancer_cell_types,
    place_enhancer,
    place_insulator,
)
from predictor.simulator.random_words import RandomWords, Seed
from predictor.simulator.transcript import CLEAVAGE_BEHIND_HEXAMER

__all__ = [
    "WINDOW_KINDS",
    "WindowKindError",
    "generate_window",
    "mutate",
    "substitute",
    "write_assembly",
]

WindowKind = Literal["genome", "soup", "background", "packed", "ends"]

# A gene that starts this far outside can still reach the window, directly or by an enhancer.
_BEFORE, _BEHIND = 9000, 5000
_PACKED_GAP = (250, 900)


class WindowKindError(AllelensError):
    """The kind of window is none of genome, soup, background."""

    code = "window_kind"


def generate_window(
    seed: Seed | RandomWords, length: int, organism: Organism, kind: WindowKind = "genome"
) -> UInt8[np.ndarray, " S"]:
    """Makes one window that exists nowhere else.

    Args:
      seed: integer(s), or a stream of choices to draw from.
      length: bases.
      organism: decides GC content and which cell types have enhancers.
      kind: "genome" holds genes, enhancers and CTCF sites as the shipped assembly does, cut
        anywhere at the edges; "soup" holds the same things independently of each other, also
        flawed and repeated; "packed" holds genes of every strength close behind each other, with
        an element in most gaps; "ends" holds short genes with polyA signals of every kind;
        "background" holds nothing on purpose.

    Returns:
      Base codes A 0, C 1, G 2, T 3.

    Raises:
      WindowKindError: unknown kind.
    """
    if kind not in WINDOW_KINDS:
        raise WindowKindError(
            f"There is no kind of window {kind!r}; use one of {', '.join(WINDOW_KINDS)}."
        )
    random = seed if isinstance(seed, RandomWords) else RandomWords(seed)
    return WINDOW_KINDS[kind](random, length, grammar.ORGANISMS[organism])


def _background(
    random: RandomWords, length: int, rules: grammar.OrganismRules
) -> UInt8[np.ndarray, " S"]:
    """Half of the windows keep their chance sites."""
    make = clean_background if random.chance(0.5) else random_bases
    return make(random, length, rules.gc)


def _genome(
    random: RandomWords, length: int, rules: grammar.OrganismRules
) -> UInt8[np.ndarray, " S"]:
    canvas = Canvas.on(clean_background(random, length, rules.gc))
    enhancers: list[tuple[int, grammar.CellType]] = []
    cursor = random.integer(0, _BEFORE) - _BEFORE - GAP[1]
    gap_number = random.integer(0, 1)
    while cursor < length + _BEHIND:
        gene = plan_gene(random)
        strand = random.choice("+-")
        span = PROMOTER_LENGTH + gene.end
        start = cursor + (PROMOTER_LENGTH if strand == "+" else gene.end - 1)
        canvas.write(gene.pieces, origin=start, strand=strand)
        enhancers += [(start, cell_type) for cell_type in enhancer_cell_types(random, rules)]
        gap = random.integer(*GAP)
        gap_number += 1
        if gap_number % 2:
            place_insulator(canvas, cursor + span + random.integer(200, gap - 200), random)
        cursor += span + gap
    for start, cell_type in enhancers:
        place_enhancer(canvas, start, cell_type, random)
    return canvas.codes


def _packed(
    random: RandomWords, length: int, rules: grammar.OrganismRules
) -> UInt8[np.ndarray, " S"]:
    """Twice as many exons and polyA sites as in the genome."""

    def draw() -> tuple[list[Piece], int]:
        gene = plan_gene(random, random.choice((GENOME_STYLE, SOUP_STYLE)))
        return list(gene.pieces), gene.end

    return _in_a_row(random, length, rules, draw)


def _ends(
    random: RandomWords, length: int, rules: grammar.OrganismRules
) -> UInt8[np.ndarray, " S"]:
    """A transcript that nothing but a polyA signal can end, every kilobase."""

    def draw() -> tuple[list[Piece], int]:
        pieces = elements.promoter(random, sp1=random.integer(0, 3))
        end = 0
        if random.chance(0.4):
            end = random.integer(60, 200)
            pieces.append(elements.donor(end, random.choice(elements.STRONG_DONORS)))
            end += random.integer(110, 300)
            pieces += elements.acceptor(end, random, pyrimidines=random.integer(10, 12))
        for _ in range(random.integer(1, 3)):
            end += random.integer(170, 600)
            hexamer = random.choice((*grammar.POLYA_HEXAMERS, *grammar.POLYA_HEXAMERS, "AATACA"))
            pieces.append(elements.polya(end, hexamer, random, gu_rich=random.chance(0.9)))
        return pieces, end + CLEAVAGE_BEHIND_HEXAMER

    return _in_a_row(random, length, rules, draw)


def _in_a_row(
    random: RandomWords,
    length: int,
    rules: grammar.OrganismRules,
    draw: Callable[[], tuple[list[Piece], int]],
) -> UInt8[np.ndarray, " S"]:
    """Genes (pieces and end, as read from the start site) with short gaps between them."""
    canvas = Canvas.on(clean_background(random, length, rules.gc))
    cursor = -random.integer(0, _BEFORE // 2)
    while cursor < length + _BEHIND // 2:
        pieces, end = draw()
        strand = random.choice("+-")
        start = cursor + (PROMOTER_LENGTH if strand == "+" else end - 1)
        canvas.write(pieces, origin=start, strand=strand)
        cursor += PROMOTER_LENGTH + end
        gap = random.integer(*_PACKED_GAP)
        if random.chance(0.7):
            element = _element(random, rules)
            canvas.write(
                element,
                origin=cursor + (gap - element[-1].end) // 2 - element[0].offset,
                strand="+",
            )
        cursor += gap
    return canvas.codes


def _soup(
    random: RandomWords, length: int, rules: grammar.OrganismRules
) -> UInt8[np.ndarray, " S"]:
    canvas = Canvas.on(_background(random, length, rules))
    for make, per_kilobase in _INGREDIENTS:
        for _ in range(random.count(per_kilobase * length / 1000 * (0.5 + random.uniform()))):
            pieces = make(random, rules)
            first = min(piece.offset for piece in pieces)
            last = max(piece.end for piece in pieces)
            for _ in range(4):
                strand = random.choice("+-")
                # Cut at the edges now and then, as in the genome.
                start = random.integer(-(last - first) // 2, length - (last - first) // 2)
                origin = start - first if strand == "+" else start + last - 1
                if _is_free(canvas, pieces, origin, strand):
                    canvas.write(pieces, origin=origin, strand=strand)
                    break
    return canvas.codes


def _is_free(canvas: Canvas, pieces: list[Piece], origin: int, strand: str) -> bool:
    return all(
        canvas.is_free(origin + piece.offset, origin + piece.end)
        if strand == "+"
        else canvas.is_free(origin - piece.end + 1, origin - piece.offset + 1)
        for piece in pieces
    )


def _factors(rules: grammar.OrganismRules) -> list[str]:
    return sorted({factor for cell in rules.cell_types for factor in cell.weights})


def _element(random: RandomWords, rules: grammar.OrganismRules) -> list[Piece]:
    """Sites of one cell type, sometimes spoiled, sometimes beside a REST site."""
    factors = elements.palette(random.choice(rules.cell_types), random.integer(2, 4), random)
    pieces = elements.cluster(factors, random, spoil_chance=0.15)
    if random.chance(0.25):
        offset = pieces[-1].end + random.integer(4, 60)
        pieces.append(elements.factor_site("REST", offset, random, spoil=random.chance(0.3)))
    return pieces


def _mixture(random: RandomWords, rules: grammar.OrganismRules) -> list[Piece]:
    """Sites of any factors side by side."""
    factors = [random.choice(_factors(rules)) for _ in range(random.integer(2, 4))]
    return elements.cluster(factors, random, spoil_chance=0.2)


def _site(random: RandomWords, rules: grammar.OrganismRules) -> list[Piece]:
    return [elements.factor_site(random.choice(_factors(rules)), 0, random)]


def _near_site(random: RandomWords, rules: grammar.OrganismRules) -> list[Piece]:
    return [elements.factor_site(random.choice(_factors(rules)), 0, random, spoil=True)]


def _gene(random: RandomWords, rules: grammar.OrganismRules) -> list[Piece]:
    """A short gene whose parts have any strength, an element beside its promoter or not."""
    pieces = list(plan_gene(random, SOUP_STYLE).pieces)
    if random.chance(0.6):
        near = _element(random, rules)
        distance = -160 - random.integer(0, 500) - near[-1].end
        pieces += [Piece(piece.offset + distance, piece.letters) for piece in near]
    return pieces


def _promoter(random: RandomWords, rules: grammar.OrganismRules) -> list[Piece]:
    del rules
    tata = grammar.MOTIFS["TATA"]
    if random.chance(0.3):
        tata = elements.spoiled(tata, tata, random)
    return elements.promoter(random, sp1=random.integer(0, 3), tata=tata)


def _exon(random: RandomWords, rules: grammar.OrganismRules) -> list[Piece]:
    """An exon without a gene, or only one side of it."""
    del rules
    last = random.integer(30, 220)
    start = elements.acceptor(0, random, pyrimidines=random.integer(8, 12))
    end = [elements.donor(last, random.choice((*elements.STRONG_DONORS, elements.WEAK_DONOR)))]
    return random.choice((start + end, start, end))


def _gene_end(random: RandomWords, rules: grammar.OrganismRules) -> list[Piece]:
    del rules
    hexamer = random.choice((*grammar.POLYA_HEXAMERS, "AATACA"))
    return [elements.polya(0, hexamer, random, gu_rich=random.chance(0.6))]


def _splicing_motif(random: RandomWords, rules: grammar.OrganismRules) -> list[Piece]:
    del rules
    return [Piece(0, random.choice((grammar.ESE, grammar.ESS, grammar.RBFOX)))]


def _insulator(random: RandomWords, rules: grammar.OrganismRules) -> list[Piece]:
    del rules
    return [elements.factor_site("CTCF", 0, random, spoil=random.chance(0.2))]


def _insulator_pair(random: RandomWords, rules: grammar.OrganismRules) -> list[Piece]:
    """Two CTCF sites that look at each other, far enough apart for a loop."""
    del rules
    letters = elements.instance(grammar.MOTIFS["CTCF"], random)
    mirrored = grammar.reverse_complement_consensus(letters)
    return [Piece(0, letters), Piece(random.integer(4000, 14000), mirrored)]


# What a soup is made of, and how many there are per kilobase on average.
_INGREDIENTS: tuple[
    tuple[Callable[[RandomWords, grammar.OrganismRules], list[Piece]], float], ...
] = (
    (_gene, 0.2),
    (_element, 0.4),
    (_mixture, 0.2),
    (_site, 0.4),
    (_near_site, 0.3),
    (_promoter, 0.1),
    (_exon, 0.25),
    (_gene_end, 0.12),
    (_splicing_motif, 0.3),
    (_insulator, 0.08),
    (_insulator_pair, 0.03),
)
WINDOW_KINDS: dict[
    str, Callable[[RandomWords, int, grammar.OrganismRules], UInt8[np.ndarray, " S"]]
] = {"genome": _genome, "soup": _soup, "background": _background, "packed": _packed, "ends": _ends}
