"""What a variant does to the expression of one gene of the demo assembly: true ln ratios of T.

Axes: S positions.
Source: specification of the demo genome, sections 5 and 7.
"""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
from alphagenome.data.genome import Interval, Variant
from alphagenome.models.dna_model import Organism
from jaxtyping import UInt8

from predictor.simulator import elements
from predictor.simulator.chromosome import Chromosome, PlacedGene
from predictor.simulator.hidden import hidden_quantities
from predictor.simulator.proposals import Change
from predictor.simulator.random_words import RandomWords
from predictor.simulator.truth import alternate_window
from predictor.simulator.window_reading import ReadGene, WindowReading

WINDOW = 32_768
ORGANISM = Organism.HOMO_SAPIENS


@dataclasses.dataclass(frozen=True)
class Locus:
    """A gene in the window on which its truth is computed, centred on its start site.

    Attributes:
      gene: as planned, in coordinates of the chromosome.
      codes: bases of the whole chromosome.
      interval: the window.
      window: the window as it is read.
      read: the gene as it is read there.
    """

    gene: PlacedGene
    codes: UInt8[np.ndarray, " C"]
    interval: Interval
    window: WindowReading
    read: ReadGene

    def variant(self, change: Change, name: str) -> Variant:
        """A change in the window, in coordinates of the chromosome (1-based)."""
        position = self.interval.start + change.start + 1
        return Variant(
            self.interval.chromosome, position, change.reference, change.alternate, name=name
        )

    def ln_expression(self, variant: Variant) -> dict[str, float]:
        """Ln ratio of T, ALT over REF, by cell type; the start site must survive."""
        cells = self.window.world.rules.cell_types
        shift = len(variant.alternate_bases) - len(variant.reference_bases)
        start = self.read.start_site
        moved = start + shift if start >= variant.start - self.interval.start else start
        codes = alternate_window(self.codes, self.interval, (variant,))
        after = hidden_quantities(codes, cells).expression_at(self.gene.strand, moved)
        before = self.window.world.hidden.expression_at(self.gene.strand, start)
        ratios = np.log(after / before).tolist()
        return {cell.key: ratio for cell, ratio in zip(cells, ratios, strict=True)}


def loci(made: Sequence[Chromosome], random: RandomWords) -> Iterator[Locus]:
    """Genes whose window lies inside their chromosome, in random order."""
    genes = [
        (chromosome, gene)
        for chromosome in made
        for gene in chromosome.genes
        if WINDOW // 2 <= gene.start_site <= len(chromosome.codes) - WINDOW // 2
    ]
    for index in elements.random_order(len(genes), random):
        yield _locus(*genes[index])


def _locus(chromosome: Chromosome, gene: PlacedGene) -> Locus:
    start = gene.start_site - WINDOW // 2
    interval = Interval(chromosome.name, start, start + WINDOW)
    codes = chromosome.codes[start : start + WINDOW]
    window = WindowReading.of(chromosome.name, codes, ORGANISM)
    place = (gene.strand, gene.start_site - start)
    read = next(each for each in window.genes if (each.strand, each.start_site) == place)
    return Locus(gene, chromosome.codes, interval, window, read)
