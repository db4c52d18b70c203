import numpy as np
import pytest
from alphagenome.data.genome import Interval, Variant
from alphagenome.models import variant_scorers

from predictor import errors
from predictor.scoring.haplotype import joined
from predictor.scoring.scorer import ScoreTable
from tests.predictor.engines.test_scoring_model import RECOMMENDED, WINDOW, snv

NAMES = ("DNASE", "RNA_SEQ", "SPLICE_SITES", "SPLICE_JUNCTIONS", "CONTACT_MAPS", "POLYADENYLATION")
SCORERS = [RECOMMENDED[name] for name in NAMES]


@pytest.fixture(scope="module")
def variants(reference):
    base = reference.sequence(Interval("demo1", 1_299, 1_300))
    return [snv(reference, 1_560), Variant("demo1", 1_300, base, base + "ACG")]


@pytest.fixture(scope="module")
def found(model, variants):
    return model.score_haplotype(WINDOW, variants, SCORERS)


def of(found, name):
    return [score for score in found.scores if score.scorer == RECOMMENDED[name]]


def test_each_alone_is_the_score_of_the_variant(model, variants, found):
    left, right = variants[1], variants[0]
    assert found.variants == (left, right)
    for number, variant in enumerate((left, right)):
        expected = model.score_variant(WINDOW, variant, SCORERS)
        for name, result in zip(NAMES, expected, strict=True):
            if name == "SPLICE_JUNCTIONS" or (name == "DNASE" and variant == left):
                # Other junctions may change most; and center masks are not aligned there.
                continue
            scores = of(found, name)
            (score,) = scores if len(scores) == 1 else [s for s in scores if s.at == variant]
            np.testing.assert_allclose(
                score.alone[number], result.X, rtol=1e-5, atol=1e-5, err_msg=name
            )
            assert [*score.rows.get("gene_id", [])] == [*result.obs.get("gene_id", [])]


def test_combined_is_the_score_of_the_sequence_that_has_all(model, reference):
    """The same ALT sequence written as one variant; scores of genes do not depend on the way."""
    pair = [snv(reference, 1_560), snv(reference, 1_570)]
    bases = reference.sequence(Interval("demo1", 1_559, 1_570))
    both = pair[0].alternate_bases + bases[1:-1] + pair[1].alternate_bases
    whole = Variant("demo1", 1_560, bases, both)
    scorers = [RECOMMENDED[name] for name in ("RNA_SEQ", "SPLICE_SITES", "SPLICE_JUNCTIONS")]
    expected = model.score_variant(WINDOW, whole, scorers)
    for score, result in zip(
        model.score_haplotype(WINDOW, pair, scorers).scores, expected, strict=True
    ):
        np.testing.assert_allclose(score.combined, result.X, rtol=1e-6, atol=1e-7)
        assert np.nanmax(abs(score.combined)) > 1e-3


def test_the_interaction_is_combined_minus_the_sum_of_each_alone(found):
    for score in found.scores:
        np.testing.assert_array_equal(
            score.interaction, score.combined - (score.alone[0] + score.alone[1])
        )
        np.testing.assert_array_equal(score.beyond[1], score.combined - score.alone[1])


def test_what_is_around_a_variant_is_scored_around_each(found):
    assert [score.at for score in of(found, "DNASE")] == list(found.variants)
    assert [score.at for score in of(found, "RNA_SEQ")] == [None]


def test_a_variant_without_effect_leaves_the_other_as_it_is(model, reference, variants):
    base = reference.sequence(Interval("demo1", 1_899, 1_900))
    silent = Variant("demo1", 1_900, base, base)
    found = model.score_haplotype(WINDOW, [variants[1], silent], SCORERS)
    for score in found.scores:
        np.testing.assert_array_equal(score.combined, score.alone[0])
        changes = score.alone[1][np.isfinite(score.alone[1])]
        np.testing.assert_array_equal(changes, 0)


def test_the_table_has_every_effect_of_every_track(found):
    table = found.table()
    (score,) = of(found, "RNA_SEQ")
    rows = table[
        (table["variant_scorer"] == str(score.scorer)) & (table["effect"] == "interaction")
    ]
    matched = np.isfinite(score.interaction)
    np.testing.assert_array_equal(rows["score"], score.interaction.T[matched.T])
    assert set(table["effect"]) == {"combined", "alone", "beyond", "expected", "interaction"}
    alone = table[table["effect"] == "alone"]
    assert set(alone["variant"]) == set(map(str, found.variants))
    assert table["variants"].unique().tolist() == ["+".join(map(str, found.variants))]


def test_overlapping_variants_and_single_ones_are_refused(model, reference, variants):
    bases = reference.sequence(Interval("demo1", 1_297, 1_301))
    with pytest.raises(errors.OverlappingVariantsError, match="change the same bases"):
        model.score_haplotype(WINDOW, [variants[1], Variant("demo1", 1_298, bases, bases[0])])
    with pytest.raises(errors.InvalidScoringRequestError, match="two variants at least, found 1"):
        model.score_haplotype(WINDOW, variants[:1])
    with pytest.raises(errors.VariantOutsideIntervalError):
        model.score_haplotype(WINDOW, [variants[0], snv(reference, 5_000)], SCORERS)


def test_a_gene_near_several_variants_is_listed_once():
    import pandas as pd

    tracks = pd.DataFrame({"name": ["t"], "strand": ["."]}, index=["0"])

    def table(genes):
        return ScoreTable(
            values=np.array([[float(len(gene))] for gene in genes], np.float32).reshape(-1, 1),
            rows=pd.DataFrame({"gene_id": pd.Series(genes, dtype=str)}),
            tracks=tracks,
        )

    found = joined([table(["a"]), table([]), table(["a", "bb"])])
    assert found.rows["gene_id"].tolist() == ["a", "bb"]
    assert found.rows.index.tolist() == ["0", "1"]
    np.testing.assert_array_equal(found.values, [[1], [2]])
    assert isinstance(SCORERS[0], variant_scorers.CenterMaskScorer)
