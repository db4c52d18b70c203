"""Scores of hand-made tracks, and what holds for every score."""

import numpy as np
import pytest

from predictor.simulator import variant_scores
from predictor.simulator.variant_scores import SCORERS, Probe

HEADS = {
    "center_log2": "dnase", "center_ln": "cage", "gene_ln": "rna_seq",
    "downstream_ln": "rna_seq", "usage_change": "splice_sites_usage",
    "pixel_change": "contact_maps",
}  # fmt: skip
SPANS = {"pixel_change": ((1, 2), (3, 4))}


def probe(scorer: str, *spans, head: str | None = None, track: int = 1) -> Probe:
    return Probe(
        head=head or HEADS[scorer],
        track=track,
        scorer=scorer,
        position=5000,
        spans=spans or SPANS.get(scorer, ((4900, 4950), (5100, 5130))),
    )


def arrays(scorer: str, seed: int) -> dict[str, np.ndarray]:
    shape = (8, 8, 3) if scorer == "pixel_change" else (8192, 3)
    return {HEADS[scorer]: np.random.default_rng(seed).random(shape).astype(np.float32)}


@pytest.mark.parametrize("scorer", SCORERS)
def test_ref_against_itself_scores_nothing(scorer):
    side = arrays(scorer, 1)
    assert variant_scores.score(side, side, probe(scorer)) == 0
    assert variant_scores.size(side, side, probe(scorer)) == 0


@pytest.mark.parametrize("scorer", SCORERS)
def test_swapping_the_alleles_flips_the_sign_and_keeps_the_size(scorer):
    ref, alt = arrays(scorer, 1), arrays(scorer, 2)
    forward = variant_scores.score(ref, alt, probe(scorer))
    assert forward != 0
    assert variant_scores.score(alt, ref, probe(scorer)) == pytest.approx(-forward)
    assert variant_scores.size(alt, ref, probe(scorer)) == pytest.approx(
        variant_scores.size(ref, alt, probe(scorer))
    )


@pytest.mark.parametrize("scorer", SCORERS)
def test_only_the_named_track_counts(scorer):
    ref, alt = arrays(scorer, 1), arrays(scorer, 2)
    for side in (ref, alt):
        side[HEADS[scorer]][..., [0, 2]] = np.nan
    assert np.isfinite(variant_scores.score(ref, alt, probe(scorer)))


def test_501_bases_around_the_variant_are_summed_at_1_bp():
    ref = {"dnase": np.ones((8192, 1))}
    alt = {"dnase": np.ones((8192, 1))}
    alt["dnase"][:4750] = alt["dnase"][5251:] = 9.0
    only = probe("center_log2", track=0)
    assert variant_scores.score(ref, alt, only) == 0
    alt["dnase"][4750] = 2.0
    assert variant_scores.score(ref, alt, only) == pytest.approx(np.log2(503 / 502))


def test_four_bins_around_the_variant_are_summed_at_128_bp():
    middle = 5000 // 128
    ref = {"chip_tf": np.ones((64, 1))}
    alt = {"chip_tf": np.ones((64, 1))}
    alt["chip_tf"][: middle - 2] = alt["chip_tf"][middle + 2 :] = 9.0
    only = probe("center_log2", head="chip_tf", track=0)
    assert variant_scores.score(ref, alt, only) == 0
    alt["chip_tf"][middle - 2] = 3.0
    assert variant_scores.score(ref, alt, only) == pytest.approx(np.log2(7 / 5))


def test_a_window_that_begins_left_of_the_first_base_is_cut():
    ref, alt = np.ones((1000, 1)), np.full((1000, 1), 3.0)
    assert variant_scores.site_effect(ref, alt, 10)[0] == pytest.approx(np.log2(784 / 262))


def test_gene_score_is_the_ratio_of_means_over_all_exons():
    ref, alt = {"rna_seq": np.zeros((8192, 2))}, {"rna_seq": np.zeros((8192, 2))}
    ref["rna_seq"][4900:4950, 1] = 2.0
    alt["rna_seq"][5100:5130, 1] = 2.0
    expected = np.log((60 / 80 + 0.001) / (100 / 80 + 0.001))
    assert variant_scores.score(ref, alt, probe("gene_ln")) == pytest.approx(expected)


def test_a_pixel_that_does_not_move_has_no_size_however_much_its_row_does():
    ref, alt = {"contact_maps": np.zeros((8, 8, 2))}, {"contact_maps": np.zeros((8, 8, 2))}
    row = 5000 // 2048
    alt["contact_maps"][row, :, 1] = 4.0
    assert variant_scores.size(ref, alt, probe("pixel_change")) == 0
    alt["contact_maps"][1, 3, 1] = -1.0
    assert variant_scores.score(ref, alt, probe("pixel_change")) == -1
    assert variant_scores.size(ref, alt, probe("pixel_change")) == 1
