import numpy as np
import pandas as pd
import pytest
from alphagenome.data.genome import Variant

from predictor.scoring.long_table import SCHEMA, ScoredRecord, long_table
from predictor.scoring.results import tidy_scores
from tests.predictor.scoring.conftest import DELETION, SNV


@pytest.fixture(scope="module")
def results(world, scorers):
    return [world.score(scorers, SNV), world.score(scorers, DELETION)]


def as_text(values):
    return [None if pd.isna(value) else str(value) for value in values]


def test_it_is_the_tidy_table_of_the_sdk(results):
    """Slow version: `tidy_scores`."""
    records = [ScoredRecord("rs1", 12, results[0]), ScoredRecord("", 13, results[1])]
    found = long_table(records).to_pandas()
    expected = tidy_scores(results)
    shared = [column for column in found if column in expected]
    assert set(expected) == set(shared)
    for column in shared:
        if column == "raw_score":
            np.testing.assert_array_equal(found[column], expected[column].astype(np.float32))
        elif column.startswith("junction"):
            np.testing.assert_array_equal(
                found[column].to_numpy(float), expected[column].to_numpy(float)
            )
        else:
            assert as_text(found[column]) == as_text(expected[column]), column
    first = found["variant_id"] == str(SNV)
    assert set(found["vcf_line"][first]) == {12}
    assert set(found["vcf_line"][~first]) == {13}
    assert found["vcf_id"][first].eq("rs1").all()
    assert found["vcf_id"][~first].isna().all()


def test_columns_are_the_same_whatever_was_scored(world, scorers, results):
    nothing = world.score([scorers[8]], Variant("demo1", 10_002, "A", "T"))
    for records in ([], [ScoredRecord("", 1, [])], [ScoredRecord("", 1, results[0])]):
        assert long_table(records).schema.equals(SCHEMA)
    assert (
        long_table([ScoredRecord("", 1, nothing)]).num_rows
        == nothing[0].X[np.isfinite(nothing[0].X)].size
    )


def test_quantiles_go_along_with_their_scores(results):
    result = results[0][0].copy()
    result.layers["quantiles"] = result.X / 10
    found = long_table([ScoredRecord("", 1, [result, *results[0][1:]])]).to_pandas()
    ranked = found["quantile_score"].notna()
    np.testing.assert_array_equal(found["quantile_score"][ranked], result.X[0] / 10)
    assert ranked.sum() == result.n_vars
