"""Results in the form of the SDK: AnnData, merged strands, and one long table."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from alphagenome.models import variant_scorers, variant_scoring_utils
from anndata import AnnData

from predictor import errors
from predictor.scoring.scorer import ScoreTable

# Of the long table of variants (spec/scoring.md 13), for results that hold no score at all.
_TIDY_COLUMNS = (
    *("variant_id", "scored_interval", "gene_id", "gene_name", "gene_type", "gene_strand"),
    *("junction_Start", "junction_End", "output_type", "variant_scorer"),
    *("track_name", "track_strand", "raw_score"),
)


def annotated(table: ScoreTable, **uns: Any) -> AnnData:
    """A result: X float32 [rows, tracks], obs the rows, var the tracks, uns what was scored."""
    return AnnData(
        X=np.ascontiguousarray(table.values, np.float32),
        obs=table.rows,
        var=table.tracks,
        uns=uns,
    )


def without_tracks(rows: pd.DataFrame) -> ScoreTable:
    """The scores of an output type that the organism has no tracks of."""
    return ScoreTable(
        values=np.zeros((len(rows), 0), np.float32),
        rows=rows,
        tracks=pd.DataFrame({"name": [], "strand": []}, dtype=str, index=pd.Index([], dtype=str)),
    )


def merged(result: AnnData) -> AnnData:
    """Gives each gene the tracks of its own strand; a result without genes stays as it is.

    Raises:
      InvalidScoringRequestError: the tracks of the two strands are not the same ones.

    Source: spec/scoring.md 12.
    """
    try:
        return variant_scoring_utils.merge_stranded_gene_tracks(result)
    except ValueError as error:
        raise errors.InvalidScoringRequestError(
            "The tracks on + and on - cannot be merged, because they do not have the same names "
            "in the same order; ask for the scores of both strands instead."
        ) from error


def tidy_scores(
    scores: Sequence[AnnData] | Sequence[Sequence[AnnData]],
    *,
    match_gene_strand: bool = True,
    include_extended_metadata: bool = True,
) -> pd.DataFrame:
    """The SDK's long table; where no result holds a score, an empty one with its columns.

    Upstream fails then, for example for a variant far from any gene (spec/scoring.md 15, no. 9).
    """
    found = [one for group in scores for one in ([group] if isinstance(group, AnnData) else group)]
    if not any(one.X.size for one in found):
        return pd.DataFrame({column: [] for column in _TIDY_COLUMNS})
    table: pd.DataFrame = variant_scorers.tidy_scores(
        scores, match_gene_strand, include_extended_metadata
    )
    return table
