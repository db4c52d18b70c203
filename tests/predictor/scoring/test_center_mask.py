"""The center mask scorer on hand-made windows and tracks."""

import jax.numpy as jnp
import numpy as np
import pytest
from alphagenome.data.genome import Interval, Variant

from predictor.scoring.center_mask import Aggregation, center_mask, center_mask_score


@pytest.mark.parametrize(
    ("width", "resolution", "first", "last"),
    [(501, 1, 8_000 - 250, 8_000 + 250), (501, 128, 60, 63), (2_001, 128, 54, 69)],
)
def test_the_window_lies_around_the_bin_of_the_variant(width, resolution, first, last):
    interval = Interval("demoS", 4_096, 4_096 + 16_384)
    variant = Variant("demoS", 4_096 + 8_000 + 1, "A", "G")

    marked = np.flatnonzero(center_mask(interval, variant, width=width, resolution=resolution))

    assert (marked[0], marked[-1]) == (first, last)


def test_at_an_end_of_the_interval_the_window_is_cut_and_not_moved():
    interval = Interval("demoS", 1_000, 1_000 + 2_048)
    for position, expected in ((1_003, np.arange(253)), (3_048, np.arange(1_797, 2_048))):
        mask = center_mask(interval, Variant("demoS", position, "A", "G"), width=501, resolution=1)
        np.testing.assert_array_equal(np.flatnonzero(mask), expected)


def test_swapping_the_alleles_flips_the_sign_of_a_signed_aggregation():
    rng = np.random.default_rng(0)
    ref, alt = rng.random((2, 600, 3), dtype=np.float32)
    mask = np.arange(600) % 3 == 0
    for name in ("DIFF_MEAN", "DIFF_SUM", "DIFF_SUM_LOG2", "DIFF_LOG2_SUM"):
        forward = center_mask_score(ref, alt, mask, Aggregation[name])
        backward = center_mask_score(alt, ref, mask, Aggregation[name])
        np.testing.assert_allclose(backward, -forward)


def test_without_any_bin_means_are_nan_and_sums_zero():
    ref = np.ones((5, 2), np.float32)
    nothing = np.zeros(5, dtype=bool)
    for aggregation in Aggregation:
        score = center_mask_score(ref, ref, nothing, aggregation)
        expected = np.nan if aggregation.name.endswith("_MEAN") else 0.0
        np.testing.assert_array_equal(score, [expected, expected])


def test_a_weak_variant_beside_a_strong_signal_keeps_its_digits_on_the_device():
    ref = np.full((2_001, 1), 300.0, np.float32)
    alt = ref.copy()
    alt[1_000] += 0.0625
    everything = np.ones(2_001, bool)
    expected = np.log2(1 + 0.0625 / (1 + 2_001 * 300.0))
    score = center_mask_score(
        jnp.asarray(ref), jnp.asarray(alt), everything, Aggregation.DIFF_LOG2_SUM
    )
    np.testing.assert_allclose(score, expected, rtol=1e-4)
