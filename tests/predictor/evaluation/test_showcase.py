"""Verdicts at the show-case loci."""

import numpy as np
import pytest
from alphagenome.data.genome import Variant
from alphagenome.models.dna_output import OutputType

from predictor.evaluation import properties, seeds, showcase
from predictor.evaluation.demo_engine import DemoEngine
from predictor.simulator.showcase import SHOWCASE
from predictor.simulator.showcase_entry import Expectation

UP_IN_T = Expectation(output_type=OutputType.DNASE, cell_types=("T",), direction=1)


@pytest.mark.parametrize(
    ("predicted", "passed"),
    [
        ({"T": 1.0, "HEP": 0.1, "NEU": -0.19}, True),
        ({"T": 1.0, "HEP": 0.2}, False),
        ({"T": 1.0, "HEP": -0.5}, False),
        ({"T": -1.0, "HEP": 0.0}, False),
        ({"T": 0.0, "HEP": 0.0}, False),
    ],
)
def test_the_affected_cell_type_moves_as_told_and_the_others_by_less_than_a_fifth(
    predicted, passed
):
    assert showcase.judge(UP_IN_T, {"T": 1.2, "HEP": 0.0, "NEU": 0.0}, predicted) is passed


def test_less_than_a_fifth_of_the_true_size_counts_as_unaffected():
    true = {"T": 2.0, "HEP": 0.0}
    assert showcase.judge(UP_IN_T, true, {"T": 0.5, "HEP": 0.05})
    assert not showcase.judge(UP_IN_T, true, {"T": 0.3, "HEP": 0.05})


def test_all_of_several_affected_cell_types_have_to_move():
    both = Expectation(output_type=OutputType.CHIP_TF, cell_types=("T", "HEP"), direction=-1)
    true = {"T": -1.0, "HEP": -2.0, "NEU": 0.0}
    assert showcase.judge(both, true, {"T": -1.0, "HEP": -2.0, "NEU": 0.1})
    assert not showcase.judge(both, true, {"T": -1.0, "HEP": 2.0, "NEU": 0.0})
    # The weaker of the two sets the limit.
    assert not showcase.judge(both, true, {"T": -1.0, "HEP": -2.0, "NEU": 0.3})


def test_a_cell_type_without_such_a_track_is_not_asked():
    everywhere = Expectation(output_type=OutputType.CAGE, cell_types=("T", "HEP"), direction=-1)
    true = {"HEP": -1.0, "NEU": -1.0}
    assert showcase.judge(everywhere, true, {"HEP": -1.0, "NEU": 0.1})
    assert not showcase.judge(everywhere, true, {"NEU": -1.0})


def test_a_modality_without_cell_types_has_one_value():
    lost = Expectation(output_type=OutputType.SPLICE_SITES, cell_types=(), direction=-1)
    assert showcase.judge(lost, {"": -1.0}, {"": -0.9})
    assert not showcase.judge(lost, {"": -1.0}, {"": 0.9})


def test_the_nearest_enhancer_matters_most():
    assert showcase.judge_enhancers([(-2, -1.0), (-1, -0.5), (-0.1, -0.1)])["passed"]
    assert not showcase.judge_enhancers([(-2, -0.5), (-1, -1.0), (-0.1, -0.1)])["passed"]


def scores(*values):
    return [{"change": str(value), "truth": value, "predicted": value} for value in values]


def test_activating_alleles_stand_out_if_nine_of_ten_random_ones_are_below_all_of_them():
    strong = scores(1.0, 1.1, 1.2, 1.3)
    found = showcase.judge_background(strong, scores(*np.linspace(-0.1, 0.1, 18), 1.25, 1.4))
    assert found["below"] == 0.9
    assert found["p"] < 0.01
    assert found["passed"] is True
    crowded = scores(*np.linspace(-0.1, 0.1, 17), 1.15, 1.25, 1.4)
    assert showcase.judge_background(strong, crowded)["passed"] is False


def test_two_alleles_cannot_pass_a_rank_test_however_far_they_stand_out():
    found = showcase.judge_background(scores(5.0, 6.0), scores(1.0, 2.0, 3.0))
    assert found["below"] == 1
    assert found["passed"] is False


def test_background_alleles_are_new_and_as_long_as_the_activating_ones():
    activating = [Variant("demoS", 100, "C", "AACC"), Variant("demoS", 100, "C", "ACGTACGT")]
    found = showcase.background_alleles(activating, seeds.TESTS)
    assert [len(v.alternate_bases) for v in found] == [4] * 8 + [8] * 8
    texts = [v.alternate_bases for v in (*activating, *found)]
    assert len(set(texts)) == len(texts)
    again = showcase.background_alleles(activating, seeds.TESTS)
    assert [v.alternate_bases for v in again] == texts[2:]


@pytest.fixture(scope="module")
def truth_itself(oracle):
    return showcase.evaluate_showcase(oracle(), seed=seeds.TESTS)


def test_the_truth_meets_every_row_of_the_show_case(truth_itself):
    names = {row["variant"] for row in truth_itself["rows"]}
    assert names == {variant.name for slot in SHOWCASE for variant in slot.variants}
    for row in truth_itself["rows"]:
        assert row["predicted"] == pytest.approx(row["truth"], abs=1e-3)
        assert row["passed"], row
    assert truth_itself["enhancers"]["passed"]


def test_the_truth_tells_the_activating_alleles_of_d_tal1_from_random_ones(truth_itself):
    found = truth_itself["background"]
    assert found["passed"]
    assert len(found["background"]) == 8 * len(found["activating"])


def test_only_what_both_windows_hold_with_their_context_is_compared_after_a_shift():
    rng = np.random.default_rng(6)
    whole = rng.normal(size=properties.WINDOW + properties.SHIFT)
    edge = properties.MARGIN // 2

    def window(start, edges):
        bases = whole[start : start + properties.WINDOW].copy()
        bases[:edge] = bases[-edge:] = edges
        bins = bases.reshape(-1, 128).mean(axis=1)
        large = bases.reshape(-1, 2048).mean(axis=1)
        found = dict.fromkeys(properties._HEADS, bases[:, None])
        found |= {"chip_tf": bins[:, None], "chip_histone": bins[:, None]}
        return found | {"contact_maps": (large[:, None] + large)[..., None]}

    moved = properties._shift_similarities(window(0, 7.0), window(properties.SHIFT, -7.0))
    assert list(moved.values()) == pytest.approx([1] * len(moved))
    same = properties._shift_similarities(window(0, 7.0), window(0, 7.0))
    assert max(same["dnase"], same["chip_tf"]) < 0.3


@pytest.mark.slow
def test_the_shipped_engine_repeats_its_answers(installed, monkeypatch):
    monkeypatch.setenv("ALLELENS_HOME", str(installed))
    rows = properties.evaluate_properties(DemoEngine.open("demo"))
    assert len(rows) == 5
    for row in rows[2:]:
        assert row["passed"], row
