"""Scores of intervals: what must be predicted, the numbers, the result as in the SDK."""

from collections.abc import Mapping, Sequence
from typing import Any

from alphagenome.models.dna_output import OutputType
from alphagenome.models.interval_scorers import IntervalScorerTypes
from anndata import AnnData

from predictor.scoring.checks import check_scoring_data
from predictor.scoring.results import annotated, merged, without_tracks
from predictor.scoring.scorer import Arrays, Prepared
from predictor.scoring.scorers import INTERVAL_SCORERS
from predictor.scoring.site import IntervalSite
from predictor.tracks.catalogue import TrackTable


def prepare(scorers: Sequence[IntervalScorerTypes], site: IntervalSite) -> list[Prepared]:
    """What each scorer needs at a site.

    Raises:
      ScoringDataMissingError: no gene annotation is installed.
      InvalidScorerError, ScoringLimitError: see the scorers.
    """
    check_scoring_data(scorers, genes=site.genes is not None)
    return [INTERVAL_SCORERS[type(scorer)].prepare(scorer, site) for scorer in scorers]


def compute(
    scorers: Sequence[IntervalScorerTypes],
    predictions: Mapping[OutputType, Any],
    arrays: Sequence[Arrays],
) -> list[Any]:
    """The numbers of one interval; a pure function of arrays, as `variant_scores.compute`."""
    return [
        INTERVAL_SCORERS[type(scorer)].scores(scorer, predictions[scorer.requested_output], own)
        if scorer.requested_output in predictions
        else None
        for scorer, own in zip(scorers, arrays, strict=True)
    ]


def assemble(
    scorers: Sequence[IntervalScorerTypes],
    prepared: Sequence[Prepared],
    numbers: Sequence[Any],
    site: IntervalSite,
    tracks: Mapping[OutputType, TrackTable],
    *,
    merge_stranded_gene_tracks: bool = False,
) -> list[AnnData]:
    """The results of one interval, one AnnData for each scorer; see `variant_scores.assemble`."""
    results = []
    for scorer, own, found in zip(scorers, prepared, numbers, strict=True):
        table = tracks.get(scorer.requested_output)
        named = (
            without_tracks(own.rows)
            if found is None or table is None
            else INTERVAL_SCORERS[type(scorer)].table(own, found, table)
        )
        result = annotated(named, interval=site.interval, interval_scorer=scorer)
        results.append(merged(result) if merge_stranded_gene_tracks else result)
    return results


def score_interval(
    scorers: Sequence[IntervalScorerTypes],
    site: IntervalSite,
    predictions: Mapping[OutputType, Any],
    tracks: Mapping[OutputType, TrackTable],
) -> list[AnnData]:
    """All of the above for one interval."""
    prepared = prepare(scorers, site)
    numbers = compute(scorers, predictions, [p.arrays for p in prepared])
    return assemble(scorers, prepared, numbers, site, tracks)
