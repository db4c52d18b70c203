"""The unmodified SDK scores with the demo engine over a real port; equal to the engine's own."""

import numpy as np
import pytest
from alphagenome.data.genome import Interval, Variant
from alphagenome.models import interval_scorers, variant_scorers
from alphagenome.models.dna_output import OutputType

from predictor.genome.reference import Reference

pytestmark = pytest.mark.slow

INTERVAL = Interval("demo1", 100_000, 116_384)
SOME = [variant_scorers.RECOMMENDED_VARIANT_SCORERS[name] for name in ("DNASE", "RNA_SEQ")]
# Of two processes.
TOLERANCE = {"rtol": 1e-4, "atol": 1e-5}


@pytest.fixture(scope="module")
def genome(installed):
    return Reference(installed / "genomes" / "demoH1" / "genome.fa", assembly="demoH1")


def same(found, expected) -> None:
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one.X, other.X, **TOLERANCE)
        assert set(one.layers) == set(other.layers)
        for layer in other.layers:
            np.testing.assert_allclose(one.layers[layer], other.layers[layer], atol=1e-3)
        assert list(one.var["name"]) == list(other.var["name"])
        for column in {"gene_id", "strand", "junction_Start", "junction_End"} & set(other.obs):
            if len(other.obs):
                assert list(one.obs[column]) == list(other.obs[column])


def test_a_variant_has_the_recommended_scores_in_their_order(client, engine, genome):
    base = genome.sequence(Interval("demo1", 108_000, 108_001))
    variant = Variant("demo1", 108_001, base, "A" if base != "A" else "C")
    found = client.score_variant(INTERVAL, variant)
    expected = engine.score_variant(INTERVAL, variant, merge_stranded_gene_tracks=True)
    assert [one.uns["variant_scorer"] for one in found] == [
        one.uns["variant_scorer"] for one in expected
    ]
    assert len(found) == 19
    same(found, expected)
    assert any(one.n_obs > 1 for one in found), "no gene is near this variant"
    tidy = variant_scorers.tidy_scores(found)
    assert set(tidy["variant_scorer"].astype(str)) <= {
        str(one.uns["variant_scorer"]) for one in found
    }
    assert tidy["raw_score"].notna().any()


def test_an_old_sdk_that_knows_no_merging_gets_both_strands(client, engine, genome):
    base = genome.sequence(Interval("demo1", 108_000, 108_001))
    variant = Variant("demo1", 108_001, base, base + "ACG")
    found = client.score_variant(INTERVAL, variant, SOME, merge_stranded_gene_tracks=False)
    same(found, engine.score_variant(INTERVAL, variant, SOME))
    assert set(found[1].var["strand"]) >= {"+", "-"}


def test_an_interval_is_scored_gene_by_gene(client, engine):
    scorer = interval_scorers.GeneMaskScorer(
        requested_output=OutputType.RNA_SEQ,
        width=10_001,
        aggregation_type=interval_scorers.IntervalAggregationType.MEAN,
    )
    found = client.score_interval(INTERVAL, [scorer])
    same(found, engine.score_interval(INTERVAL, [scorer], merge_stranded_gene_tracks=True))
    assert found[0].n_obs


def test_every_substitution_of_a_stretch_is_scored(client, engine):
    stretch = Interval("demo1", 108_000, 108_012)
    found = client.score_ism_variants(INTERVAL, stretch, SOME, progress_bar=False)
    expected = engine.score_ism_variants(
        INTERVAL, stretch, SOME, progress_bar=False, merge_stranded_gene_tracks=True
    )
    by_variant = {str(scores[0].uns["variant"]): scores for scores in found}
    assert len(by_variant) == len(found) == 36
    for scores in expected:
        same(by_variant[str(scores[0].uns["variant"])], scores)


def test_substitutions_on_a_background_are_those_of_the_engine(client, engine, genome):
    base = genome.sequence(Interval("demo1", 108_001, 108_002))
    background = Variant("demo1", 108_002, base, base + "ACG")
    asked = {"interval_variant": background, "progress_bar": False}
    stretch = Interval("demo1", 108_000, 108_003)
    found = client.score_ism_variants(INTERVAL, stretch, SOME, **asked)
    expected = engine.score_ism_variants(
        INTERVAL, stretch, SOME, merge_stranded_gene_tracks=True, **asked
    )
    # One request of the SDK: the order of the stream is that of the genome.
    assert [scores[0].uns["variant"] for scores in found] == [
        scores[0].uns["variant"] for scores in expected
    ]
    for one, other in zip(found, expected, strict=True):
        same(one, other)
