"""Gene mask scorer of activity: how strong is a gene's signal on the stronger allele.

Axes: S positions, G genes, T tracks.

Source: spec/scoring.md 6.3.
"""

from typing import Any

from alphagenome.models.variant_scorers import GeneMaskActiveScorer
from jaxtyping import Float

from predictor.scoring.arrays import masked_means, namespace
from predictor.scoring.gene_mask_lfc import ExonMeans
from predictor.scoring.scorer import Arrays


class GeneMaskActive(ExonMeans):
    """The larger of the REF and ALT means over the exons of each gene; NaN without any exon."""

    def scores(
        self,
        scorer: GeneMaskActiveScorer,
        reference: Float[Any, "S T"],
        alternate: Float[Any, "S T"],
        arrays: Arrays,
    ) -> Float[Any, "G T"]:
        """Means in the unit of the tracks."""
        ref, alt = (masked_means(allele, arrays["masks"]) for allele in (reference, alternate))
        return namespace(reference).maximum(alt, ref)
