"""Gene mask scorer of log fold change: does a gene's signal rise or fall.

Axes: S positions, G genes, T tracks.

Source: spec/scoring.md 6.3.
"""

from typing import Any

import numpy as np
from alphagenome.models.variant_scorers import GeneMaskActiveScorer, GeneMaskLFCScorer
from jaxtyping import Bool, Float

from predictor.scoring.arrays import masked_means, namespace
from predictor.scoring.genes import exon_masks, gene_rows, genes_starting_inside
from predictor.scoring.scorer import Arrays, Prepared, VariantScoring, filled_rows
from predictor.scoring.site import VariantSite

# Keeps the logarithm of a silent gene finite; in the unit of the tracks.
_PSEUDOCOUNT = 0.001


class ExonMeans(VariantScoring):
    """What the two scorers that average over exons have in common.

    Genes are those with a transcript that starts in the interval; the exons of these transcripts
    count. Where the variant lies plays no role.
    """

    aligned = True
    same_for_interval = True
    strand_specific = True
    needs_genes = True

    def prepare(
        self, scorer: GeneMaskLFCScorer | GeneMaskActiveScorer, site: VariantSite
    ) -> Prepared:
        """The exon masks [G, S].

        Raises:
          ScoringLimitError: more than 256 genes.
        """
        genes = genes_starting_inside(site.genes or (), site.interval)
        masks = exon_masks(genes, site.interval)
        return Prepared(arrays={"masks": filled_rows(masks)}, rows=gene_rows(genes, site.interval))

    def reads(
        self,
        scorer: GeneMaskLFCScorer | GeneMaskActiveScorer,
        prepared: Prepared,
        width: int,
    ) -> Bool[np.ndarray, " S"]:
        """The exons of all genes."""
        found: np.ndarray = prepared.arrays["masks"].any(axis=0)
        return found


class GeneMaskLFC(ExonMeans):
    """Natural log of the ratio of ALT and REF means over the exons of each gene.

    NaN for a gene that starts inside the interval but has no exon there.
    """

    def scores(
        self,
        scorer: GeneMaskLFCScorer,
        reference: Float[Any, "S T"],
        alternate: Float[Any, "S T"],
        arrays: Arrays,
    ) -> Float[Any, "G T"]:
        """Log fold changes; gains are positive."""
        xp = namespace(reference)
        ref, alt = (masked_means(allele, arrays["masks"]) for allele in (reference, alternate))
        return xp.log(alt + _PSEUDOCOUNT) - xp.log(ref + _PSEUDOCOUNT)
