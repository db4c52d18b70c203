"""Bins of a view: which level is read, and that summaries equal slow NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.results.levels import (
    SUMMARY_PLANES,
    bin_widths,
    choose_reading,
    coarsen,
    reduce_bins,
    summarise,
    summary_levels,
)

SLOW = {"mean": np.mean, "max": np.max, "min": np.min}


def slow_bins(values: np.ndarray, size: int, reduction: str) -> np.ndarray:
    """[T, S] native values to [T, bins] by slicing, one bin after the other."""
    columns = [
        SLOW[reduction](values[:, first : first + size].astype(np.float64), axis=1)
        for first in range(0, values.shape[1], size)
    ]
    return np.stack(columns, axis=1).astype(np.float32)


@pytest.mark.parametrize("length", [1, 31, 32, 33, 500, 2_048, 2_049])
@pytest.mark.parametrize("factor", [1, 2, 3, 7, 32])
@pytest.mark.parametrize("reduction", ["mean", "max", "min"])
def test_joining_bins_equals_slow_slicing_with_a_cut_last_bin(length, factor, reduction):
    values = np.random.default_rng(length).normal(size=(3, length)).astype(np.float32)

    joined = reduce_bins(values, np.ones(length, np.float32), factor, reduction)

    np.testing.assert_allclose(joined, slow_bins(values, factor, reduction), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("length", [2_048, 5_000, 2_048 * 3 + 1])
def test_a_summary_of_a_summary_equals_the_summary_of_the_native_values(length):
    rng = np.random.default_rng(1)
    ref, alt = rng.random((2, 4, length), dtype=np.float32)
    native = {
        "reference": ref,
        "alternate": alt,
        "difference_max": alt - ref,
        "difference_min": alt - ref,
    }

    fine = summarise(ref, alt, 32)
    coarse = coarsen(fine, bin_widths(length, 32), 8)

    for planes, size in ((fine, 32), (coarse, 256)):
        for values, (plane, reduction) in zip(planes, SUMMARY_PLANES, strict=True):
            expected = slow_bins(native[plane], size, reduction)
            np.testing.assert_allclose(values, expected, rtol=1e-5, atol=1e-6)


def test_a_splice_site_lost_beside_a_stronger_one_stays_visible_at_every_level():
    ref = np.zeros((1, 4_096), np.float32)
    ref[0, [1_000, 1_100]] = 0.9, 0.6
    alt = ref.copy()
    alt[0, 1_100] = 0.0

    planes = summarise(ref, alt, 32)
    coarse = coarsen(planes, bin_widths(4_096, 32), 64)

    lowest = [index for index, plane in enumerate(SUMMARY_PLANES) if plane[0] == "difference_min"]
    assert coarse[lowest[0], 0, 0] == pytest.approx(-0.6)
    assert coarse[1, 0, 0] == coarse[3, 0, 0] == pytest.approx(0.9)


def test_short_parts_have_few_levels_and_long_ones_all():
    assert summary_levels(1_048_576, 1) == [32, 256, 2_048]
    assert summary_levels(16_384, 1) == [32]
    assert summary_levels(1_048_576 // 128, 128) == [1_024]
    assert summary_levels(16_384 // 128, 128) == []


@given(
    start=st.integers(-3_000, 9_000),
    width=st.integers(1, 12_000),
    max_bins=st.integers(1, 3_000),
    length=st.sampled_from([4_096, 5_000, 6_143]),
    levels=st.sampled_from([[1], [1, 32], [32], [1, 32, 256], [32, 256]]),
)
def test_any_view_gets_every_base_of_it_in_at_most_one_bin_more_than_asked(
    start, width, max_bins, length, levels
):
    origin = 1_000
    reading = choose_reading(
        start=start,
        end=start + width,
        max_bins=max_bins,
        interval_start=origin,
        interval_end=origin + length,
        levels=levels,
    )
    first, last = max(start, origin), min(start + width, origin + length)
    if first >= last:
        assert reading is None
        return
    assert reading is not None
    assert reading.bins <= max_bins + 1 or reading.bin == min(levels)
    assert reading.start <= first < reading.start + reading.bin
    end = reading.start + reading.bins * reading.bin
    assert end - reading.bin < last <= end
    assert (reading.start - origin) % reading.bin == 0
    assert reading.start == origin + reading.first * reading.level


def test_the_bin_size_stays_the_same_while_panning():
    sizes = {
        choose_reading(
            start=start,
            end=start + 10_000,
            max_bins=700,
            interval_start=0,
            interval_end=100_000,
            levels=[1, 32, 256],
        ).bin
        for start in range(0, 80_000, 777)
    }
    assert len(sizes) == 1
