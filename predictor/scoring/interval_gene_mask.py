"""Gene mask scorer of intervals: how strong is the signal of each gene.

Axes: S bins, G genes, T tracks.

Source: spec/scoring.md 7.
"""

from typing import Any

import numpy as np
from alphagenome.data.genome import Interval
from alphagenome.models.interval_scorers import GeneMaskScorer, IntervalAggregationType
from jaxtyping import Float

from predictor import errors
from predictor.scoring.arrays import masked_means, masked_sums
from predictor.scoring.genes import exon_masks, gene_rows, genes_starting_inside
from predictor.scoring.scorer import Arrays, IntervalScoring, Prepared, filled_rows
from predictor.scoring.site import IntervalSite
from predictor.tracks.output_types import OUTPUTS

_AGGREGATIONS = {
    IntervalAggregationType.MEAN: masked_means,
    IntervalAggregationType.SUM: masked_sums,
}


class IntervalGeneMask(IntervalScoring):
    """Mean or sum over the exons of each gene that starts in the middle of the interval.

    Strands of gene and track are not compared.
    """

    needs_genes = True

    def prepare(self, scorer: GeneMaskScorer, site: IntervalSite) -> Prepared:
        """The exon masks [G, S]; a bin counts if any of its bases does.

        Raises:
          InvalidScorerError: the scorer is wider than the interval.
          ScoringLimitError: more than 256 genes.
        """
        target = target_interval(scorer, site.interval)
        genes = genes_starting_inside(site.genes or (), target)
        first = target.start - site.interval.start
        bases = np.zeros((len(genes), site.interval.width), bool)
        bases[:, first : first + target.width] = exon_masks(genes, target)
        resolution = OUTPUTS[scorer.requested_output].resolution
        bins = site.interval.width // resolution
        masks = np.asarray(bases.reshape(len(genes), bins, resolution).any(axis=2))
        return Prepared(arrays={"masks": filled_rows(masks)}, rows=gene_rows(genes, target))

    def scores(
        self, scorer: GeneMaskScorer, predictions: Float[Any, "S T"], arrays: Arrays
    ) -> Float[Any, "G T"]:
        """In the unit of the tracks; a mean without any bin is NaN."""
        return _AGGREGATIONS[scorer.aggregation_type](predictions, arrays["masks"])


def target_interval(scorer: GeneMaskScorer, interval: Interval) -> Interval:
    """The part of the interval in which genes are looked for, around its centre.

    Raises:
      InvalidScorerError: the scorer is wider than the interval.
    """
    width = interval.width if scorer.width is None else scorer.width
    if width > interval.width:
        raise errors.InvalidScorerError(
            f"{scorer.name} is wider than the interval of {interval.width:,} bp; interval "
            "scorers must not be, choose a longer interval or a smaller width."
        )
    return interval.resize(width)
