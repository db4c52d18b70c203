"""Tables, composite scores and quantiles made from results."""

import numpy as np
import pandas as pd
import pytest
from alphagenome.models import variant_scorers
from anndata import AnnData

from predictor import errors
from predictor.scoring.calibration import quantile_scores
from predictor.scoring.composite_splicing import composite_splicing_score
from predictor.scoring.results import merged, tidy_scores
from tests.predictor.scoring.conftest import SNV

RECOMMENDED = variant_scorers.RECOMMENDED_VARIANT_SCORERS
SPLICING = [RECOMMENDED[n] for n in ("SPLICE_SITES", "SPLICE_SITE_USAGE", "SPLICE_JUNCTIONS")]


def test_the_long_table_has_a_row_for_each_gene_and_track_of_its_strand(world):
    table = tidy_scores([world.score([RECOMMENDED["RNA_SEQ"], RECOMMENDED["ATAC"]], SNV)])
    assert table["output_type"].value_counts().to_dict() == {"RNA_SEQ": 6, "ATAC": 5}
    assert table["raw_score"].notna().all()
    assert set(table["variant_id"].map(str)) == {str(SNV)}


def test_a_variant_far_from_any_gene_gives_an_empty_table_with_its_columns(world):
    site = world.site(SNV)
    results = world.score(
        [RECOMMENDED["SPLICE_SITES"]],
        SNV,
        site=type(site)(interval=site.interval, variant=SNV, genes=()),
    )
    for scores in ([results], results, [], [[]]):
        table = tidy_scores(scores)
        assert table.empty
        assert {"variant_id", "track_name", "raw_score"} <= set(table.columns)


def test_strands_that_do_not_match_cannot_be_merged():
    result = AnnData(
        np.zeros((1, 2), np.float32),
        obs=pd.DataFrame({"gene_id": ["G"], "strand": ["+"]}, index=["0"]),
        var=pd.DataFrame({"name": ["a", "b"], "strand": ["+", "-"]}, index=["0", "1"]),
    )
    with pytest.raises(errors.InvalidScoringRequestError, match="same names"):
        merged(result)


def test_the_composite_splicing_score_adds_the_largest_changes_and_a_fifth_of_the_junctions(world):
    results = world.score(SPLICING, SNV)
    sites, usage, junctions = (np.nanmax(result.X) for result in results)
    assert composite_splicing_score(results) == pytest.approx(sites + usage + junctions / 5)


def test_the_composite_splicing_score_of_one_gene_is_about_that_gene(world):
    results = world.score(SPLICING, SNV)
    genes = {
        gene: composite_splicing_score(results, gene_id=gene) for gene in ("D-ONE.1", "D-TWO.1")
    }
    assert len(set(genes.values())) == 2
    assert max(genes.values()) <= composite_splicing_score(results)
    assert composite_splicing_score(results, gene_id="D-FAR.1") == 0


def test_a_missing_part_of_the_composite_splicing_score_is_named(world):
    with pytest.raises(errors.InvalidScoringRequestError, match="needs scores of SPLICE_JUNCTIONS"):
        composite_splicing_score(world.score(SPLICING[:2], SNV))


def test_quantiles_rise_with_the_score_and_keep_nan():
    breakpoints = np.array([[-1.0, 0.0, 1.0]], np.float32)
    probabilities = np.array([-0.9, 0.0, 0.9], np.float32)
    raw = np.array([[-5.0], [-0.5], [0.0], [0.5], [5.0], [np.nan]], np.float32)
    found = quantile_scores(raw, breakpoints, probabilities)
    expected = np.array([-0.9, 0.0, 0.0, 0.9, 0.9, np.nan], np.float32)
    np.testing.assert_array_equal(found[:, 0], expected)


def test_equal_scores_of_the_background_have_one_answer():
    breakpoints = np.array([[0.0, 1.0, 1.0, 1.0, 1.0, 2.0]], np.float32)
    probabilities = np.arange(6, dtype=np.float32) / 6
    raw = np.array([[1.0]], np.float32)
    assert quantile_scores(raw, breakpoints, probabilities) == probabilities[1]
    assert quantile_scores(raw, breakpoints, probabilities, ties="mean") == probabilities[3]
