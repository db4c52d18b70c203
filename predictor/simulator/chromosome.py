"""One chromosome of the shipped assembly, with its planned genes, each checked as it is laid.

Axes: S positions.
Source: specification of the demo genome, section 2.
"""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
from alphagenome.models.dna_model import Organism
from jaxtyping import UInt8

from predictor.simulator import grammar
from predictor.simulator.background import clean_background
from predictor.simulator.elements import Canvas
from predictor.simulator.gene_plan import PROMOTER_LENGTH, GenePlan, plan_gene
from predictor.simulator.placement import (
    GAP,
    enhancer_cell_types,
    place_enhancer,
    place_insulator,
)
from predictor.simulator.random_words import RandomWords
from predictor.simulator.transcript import Transcript
from predictor.simulator.world import read_world

_MARGIN = 600  # beyond the reach of anything that a neighbour could add to a promoter
_EDGE = 500
_ATTEMPTS = 200
_USED = 0.05  # share of a donor that counts


@dataclasses.dataclass(frozen=True)
class PlacedGene:
    """A gene where it stands.

    Attributes:
      name: made-up gene name, starting with "D-".
      strand: "+" or "-".
      start_site: plus-strand position of the start site.
      plan: as read from the start site.
    """

    name: str
    strand: str
    start_site: int
    plan: GenePlan

    @property
    def span(self) -> tuple[int, int]:
        """Transcribed stretch, 0-based half-open on the plus strand."""
        if self.strand == "+":
            return self.start_site, self.start_site + self.plan.end
        return self.start_site - self.plan.end + 1, self.start_site + 1

    @property
    def exons(self) -> list[tuple[int, int]]:
        """Exons, 0-based half-open, ascending on the plus strand."""
        return sorted(
            (self.start_site + first, self.start_site + last + 1)
            if self.strand == "+"
            else (self.start_site - last, self.start_site - first + 1)
            for first, last in self.plan.exons
        )

    @property
    def cleavage_sites(self) -> list[int]:
        """Plus-strand base at which each polyA site cleaves, in order of reading."""
        offsets = [hexamer + self.plan.end - 1 - self.plan.polya[-1] for hexamer in self.plan.polya]
        sign = 1 if self.strand == "+" else -1
        return [self.start_site + sign * offset for offset in offsets]

    def moved(self, distance: int) -> "PlacedGene":
        """The same gene further right."""
        return dataclasses.replace(self, start_site=self.start_site + distance)


@dataclasses.dataclass(frozen=True)
class Chromosome:
    """Sequence and planned genes of one chromosome."""

    name: str
    codes: UInt8[np.ndarray, " S"]
    genes: tuple[PlacedGene, ...]


def reads_as_planned(
    codes: UInt8[np.ndarray, " S"], genes: Sequence[PlacedGene], organism: Organism
) -> bool:
    """True if the start sites, exons and polyA sites of a stretch are those of the genes."""
    world = read_world(codes, organism)
    planned = {(gene.strand, gene.start_site): gene.plan for gene in genes}
    read: dict[tuple[str, int], Transcript] = {}
    for expressed in world.transcripts:
        start = expressed.transcript.start
        place = start if expressed.strand == "+" else len(codes) - 1 - start
        read[expressed.strand, place] = expressed.transcript
    return planned.keys() == read.keys() and all(
        _same_gene(plan, read[place]) for place, plan in planned.items()
    )


def _same_gene(plan: GenePlan, transcript: Transcript) -> bool:
    """Exons and polyA sites agree; reading past the last polyA site does not matter."""
    start = transcript.start
    exons = [
        (exon.start - start, *(donor - start for donor, share in exon.donors if share >= _USED))
        for exon in transcript.exons
    ]
    expected = [*plan.exons[:-1], plan.exons[-1][:1]]
    polya = [position - start for position, _ in transcript.polya if position - start < plan.end]
    return exons == expected and tuple(polya) == plan.polya


def build_chromosome(
    name: str, length: int, organism: Organism, seed: Sequence[int], names: Iterator[str]
) -> Chromosome:
    """Lays genes, enhancers and CTCF sites on a clean background.

    A gene that is not read as planned is drawn again; so is an enhancer that changes the
    reading of a gene it falls into.
    """
    random = RandomWords(seed)
    rules = grammar.ORGANISMS[organism]
    canvas = Canvas.on(clean_background(random, length, rules.gc))
    genes: list[PlacedGene] = []
    cursor = random.integer(*GAP) // 2
    while (gene := _lay_gene(canvas, cursor, organism, random, names)) is not None:
        genes.append(gene)
        gap = random.integer(*GAP)
        span_end = cursor + PROMOTER_LENGTH + gene.plan.end
        if len(genes) % 2:
            place_insulator(canvas, span_end + random.integer(200, gap - 200), random)
        cursor = span_end + gap
    for gene in genes:
        for cell_type in enhancer_cell_types(random, rules):
            lay_enhancer(canvas, gene, cell_type, genes, organism, random)
    return Chromosome(name, canvas.codes, tuple(genes))


def _lay_gene(
    canvas: Canvas, cursor: int, organism: Organism, random: RandomWords, names: Iterator[str]
) -> PlacedGene | None:
    """Writes a gene from `cursor` on; None where no room is left."""
    before, taken = canvas.codes.copy(), canvas.taken.copy()
    for _ in range(_ATTEMPTS):
        plan = plan_gene(random)
        if cursor + PROMOTER_LENGTH + plan.end + _EDGE > len(before):
            return None
        strand = random.choice("+-")
        start = cursor + (PROMOTER_LENGTH if strand == "+" else plan.end - 1)
        gene = PlacedGene("", strand, start, plan)
        canvas.write(plan.pieces, origin=start, strand=strand)
        if _reads_locally(canvas, [gene], gene.span, organism):
            return dataclasses.replace(gene, name=next(names))
        canvas.codes[:], canvas.taken[:] = before, taken
    raise RuntimeError(f"No gene at {cursor} was read as planned in {_ATTEMPTS} attempts.")


def lay_enhancer(
    canvas: Canvas,
    gene: PlacedGene,
    cell_type: grammar.CellType,
    genes: Sequence[PlacedGene],
    organism: Organism,
    random: RandomWords,
    **reach: tuple[int, int],
) -> None:
    """Writes an enhancer for a gene where it leaves every gene readable as planned."""
    for _ in range(4):
        before, taken = canvas.codes.copy(), canvas.taken.copy()
        place = place_enhancer(canvas, gene.start_site, cell_type, random, **reach)
        if place is None:
            return
        touched = [
            other
            for other in genes
            if place[0] < other.span[1] + _MARGIN and other.span[0] - _MARGIN < place[1]
        ]
        if all(_reads_locally(canvas, [other], other.span, organism) for other in touched):
            return
        canvas.codes[:], canvas.taken[:] = before, taken


def _reads_locally(
    canvas: Canvas, genes: Sequence[PlacedGene], span: tuple[int, int], organism: Organism
) -> bool:
    """As `reads_as_planned`, for a stretch with its surroundings."""
    first, last = max(0, span[0] - _MARGIN), min(len(canvas.codes), span[1] + _MARGIN)
    return reads_as_planned(
        canvas.codes[first:last], [gene.moved(-first) for gene in genes], organism
    )


def gene_names(seed: Sequence[int]) -> Iterator[str]:
    """Made-up names such as D-KORU3, each once."""
    random, used = RandomWords(seed), set[str]()
    while True:
        syllables = (random.choice("BDFGKLMNPRSTVZ") + random.choice("AEIOU") for _ in range(2))
        name = f"D-{''.join(syllables)}{random.integer(1, 9)}"
        if name not in used:
            used.add(name)
            yield name
