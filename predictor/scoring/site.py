"""Where a variant or an interval is scored, and what is known about the place."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from alphagenome.data.genome import Interval, Variant

from predictor.genome.gene import Gene
from predictor.genome.gene_annotation import Annotation
from predictor.genome.haplotype_coordinates import HaplotypeCoordinates


class SitesOfGenes(Protocol):
    """Polyadenylation sites gene by gene, such as `genome.polyadenylation.PolyadenylationSites`."""

    def of_gene(self, gene_id: str, strand: str) -> np.ndarray:
        """Start and end [P, 2] of the sites of a gene on its strand, 0-based half-open."""


@dataclass(frozen=True, kw_only=True)
class IntervalSite:
    """An interval to be scored.

    Attributes:
      interval: the predicted interval, unstranded: scores do not depend on the strand that the
        network saw (spec/scoring.md 3, recommendation).
      genes: those near the interval, in the order of the annotation, in which they are listed;
        None if no gene annotation is installed.
    """

    interval: Interval
    genes: tuple[Gene, ...] | None


@dataclass(frozen=True, kw_only=True)
class VariantSite(IntervalSite):
    """A variant to be scored, in the interval that is predicted for it.

    Attributes:
      variant: with an anchor base where an allele would be empty (`check_variant` adds it), so
        that the window around it does not depend on the way it is written.
      polyadenylation_sites: None if no such table is installed.
    """

    variant: Variant
    polyadenylation_sites: SitesOfGenes | None = None


def interval_site(interval: Interval, annotation: Annotation | None) -> IntervalSite:
    """The site of an interval, with the genes that any scorer could ask for."""
    return IntervalSite(
        interval=interval.as_unstranded(), genes=_nearby(annotation, interval, interval.end)
    )


def variant_site(
    interval: Interval,
    variant: Variant,
    annotation: Annotation | None,
    polyadenylation_sites: SitesOfGenes | None = None,
) -> VariantSite:
    """The site of a variant, with the genes that any scorer could ask for."""
    # Genes count as overlapping also where only the longer ALT would reach them.
    end = max(interval.end, variant.end, variant.start + len(variant.alternate_bases))
    return VariantSite(
        interval=interval.as_unstranded(),
        variant=variant,
        genes=_nearby(annotation, interval, end),
        polyadenylation_sites=polyadenylation_sites,
    )


def haplotype_site(
    interval: Interval,
    variant: Variant,
    coordinates: HaplotypeCoordinates,
    annotation: Annotation | None,
    polyadenylation_sites: SitesOfGenes | None = None,
) -> VariantSite:
    """The site of a variant on an ALT sequence, all of it in coordinates of that haplotype.

    Args:
      interval: the window.
      variant: in coordinates of the haplotype.
      coordinates: of the variants that the ALT sequence has without this one.
      annotation: genes of the genome.
      polyadenylation_sites: of the genome.
    """
    genes = _nearby(annotation, interval, interval.end + coordinates.drawn_in)
    return VariantSite(
        interval=interval.as_unstranded(),
        variant=variant,
        genes=None if genes is None else tuple(map(coordinates.gene, genes)),
        polyadenylation_sites=(
            None
            if polyadenylation_sites is None
            else _MovedSites(polyadenylation_sites, coordinates)
        ),
    )


@dataclass(frozen=True)
class _MovedSites:
    sites: SitesOfGenes
    coordinates: HaplotypeCoordinates

    def of_gene(self, gene_id: str, strand: str) -> np.ndarray:
        found = self.sites.of_gene(gene_id, strand)
        moved = [self.coordinates.of_haplotype(start) for start in found[:, 0].tolist()]
        return np.stack([moved, moved + (found[:, 1] - found[:, 0])], axis=1).astype(int)


def _nearby(annotation: Annotation | None, interval: Interval, end: int) -> tuple[Gene, ...] | None:
    if annotation is None:
        return None
    # One base more on the left: a - gene that ends where the interval starts has its TSS there.
    found = annotation.genes(interval.chromosome, interval.start - 1, end)
    return tuple(sorted(found, key=lambda gene: gene.number))
