"""Measures of agreement on cases worked out by hand."""

import numpy as np
import pytest
from scipy import stats

from predictor.evaluation import metrics


def test_a_large_constant_does_not_change_the_correlation():
    rng = np.random.default_rng(0)
    x = rng.normal(size=1000)
    y = x + rng.normal(size=1000)
    expected = np.corrcoef(x, y)[0, 1]
    assert metrics.pearson(x, y) == pytest.approx(expected, abs=1e-9)
    assert metrics.pearson(x + 1e4, y + 1e4) == pytest.approx(expected, abs=1e-9)


def test_a_constant_side_has_no_correlation():
    assert metrics.pearson(np.ones(5), np.arange(5.0)) == 0.0
    assert metrics.spearman(np.arange(5.0), np.ones(5)) == 0.0


def test_rank_correlation_ignores_the_shape_of_a_rising_curve():
    x = np.array([3.0, 1.0, 2.0, 5.0, 4.0])
    assert metrics.spearman(x, np.exp(x)) == pytest.approx(1)
    assert metrics.spearman(x, -(x**3)) == pytest.approx(-1)


def test_rank_correlation_with_equal_values_is_that_of_scipy():
    rng = np.random.default_rng(2)
    x, y = rng.integers(0, 4, (2, 50)).astype(float)
    assert metrics.spearman(x, y) == pytest.approx(stats.spearmanr(x, y).statistic)


def test_average_precision_of_a_hand_made_ranking():
    truth = np.array([True, False, True, False])
    score = np.array([0.9, 0.8, 0.7, 0.1])
    assert metrics.average_precision(truth, score) == pytest.approx((1 / 1 + 2 / 3) / 2)
    assert metrics.average_precision(truth, -score) == pytest.approx((1 / 2 + 2 / 4) / 2)
    assert metrics.average_precision(~truth & truth, score) == 0.0


def test_average_precision_of_one_score_for_all_is_the_share_of_true_entries_in_any_order():
    score = np.ones(10)
    for truth in (np.arange(10) < 3, np.arange(10) >= 7):
        assert metrics.average_precision(truth, score) == pytest.approx(0.3)


def test_average_precision_equals_a_slow_obvious_version():
    rng = np.random.default_rng(3)
    truth, score = rng.random(200) < 0.2, rng.integers(0, 30, 200) / 30
    total, before = 0.0, 0.0
    for threshold in sorted(set(score), reverse=True):
        called = score >= threshold
        recall = (truth & called).sum() / truth.sum()
        total += (recall - before) * (truth & called).sum() / called.sum()
        before = recall
    assert metrics.average_precision(truth, score) == pytest.approx(total)


def test_a_sign_is_right_only_where_something_is_predicted():
    truth = np.array([1.0, -2.0, 3.0, -4.0])
    assert metrics.sign_accuracy(truth, np.array([0.1, -0.1, -0.1, 0.0])) == 0.5


def test_knowing_which_genes_are_strong_gains_nothing_within_genes():
    rng = np.random.default_rng(4)
    preference = rng.normal(size=(30, 4))
    level = 10 * rng.normal(size=(30, 1))
    other = 10 * rng.normal(size=(30, 1))
    assert metrics.within_groups(preference + level, preference + other) == pytest.approx(1)
    unrelated = rng.normal(size=(30, 4))
    assert metrics.pearson((preference + level).ravel(), (unrelated + level).ravel()) > 0.9
    assert abs(metrics.within_groups(preference + level, unrelated + level)) < 0.3


def test_genes_and_cell_types_worked_out_by_hand():
    truth = np.array([[1.0, 3.0], [10.0, 10.0]])
    predicted = np.array([[5.0, 6.0], [0.0, 2.0]])
    # Centred: (-1, 1, 0, 0) and (-0.5, 0.5, -1, 1).
    assert metrics.within_groups(truth, predicted) == pytest.approx(1 / np.sqrt(2 * 2.5))


def test_the_rank_test_gives_the_chance_of_a_perfect_order():
    # Three above three: one of the 20 ways to place them.
    p = metrics.one_sided_rank_test(np.array([4.0, 5.0, 6.0]), np.array([1.0, 2.0, 3.0]))
    assert p == pytest.approx(1 / 20)
