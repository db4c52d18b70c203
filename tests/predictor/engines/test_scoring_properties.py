"""What must hold for the scores of any engine, tried on the small one."""

import concurrent.futures

import numpy as np
import pytest
from alphagenome.data.genome import Interval, Variant
from alphagenome.models.dna_output import OutputType

from predictor.scoring.scorers import VARIANT_SCORERS
from tests.predictor.engines.test_scoring_model import (
    RECOMMENDED,
    WINDOW,
    assert_same_bytes,
    snv,
)

SCORERS = [RECOMMENDED[name] for name in ("DNASE", "RNA_SEQ", "SPLICE_JUNCTIONS", "CHIP_TF")]


@pytest.fixture(scope="module")
def indels(reference):
    """An insertion and a deletion, with and without their anchor base."""
    anchor = reference.sequence(Interval("demo1", 1_549, 1_550))
    bases = reference.sequence(Interval("demo1", 1_550, 1_555))
    return {
        "insertion": (
            Variant("demo1", 1_550, anchor, anchor + "GG"),
            Variant("demo1", 1_551, "", "GG"),
        ),
        "deletion": (
            Variant("demo1", 1_550, anchor + bases, anchor),
            Variant("demo1", 1_551, bases, ""),
        ),
    }


def test_reference_against_reference_scores_zero(model, reference):
    base = reference.sequence(Interval("demo1", 1_549, 1_550))
    for result in model.score_variant(WINDOW, Variant("demo1", 1_550, base, base)):
        scorer = result.uns["variant_scorer"]
        if "ACTIVE" in str(scorer) or "Active" in str(scorer):
            continue
        values = result.X[np.isfinite(result.X)]
        assert values.size or scorer.requested_output is OutputType.SPLICE_JUNCTIONS
        np.testing.assert_array_equal(values, 0, err_msg=str(scorer))


def test_swapping_the_alleles_of_an_snv_flips_signed_scores_and_keeps_the_others(model, reference):
    variant = snv(reference, 1_550)
    swapped = Variant("demo1", 1_550, variant.alternate_bases, variant.reference_bases)
    forward = model.score_variant(WINDOW, variant)
    with pytest.warns(UserWarning, match="has . at this position, not"):
        backward = model.score_variant(WINDOW, swapped)
    assert any(result.uns["variant_scorer"].is_signed for result in forward)
    for one, other in zip(forward, backward, strict=True):
        scorer = one.uns["variant_scorer"]
        if scorer == RECOMMENDED["POLYADENYLATION"]:
            # Folds are averaged before they are compared, so there is no such symmetry.
            continue
        sign = -1 if scorer.is_signed else 1
        assert one.obs.equals(other.obs)
        np.testing.assert_allclose(other.X, sign * one.X, rtol=1e-4, atol=1e-5, err_msg=str(scorer))


@pytest.mark.parametrize("strand", ["+", "-"])
def test_the_strand_given_does_not_change_scores(model, indels, strand):
    stranded = Interval(WINDOW.chromosome, WINDOW.start, WINDOW.end, strand)
    for variant, _ in indels.values():
        found = model.score_variant(stranded, variant)
        assert_same_bytes(found, model.score_variant(WINDOW, variant))
    assert_same_intervals(model.score_interval(stranded), model.score_interval(WINDOW))


def assert_same_intervals(found, expected):
    for one, other in zip(found, expected, strict=True):
        assert one.X.tobytes() == other.X.tobytes()
        assert one.uns == other.uns


@pytest.mark.parametrize("kind", ["insertion", "deletion"])
def test_an_indel_with_and_without_its_anchor_base_scores_the_same(model, indels, kind):
    with_anchor, without = indels[kind]
    assert_same_bytes(
        model.score_variant(WINDOW, without), model.score_variant(WINDOW, with_anchor)
    )


def test_order_and_company_do_not_change_scores(model, reference, indels):
    """Variants of two windows, in two orders, and each alone."""
    other = Interval("demo1", 3_500, 5_548)
    pairs = [(WINDOW, snv(reference, position)) for position in (1_150, 1_500, 2_900)]
    pairs += [(other, snv(reference, 4_700)), (WINDOW, indels["deletion"][0])]
    pairs += [(other, snv(reference, 5_000)), (WINDOW, indels["insertion"][0])]
    alone = [model.score_variant(*pair, SCORERS) for pair in pairs]
    for order in (list(range(7)), [6, 3, 0, 5, 1, 4, 2]):
        intervals, variants = zip(*(pairs[place] for place in order), strict=True)
        together = model.score_variants(intervals, variants, SCORERS, progress_bar=False)
        for place, found in zip(order, together, strict=True):
            assert_same_bytes(found, alone[place])


def test_what_was_read_of_a_window_before_does_not_change_scores(model, reference):
    """Of a window long enough for stretches; REF keeps those of the variants before."""
    window = Interval("demo1", 1_000, 5_096)
    variants = [snv(reference, position) for position in (1_050, 2_300, 2_900, 4_100, 5_000)]
    alone = []
    for variant in variants:
        model.network.references.clear()
        alone.append(model.score_variant(window, variant, SCORERS))
    for order in ([0, 1, 2, 3, 4], [3, 0, 4, 2, 1]):
        model.network.references.clear()
        together = [variants[place] for place in order]
        found = model.score_variants(window, together, SCORERS, progress_bar=False)
        for place, scores in zip(order, found, strict=True):
            assert_same_bytes(scores, alone[place])


def test_the_number_of_workers_does_not_change_scores(model, reference):
    variants = [snv(reference, position) for position in range(1_150, 1_180, 5)]
    expected = model.score_variants(WINDOW, variants, SCORERS, progress_bar=False, max_workers=1)
    found = model.score_variants(WINDOW, variants, SCORERS, progress_bar=False, max_workers=7)
    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        apart = list(threads.map(lambda v: model.score_variant(WINDOW, v, SCORERS), variants))
    for one, other, third in zip(found, apart, expected, strict=True):
        assert_same_bytes(one, third)
        assert_same_bytes(other, third)


def test_which_other_scorers_are_asked_for_does_not_change_a_score(model, reference):
    variant = snv(reference, 1_550)
    together = model.score_variant(WINDOW, variant)
    for scorer in SCORERS:
        (alone,) = model.score_variant(WINDOW, variant, [scorer])
        (same,) = [result for result in together if result.uns["variant_scorer"] == scorer]
        np.testing.assert_allclose(alone.X, same.X, rtol=1e-5, atol=1e-5)
        assert VARIANT_SCORERS[type(scorer)].needs_genes == ("gene_id" in alone.obs)
