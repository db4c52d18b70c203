"""Every scorer of the SDK and how it computes. A new scorer is one file and one line here."""

from collections.abc import Iterable, Sequence
from typing import Any

from alphagenome.data.genome import Interval
from alphagenome.models import interval_scorers, variant_scorers
from alphagenome.models.dna_model import Organism
from alphagenome.models.interval_scorers import GeneMaskScorer, IntervalScorerTypes
from alphagenome.models.variant_scorers import VariantScorerTypes

from predictor.scoring.center_mask import CenterMask
from predictor.scoring.contact_map import ContactMap
from predictor.scoring.gene_mask_active import GeneMaskActive
from predictor.scoring.gene_mask_lfc import GeneMaskLFC
from predictor.scoring.gene_mask_splicing import GeneMaskSplicing
from predictor.scoring.interval_gene_mask import IntervalGeneMask
from predictor.scoring.polyadenylation import Polyadenylation
from predictor.scoring.scorer import IntervalScoring, Scoring, VariantScoring
from predictor.scoring.splice_junction import SpliceJunction

VARIANT_SCORERS: dict[type[Any], VariantScoring] = {
    variant_scorers.CenterMaskScorer: CenterMask(),
    variant_scorers.ContactMapScorer: ContactMap(),
    variant_scorers.GeneMaskLFCScorer: GeneMaskLFC(),
    variant_scorers.GeneMaskActiveScorer: GeneMaskActive(),
    variant_scorers.GeneMaskSplicingScorer: GeneMaskSplicing(),
    variant_scorers.SpliceJunctionScorer: SpliceJunction(),
    variant_scorers.PolyadenylationScorer: Polyadenylation(),
}

INTERVAL_SCORERS: dict[type[Any], IntervalScoring] = {
    interval_scorers.GeneMaskScorer: IntervalGeneMask(),
}

RECOMMENDED_VARIANT_SCORERS: dict[str, VariantScorerTypes] = dict(
    variant_scorers.RECOMMENDED_VARIANT_SCORERS
)


def recommended_variant_scorers(
    organism: Organism, *, genes: bool = True, polyadenylation_sites: bool = True
) -> tuple[VariantScorerTypes, ...]:
    """The SDK's recommended scorers in its order: 19 for human, 18 for mouse.

    Args:
      organism: whose scorers.
      genes: a gene annotation is installed; without one, scorers that need it are left out.
      polyadenylation_sites: the same for the table of polyadenylation sites.
    """
    found: Iterable[VariantScorerTypes] = variant_scorers.get_recommended_scorers(organism.value)
    return tuple(
        scorer
        for scorer in found
        if _has_its_data(VARIANT_SCORERS[type(scorer)], genes, polyadenylation_sites)
    )


def recommended_interval_scorers(interval: Interval) -> tuple[IntervalScorerTypes, ...]:
    """The SDK's recommended interval scorers, narrowed where the interval is too short.

    The recommended width of 200,001 bp does not fit into the shorter windows, so that the
    official default fails there; here it becomes the largest width that fits, the whole interval
    if none does (spec/scoring.md 15, no. 13). The name of the scorer in the result says which.
    """
    return tuple(
        _narrowed(scorer, interval.width)
        for scorer in interval_scorers.RECOMMENDED_INTERVAL_SCORERS.values()
    )


def _narrowed(scorer: GeneMaskScorer, longest: int) -> GeneMaskScorer:
    if scorer.width is None or scorer.width <= longest:
        return scorer
    offered: Sequence[int | None] = interval_scorers.SUPPORTED_WIDTHS[scorer.base_interval_scorer]
    fitting = [width for width in offered if width is not None and width <= longest]
    return GeneMaskScorer(
        requested_output=scorer.requested_output,
        width=max(fitting, default=None),
        aggregation_type=scorer.aggregation_type,
    )


def _has_its_data(scoring: Scoring, genes: bool, polyadenylation_sites: bool) -> bool:  # noqa: FBT001
    return (genes or not scoring.needs_genes) and (
        polyadenylation_sites or not scoring.needs_polyadenylation_sites
    )
