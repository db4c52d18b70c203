"""How the eight show-case loci of `demoS` are built, one slot of 32,768 bp each.

Every slot is a function of its canvas; offsets count from the slot's start. Each has a
neighbour gene near either end, set apart by CTCF sites, so that a page shows more than the
one thing it is about. The variants that act on the loci stand in `showcase`.

Source: specification of the demo genome, section 7.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from alphagenome.models.dna_model import Organism
from jaxtyping import UInt8

from predictor.simulator import grammar
from predictor.simulator.background import clean_background
from predictor.simulator.chromosome import (
    Chromosome,
    PlacedGene,
    lay_enhancer,
    reads_as_planned,
)
from predictor.simulator.elements import Canvas, Piece
from predictor.simulator.gene_design import ExonDesign, GeneDesign, simple_gene
from predictor.simulator.gene_plan import PROMOTER_LENGTH, plan_gene
from predictor.simulator.placement import enhancer_cell_types
from predictor.simulator.random_words import RandomWords

SLOT = 32_768
ORGANISM = Organism.HOMO_SAPIENS

_ATTEMPTS = 200
_NEIGHBOUR_ENDS = 7_000
_LEFT_INSULATOR, _RIGHT_INSULATOR = 8_600, 24_400

# What opens chromatin in every cell type: a gene near it is expressed everywhere.
SHARED_ELEMENT = ("CCGGAAGT", "TGAGTCAC", "CCGGAAGT", "TGAGTCAT")
HEPATIC_ELEMENT = ("CAAAGTCCA", "TTGCGCAAC", "CAAAGTCCA")
NEURONAL_ELEMENT = ("GCAGCTGC", "CCGGAAGT", "GCAGCTGT")
ERYTHROID_ELEMENT = ("AGATAAGA", "CAGATGGT", "AGATAAGG", "CAGATGTT")
SPACER = "ATCTACATTCTACA"


class Slot:
    """One slot under construction.

    Attributes:
      canvas: its bases.
      random: its stream of choices.
      genes: what was placed so far, in slot coordinates.
    """

    def __init__(self, seed: Sequence[int], names: Iterator[str]):
        self.random = RandomWords(seed)
        gc = grammar.ORGANISMS[ORGANISM].gc
        self.canvas = Canvas.on(clean_background(self.random, SLOT, gc))
        self.genes: list[PlacedGene] = []
        self._names = names

    def gene(self, name: str, start_site: int, strand: str, design: GeneDesign) -> None:
        """Writes a gene laid out by hand."""
        plan = design.plan(self.random)
        self.canvas.write(plan.pieces, origin=start_site, strand=strand)
        self.genes.append(PlacedGene(name, strand, start_site, plan))

    def letters(self, start: int, letters: str, *, strand: str = "+") -> None:
        """Writes letters from `start` on; on "-" their reverse complement."""
        origin = start if strand == "+" else start + len(letters) - 1
        self.canvas.write([Piece(0, letters)], origin=origin, strand=strand)

    def element(self, start: int, sites: Sequence[str]) -> None:
        """Writes sites side by side with the usual spacer."""
        self.letters(start, SPACER.join(sites))

    def insulator(self, start: int, strand: str) -> None:
        """Writes a CTCF site that reads towards larger ("+") or smaller positions."""
        self.letters(start, CTCF_SITE, strand=strand)

    def neighbours(self, *, spared: Sequence[str], left_enhancers: bool = True) -> None:
        """Generated genes near both ends of the slot, most with enhancers close by.

        Args:
          spared: cell types that the slot is about; no neighbour's enhancer works there.
          left_enhancers: False where nothing but the slot's own gene may feel a lost boundary.
        """
        rules = grammar.ORGANISMS[ORGANISM]
        for edge in ("left", "right"):
            plan = plan_gene(self.random)
            while plan.end > _NEIGHBOUR_ENDS - 2_000:
                plan = plan_gene(self.random)
            strand = self.random.choice("+-")
            first = 1_200 if edge == "left" else SLOT - _NEIGHBOUR_ENDS + 200
            start = first + (PROMOTER_LENGTH if strand == "+" else plan.end - 1)
            gene = PlacedGene(next(self._names), strand, start, plan)
            self.canvas.write(plan.pieces, origin=start, strand=strand)
            self.genes.append(gene)
            if edge == "left" and not left_enhancers:
                continue
            for cell_type in enhancer_cell_types(self.random, rules):
                if cell_type.key not in spared:
                    lay_enhancer(
                        self.canvas, gene, cell_type, self.genes, ORGANISM, self.random,
                        reach=(300, 1_100),
                    )  # fmt: skip

    def fence(self) -> None:
        """CTCF sites that look at each other, between the locus and its neighbours."""
        self.insulator(_LEFT_INSULATOR, "+")
        self.insulator(_RIGHT_INSULATOR, "-")


CTCF_SITE = "CCACCAGGTGGCAG"


# Slot 1: the real 32-bp context of the MuTE insertions; the base C at 20 takes them up.
TAL1_CONTEXT = "TCTGCCAGGAAGTAGGGTTACGTCTTTCTGTG"
TAL1_VARIANT = 16_384
TAL1_START = TAL1_VARIANT - 2_500


def _tal1(slot: Slot) -> None:
    slot.neighbours(spared=("T",))
    internal = (ExonDesign(intron=380, length=110), ExonDesign(intron=450, length=130))
    slot.gene("D-TAL1", TAL1_START, "-", simple_gene(*internal))
    slot.letters(TAL1_VARIANT - 20, TAL1_CONTEXT)
    slot.letters(TAL1_VARIANT - 45, "TGTGGTTA")
    slot.letters(TAL1_VARIANT + 34, "CCGGAAGT", strand="-")
    slot.fence()


# Slot 2: an exon that depends on its splicing enhancer, because its donor is weak.
SMN2_DESIGN = simple_gene(
    ExonDesign(intron=400, length=120),
    ExonDesign(
        intron=480, length=54, donor="CAAGTAAGT", pyrimidines=9, extras=(Piece(5, grammar.ESE),)
    ),
    ExonDesign(intron=440, length=110),
)
SMN2_START = 14_600
SMN2_VARIANT = SMN2_START + SMN2_DESIGN.exon_starts()[2] + 5


def _smn2(slot: Slot) -> None:
    slot.neighbours(spared=())
    slot.gene("D-SMN2", SMN2_START, "+", SMN2_DESIGN)
    slot.element(SMN2_START - 1_500, SHARED_ELEMENT)
    slot.fence()


# Slot 3: a hepatocyte element whose second site is broken by one base.
SORT1_START = 17_400
SORT1_SITE = SORT1_START - 3_000  # first base of TGGCGCAAC
SORT1_VARIANT = SORT1_SITE + 1


def _sort1(slot: Slot) -> None:
    slot.neighbours(spared=("HEP",))
    internal = (ExonDesign(intron=420, length=140), ExonDesign(intron=500, length=90))
    slot.gene("D-SORT1", SORT1_START, "+", simple_gene(*internal))
    slot.letters(SORT1_SITE - 22 - len("CAAAGTCCA"), "CAAAGTCCA")
    # The A in front lets the palindromic core match on both strands.
    slot.letters(SORT1_SITE - 1, "ATGGCGCAAC")
    slot.fence()


# Slot 4: a boundary between an erythroid enhancer and a gene; centres in bins of 2,048 bp.
TAD_FORWARD = round(2.82 * 2048) - len(CTCF_SITE) // 2
TAD_REVERSE = round(8.18 * 2048) - len(CTCF_SITE) // 2
TAD_ENHANCER = TAD_REVERSE - 2_900
TAD_START = TAD_ENHANCER + 5_500


def _tad(slot: Slot) -> None:
    slot.neighbours(spared=("ERY",), left_enhancers=False)
    internal = (ExonDesign(intron=380, length=120), ExonDesign(intron=360, length=100))
    slot.gene("D-TAD1", TAD_START, "+", simple_gene(*internal))
    slot.insulator(TAD_FORWARD, "+")
    slot.insulator(TAD_REVERSE, "-")
    slot.element(TAD_ENHANCER - len(SPACER.join(ERYTHROID_ELEMENT)) // 2, ERYTHROID_ELEMENT)
    slot.insulator(_RIGHT_INSULATOR, "+")


# Slot 5: two polyA sites, and a third that lacks one base.
PAS_NEAR, PAS_PROXIMAL, PAS_DISTAL = 160, 460, 1_060
PAS_DESIGN = simple_gene(
    ExonDesign(intron=400, length=120),
    polya=((PAS_PROXIMAL, "ATTAAA"), (PAS_DISTAL, "AATAAA")),
)
PAS_START = 14_800
PAS_LAST_EXON = PAS_START + PAS_DESIGN.exon_starts()[-1]


def _pas(slot: Slot) -> None:
    slot.neighbours(spared=())
    slot.gene("D-PAS1", PAS_START, "+", PAS_DESIGN)
    slot.letters(PAS_LAST_EXON + PAS_NEAR, "AATACA")
    slot.letters(PAS_LAST_EXON + PAS_NEAR + 26, "TGTGTTGG")
    slot.element(PAS_START - 1_300, SHARED_ELEMENT)
    slot.fence()


# Slot 6: a TATA promoter, and a promoter with a half-made element.
PROM_START = 11_600
PROM_TATA = PROM_START - 33
PROM_SECOND_START = 19_000
PROM_ETS = PROM_SECOND_START - 700  # first base of CCGGAAGC


def _prom(slot: Slot) -> None:
    slot.neighbours(spared=())
    slot.gene("D-PROM1", PROM_START, "+", simple_gene(ExonDesign(intron=380, length=120)))
    slot.element(PROM_START - 1_200, SHARED_ELEMENT)
    slot.insulator(15_400, "+")
    slot.gene("D-PROM2", PROM_SECOND_START, "+", simple_gene(ExonDesign(intron=420, length=100)))
    slot.letters(PROM_ETS - 22, "TGAGTCAC")
    slot.letters(PROM_ETS, "CCGGAAGC")
    slot.letters(PROM_ETS + 22, "TGTGGTTT")
    slot.fence()


# Slot 7: a gene with three internal exons; the second has a spare donor 60 bp further on.
SPLICE_SPARE = 60
SPLICE_DESIGN = simple_gene(
    ExonDesign(intron=420, length=110),
    ExonDesign(
        intron=460,
        length=96,
        extras=(Piece(30, grammar.ESE), Piece(96 + SPLICE_SPARE - 3, "CAGGTAAAC")),
    ),
    # Fixed letters around the acceptor, so that what a deletion removes is known.
    ExonDesign(intron=480, length=130, extras=(Piece(-4, "TCAGGCTCAC"),)),
)
SPLICE_START = 14_200
_SPLICE_EXONS = SPLICE_DESIGN.exon_starts()
SPLICE_FIRST_DONOR = SPLICE_START + _SPLICE_EXONS[1] + 110  # the G of GT
SPLICE_SECOND_DONOR = SPLICE_START + _SPLICE_EXONS[2] + 96
SPLICE_THIRD_ACCEPTOR = SPLICE_START + _SPLICE_EXONS[3]  # first exon base


def _splice(slot: Slot) -> None:
    slot.neighbours(spared=())
    slot.gene("D-SPLICE1", SPLICE_START, "+", SPLICE_DESIGN)
    slot.element(SPLICE_START - 1_400, SHARED_ELEMENT)
    slot.fence()


# Slot 8: an exon that only neurons keep, a silencer that lacks one base, three enhancers.
NEURO_DESIGN = simple_gene(
    ExonDesign(intron=400, length=120),
    ExonDesign(
        intron=440,
        length=90,
        donor="CAGGTAAAC",
        pyrimidines=8,
        extras=(Piece(90 + 40, grammar.RBFOX),),
    ),
)
NEURO_START = 10_400
NEURO_RBFOX = NEURO_START + NEURO_DESIGN.exon_starts()[2] + 90 + 40
NEURO_ELEMENT = NEURO_START - 600
_SILENCED_ELEMENT = ("CAAAGTCCA", "CAAAGTCCA", "TGAGTCAC")
NEURO_REST = NEURO_ELEMENT + len(SPACER.join(_SILENCED_ELEMENT)) + 8
REST_BROKEN = "TTCAGCACCATG"  # TTCAGCACCACG but for one base
RANKED_START = 16_800
RANKED_ENHANCERS = tuple(RANKED_START + distance for distance in (1_000, 3_000, 6_000))
_RANKED_INSULATOR = 21_600


def _neuro(slot: Slot) -> None:
    slot.neighbours(spared=("HEP", "NEU"))
    slot.gene("D-NEURO1", NEURO_START, "+", NEURO_DESIGN)
    slot.element(NEURO_ELEMENT, _SILENCED_ELEMENT)
    slot.letters(NEURO_REST, REST_BROKEN)
    slot.element(NEURO_START - 1_100, NEURONAL_ELEMENT)
    slot.insulator(13_400, "+")
    slot.gene("D-NEURO2", RANKED_START, "-", simple_gene(ExonDesign(intron=400, length=120)))
    for start in RANKED_ENHANCERS:
        slot.element(start, HEPATIC_ELEMENT)
    slot.insulator(_RANKED_INSULATOR, "-")
    slot.insulator(_RIGHT_INSULATOR, "+")


BUILDERS: tuple[Callable[[Slot], None], ...] = (
    _tal1, _smn2, _sort1, _tad, _pas, _prom, _splice, _neuro,
)  # fmt: skip


def build_showcase(name: str, seed: Sequence[int], names: Iterator[str]) -> Chromosome:
    """The chromosome of the eight slots; a slot not read as planned is drawn again."""
    parts: list[UInt8[np.ndarray, " S"]] = []
    genes: list[PlacedGene] = []
    for number, builder in enumerate(BUILDERS):
        slot = _build_slot(builder, (*seed, number), names)
        genes += sorted(
            (gene.moved(number * SLOT) for gene in slot.genes), key=lambda gene: gene.start_site
        )
        parts.append(slot.canvas.codes)
    return Chromosome(name, np.concatenate(parts), tuple(genes))


def _build_slot(
    builder: Callable[[Slot], None], seed: tuple[int, ...], names: Iterator[str]
) -> Slot:
    for attempt in range(_ATTEMPTS):
        slot = Slot((*seed, attempt), names)
        builder(slot)
        if reads_as_planned(slot.canvas.codes, slot.genes, ORGANISM):
            return slot
    raise RuntimeError(f"Slot {seed} was not read as planned in {_ATTEMPTS} attempts.")
