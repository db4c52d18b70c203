"""Measures of agreement, and effects of variants."""

import numpy as np
import pytest

from predictor.training import evaluate, variant_effects


def test_a_large_constant_does_not_change_the_correlation():
    rng = np.random.default_rng(0)
    x = rng.normal(size=1000)
    y = x + rng.normal(size=1000)
    expected = np.corrcoef(x, y)[0, 1]
    assert evaluate.pearson(x, y) == pytest.approx(expected, abs=1e-9)
    assert evaluate.pearson(x + 1e4, y + 1e4) == pytest.approx(expected, abs=1e-9)


def test_a_constant_side_has_no_correlation():
    assert evaluate.pearson(np.ones(5), np.arange(5.0)) == 0.0


def test_average_precision_of_a_hand_made_ranking():
    truth = np.array([True, False, True, False])
    score = np.array([0.9, 0.8, 0.7, 0.1])
    assert evaluate.average_precision(truth, score) == pytest.approx((1 / 1 + 2 / 3) / 2)
    assert evaluate.average_precision(truth, -score) == pytest.approx((1 / 2 + 2 / 4) / 2)
    assert evaluate.average_precision(~truth & truth, score) == 0.0


def test_swapping_the_alleles_flips_the_effect():
    rng = np.random.default_rng(1)
    ref, alt = rng.random((2, 1000, 3))
    forward = variant_effects.site_effect(ref, alt, 500)
    np.testing.assert_allclose(variant_effects.site_effect(alt, ref, 500), -forward)


def test_only_the_501_bases_around_the_site_count():
    ref = np.ones((1000, 1))
    alt = ref.copy()
    alt[:250] = alt[751:] = 9.0
    assert variant_effects.site_effect(ref, alt, 500)[0] == 0.0
    alt[250] = 2.0
    assert variant_effects.site_effect(ref, alt, 500)[0] == pytest.approx(np.log2(503 / 502))


def test_substitutions_keep_the_length():
    codes = np.array([0, 1, 2, 3, 0, 1], np.uint8)
    inserted = np.array([3, 3], np.uint8)
    np.testing.assert_array_equal(
        variant_effects.substitute(codes, 2, 0, inserted), [0, 1, 3, 3, 2, 3]
    )
    np.testing.assert_array_equal(
        variant_effects.substitute(codes, 2, 3, inserted[:0]), [0, 1, 1, 4, 4, 4]
    )
