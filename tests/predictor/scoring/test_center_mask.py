"""The center mask scorer against the official golden cases and hand-made ones."""

import json
from pathlib import Path

import numpy as np
import pytest
from alphagenome.data.genome import Interval, Variant

from predictor.scoring.center_mask import Aggregation, center_mask, center_mask_score

GOLDEN = sorted(
    (Path(__file__).resolve().parents[4] / "shared/parity").glob("scoring_case_center_*.npz")
)


def _variant(text: str) -> Variant:
    chromosome, position, alleles = text.split(":")
    reference, alternate = alleles.split(">")
    return Variant(chromosome, int(position), reference, alternate)


@pytest.mark.skipif(not GOLDEN, reason="the golden cases of ../shared/parity are not here")
@pytest.mark.parametrize("file", GOLDEN, ids=lambda file: file.stem)
def test_equals_the_official_scorer_on_its_golden_cases(file: Path):
    case = np.load(file)
    meta = json.loads(str(case["meta"]))
    interval = Interval.from_str(meta["interval"])
    variant = _variant(meta["variant"])
    for index, width in enumerate(meta["widths"]):
        mask = center_mask(interval, variant, width=width, resolution=meta["resolution"])
        np.testing.assert_array_equal(mask, case["expected_masks"][index])
        for column, name in enumerate(meta["aggregations"]):
            score = center_mask_score(case["ref"], case["alt"], mask, Aggregation(name))
            np.testing.assert_allclose(
                score, case["expected"][index, column], rtol=1e-4, atol=1e-5, err_msg=name
            )


@pytest.mark.parametrize(
    ("width", "resolution", "first", "last"),
    [(501, 1, 8_000 - 250, 8_000 + 250), (501, 128, 60, 63), (2_001, 128, 54, 69)],
)
def test_the_window_lies_around_the_bin_of_the_variant(width, resolution, first, last):
    interval = Interval("demoS", 4_096, 4_096 + 16_384)
    variant = Variant("demoS", 4_096 + 8_000 + 1, "A", "G")

    marked = np.flatnonzero(center_mask(interval, variant, width=width, resolution=resolution))

    assert (marked[0], marked[-1]) == (first, last)


def test_swapping_the_alleles_flips_the_sign_of_a_signed_aggregation():
    rng = np.random.default_rng(0)
    ref, alt = rng.random((2, 600, 3), dtype=np.float32)
    mask = np.arange(600) % 3 == 0
    for name in ("DIFF_MEAN", "DIFF_SUM", "DIFF_SUM_LOG2", "DIFF_LOG2_SUM"):
        forward = center_mask_score(ref, alt, mask, Aggregation(name))
        backward = center_mask_score(alt, ref, mask, Aggregation(name))
        np.testing.assert_allclose(backward, -forward)


def test_without_any_bin_means_are_nan_and_sums_zero():
    ref = np.ones((5, 2), np.float32)
    nothing = np.zeros(5, dtype=bool)
    for aggregation in Aggregation:
        score = center_mask_score(ref, ref, nothing, aggregation)
        expected = np.nan if aggregation.value.endswith("_MEAN") else 0.0
        np.testing.assert_array_equal(score, [expected, expected])
