"""Gene mask scorer of splicing: the largest change of a splice site in a gene.

Axes: S positions, G genes, T tracks.

Source: spec/scoring.md 6.4.
"""

from typing import Any

import numpy as np
from alphagenome.models.variant_scorers import GeneMaskSplicingScorer
from jaxtyping import Bool, Float

from predictor.scoring.arrays import namespace, wide
from predictor.scoring.genes import body_spans, gene_rows, genes_overlapping
from predictor.scoring.scorer import Arrays, Prepared, VariantScoring, bases_of_spans, filled_rows
from predictor.scoring.site import VariantSite


class GeneMaskSplicing(VariantScoring):
    """Largest absolute change over the body of each gene that overlaps the variant.

    The width of the scorer has no effect, as in the official code (spec/scoring.md 15, no. 1).
    """

    aligned = True
    strand_specific = True
    needs_genes = True

    def prepare(self, scorer: GeneMaskSplicingScorer, site: VariantSite) -> Prepared:
        """The gene bodies as `spans` [G, 2] within the interval."""
        genes = genes_overlapping(site.genes or (), site.variant)
        spans = body_spans(genes, site.interval)
        return Prepared(arrays={"spans": filled_rows(spans)}, rows=gene_rows(genes, site.interval))

    def reads(
        self, scorer: GeneMaskSplicingScorer, prepared: Prepared, width: int
    ) -> Bool[np.ndarray, " S"]:
        """The bodies of the genes."""
        return bases_of_spans(prepared.arrays["spans"], width)

    def scores(
        self,
        scorer: GeneMaskSplicingScorer,
        reference: Float[Any, "S T"],
        alternate: Float[Any, "S T"],
        arrays: Arrays,
    ) -> Float[Any, "G T"]:
        """Changes of probability or usage; 0 for a gene without a base in the interval."""
        xp = namespace(reference)
        change = abs(wide(alternate) - wide(reference))
        bases = xp.arange(change.shape[0])

        def largest(span: Any) -> Any:
            inside = (bases >= span[0]) & (bases < span[1])
            return xp.where(inside[:, None], change, 0).max(axis=0)

        spans = arrays["spans"]
        # One gene at a time: genes × positions × tracks would not fit into memory.
        return xp.stack([largest(spans[gene]) for gene in range(spans.shape[0])])
