"""Intervals, rank correlation and the expected best, against known formulas and brute force."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from coeval.bootstrap import resamples_for, score_difference, score_interval
from coeval.seed import generator
from coeval.statistics import (
    chi_squared_quantile,
    expected_best,
    mean_ranks,
    noise_floor,
    pooled_floor,
    spearman,
    spearman_interval,
)
from coeval.task.metric import Metric

ACCURACY = Metric(
    "accuracy", True, lambda y, p, w=None: float(np.average(p.argmax(1) == y, weights=w))
)
FIRST_CLASS_ONLY = Metric(
    "precision of class 0",
    True,
    lambda y, p, w=None: (
        float(np.average(p[:, 0], weights=(y == 0) * (1.0 if w is None else w)))
        if ((y == 0) * (1.0 if w is None else w)).sum() > 0
        else math.nan
    ),
)


def two_class(rows, right, rng):
    """Return targets and one-hot predictions that are right with a given probability."""
    targets = rng.integers(2, size=rows)
    guesses = np.where(rng.random(rows) < right, targets, 1 - targets)
    return targets, np.eye(2)[guesses]


def test_an_interval_has_the_width_of_the_binomial():
    targets, predictions = two_class(2000, 0.8, np.random.default_rng(0))
    found = score_interval(ACCURACY, targets, predictions)
    deviation = math.sqrt(found.value * (1 - found.value) / 2000)
    assert found.low < found.value < found.high
    assert found.high - found.low == pytest.approx(2 * 1.96 * deviation, rel=0.12)


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(1)
    covered = 0
    for one in range(200):
        found = score_interval(ACCURACY, *two_class(150, 0.7, rng), seed=one, resamples=300)
        covered += found.low <= 0.7 <= found.high
    assert 180 <= covered <= 199


def grouped(rng, groups=30, rows=40):
    """Return targets, predictions and groups; what a model gets right depends on the group alone."""
    right = np.repeat(rng.random(groups) < 0.7, rows)
    targets = rng.integers(2, size=groups * rows)
    numbers = np.repeat(rng.permutation(groups), rows)
    return targets, np.eye(2)[np.where(right, targets, 1 - targets)], numbers


def test_intervals_over_whole_groups_cover_the_truth_where_those_over_rows_do_not():
    rng = np.random.default_rng(1)
    covered = {"groups": 0, "rows": 0}
    for one in range(100):
        targets, predictions, groups = grouped(rng)
        for name, drawn in (("groups", groups), ("rows", None)):
            found = score_interval(
                ACCURACY, targets, predictions, groups=drawn, seed=one, resamples=200
            )
            covered[name] += found.low <= 0.7 <= found.high
    assert covered["groups"] >= 88
    assert covered["rows"] <= 40


def test_groups_of_one_row_each_are_drawn_like_rows():
    targets, predictions = two_class(100, 0.7, np.random.default_rng(2))
    found = score_interval(ACCURACY, targets, predictions, groups=np.arange(7, 107))
    assert found == score_interval(ACCURACY, targets, predictions)


def test_a_single_group_has_a_score_without_an_interval():
    targets, predictions = two_class(50, 0.7, np.random.default_rng(2))
    found = score_interval(ACCURACY, targets, predictions, groups=np.zeros(50, int))
    assert math.isfinite(found.value)
    assert math.isnan(found.low)
    assert math.isnan(found.high)


def test_the_same_seed_gives_the_same_interval_and_another_seed_another():
    targets, predictions = two_class(300, 0.7, np.random.default_rng(2))
    first = score_interval(ACCURACY, targets, predictions, seed=3, resamples=101)
    assert first == score_interval(ACCURACY, targets, predictions, seed=3, resamples=101)
    assert first != score_interval(ACCURACY, targets, predictions, seed=4, resamples=101)


def test_sample_weights_count_as_that_many_rows():
    targets = np.array([0, 1])
    predictions = np.eye(2)[[0, 0]]
    found = score_interval(ACCURACY, targets, predictions, np.array([3.0, 1.0]), resamples=200)
    assert found.value == 0.75
    assert (found.low, found.high) == (0.0, 1.0)


def test_resamples_without_a_needed_class_are_left_out():
    targets = np.array([0, 1, 1, 1])
    predictions = np.array([[0.9, 0.1], [0.2, 0.8], [0.3, 0.7], [0.4, 0.6]])
    found = score_interval(FIRST_CLASS_ONLY, targets, predictions, resamples=300)
    assert (found.low, found.high) == (pytest.approx(0.9), pytest.approx(0.9))


def test_a_score_that_is_never_defined_has_no_bounds():
    found = score_interval(FIRST_CLASS_ONLY, np.ones(5, int), np.eye(2)[[1] * 5], resamples=20)
    assert all(math.isnan(one) for one in (found.value, found.low, found.high))


def test_a_metric_that_ignores_weights_has_an_honest_interval_too():
    own = Metric("own", True, lambda y, p, w=None: float((p.argmax(1) == y).mean()))
    targets, predictions = two_class(500, 0.8, np.random.default_rng(9))
    assert score_interval(own, targets, predictions) == score_interval(
        ACCURACY, targets, predictions
    )


def test_fewer_resamples_are_spent_on_more_predictions():
    assert resamples_for(100) == 2000
    assert resamples_for(20_000) == 400
    assert resamples_for(10_000_000) == 100


def test_a_paired_difference_is_sharper_than_two_intervals():
    rng = np.random.default_rng(5)
    targets, first = two_class(1000, 0.85, rng)
    second = first.copy()
    changed = rng.choice(1000, size=40, replace=False)
    second[changed] = second[changed][:, ::-1]
    found = score_difference(ACCURACY, targets, first, second)
    alone = score_interval(ACCURACY, targets, first)
    assert found.value == pytest.approx(
        ACCURACY.score(targets, first, None) - ACCURACY.score(targets, second, None)
    )
    assert found.low > 0
    assert found.high - found.low < 0.7 * (alone.high - alone.low)


def test_a_model_compared_with_itself_differs_by_exactly_nothing():
    targets, predictions = two_class(50, 0.6, np.random.default_rng(6))
    found = score_difference(ACCURACY, targets, predictions, predictions, resamples=50)
    assert (found.value, found.low, found.high) == (0.0, 0.0, 0.0)


def test_arrays_of_different_length_are_refused():
    with pytest.raises(ValueError, match=r"equal length.*\[3, 2\]"):
        score_interval(ACCURACY, np.zeros(3, int), np.eye(2))
    with pytest.raises(ValueError, match=r"equal length.*\[2, 3\]"):
        spearman([1.0, 2.0], [1.0, 2.0, 3.0])


def test_scoring_no_row_is_refused():
    with pytest.raises(ValueError, match="at least one row"):
        score_interval(ACCURACY, np.zeros(0, int), np.zeros((0, 2)))


@given(st.lists(st.integers(0, 6), min_size=2, max_size=12), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_spearman_equals_scipy_ties_included(values, random):
    other = values.copy()
    random.shuffle(other)
    ranks = mean_ranks(np.array(values, float))
    assert ranks.tolist() == stats.rankdata(values).tolist()
    if len(set(values)) > 1:
        assert spearman(values, other) == pytest.approx(stats.spearmanr(values, other).statistic)


def test_spearman_is_undefined_for_a_constant():
    assert math.isnan(spearman([1.0, 1.0], [1.0, 2.0]))
    assert math.isnan(spearman([], []))


def test_spearman_refuses_nan():
    with pytest.raises(ValueError, match="Leave out the pairs"):
        spearman([1.0, math.nan], [1.0, 2.0])


def test_a_true_signal_has_a_rank_correlation_clearly_above_zero_and_noise_has_not():
    rng = np.random.default_rng(7)
    truth = rng.normal(size=60)
    signal = spearman_interval(truth + 0.5 * rng.normal(size=60), truth)
    noise = spearman_interval(rng.normal(size=60), truth)
    assert 0.5 < signal.low < signal.value < signal.high <= 1
    assert noise.low < 0 < noise.high


def test_one_pair_has_no_interval():
    found = spearman_interval([1.0], [2.0])
    assert all(math.isnan(one) for one in (found.value, found.low, found.high))


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=6))
@settings(max_examples=50, deadline=None)
def test_expected_best_equals_the_mean_over_all_subsets(costs):
    for n, found in enumerate(expected_best(costs), start=1):
        subsets = [min(chosen) for chosen in itertools.combinations(costs, n)]
        assert found == pytest.approx(sum(subsets) / len(subsets), abs=1e-9)


def test_expected_best_of_thousands_neither_overflows_nor_rises():
    curve = expected_best(np.random.default_rng(8).random(3000), range(1, 3001, 100))
    assert np.isfinite(curve).all()
    assert (np.diff(curve) <= 0).all()


def test_a_failed_trial_counts_as_the_worst_finite_cost():
    assert expected_best([1.0, math.inf, 3.0]).tolist() == expected_best([1.0, 3.0, 3.0]).tolist()
    assert np.isnan(expected_best([math.inf])).all()


def test_expected_best_refuses_impossible_counts():
    with pytest.raises(ValueError, match=r"1\.\.2"):
        expected_best([1.0, 2.0], [3])
    with pytest.raises(ValueError, match="at least one cost"):
        expected_best([])


@pytest.mark.parametrize(
    ("share", "freedom"),
    [(0.95, 2), (0.025, 1), (0.975, 30), (0.025, 400)],
)
def test_chi_squared_quantiles_are_those_of_scipy(share, freedom):
    assert chi_squared_quantile(share, freedom) == pytest.approx(stats.chi2.ppf(share, freedom))


def test_the_noise_floor_s_interval_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(3)
    covered = 0
    for _ in range(400):
        found = noise_floor(rng.normal(scale=0.1, size=(3, 3)) + rng.normal(size=(3, 1)))
        covered += found.low <= 0.1 <= found.high
    assert 0.91 <= covered / 400 <= 0.99


def test_floors_of_disjoint_groups_pool_to_the_floor_of_all():
    first, second = [[1.0, 2.0, 4.0]], [[5.0, 5.5], [7.0, 6.0]]
    together = noise_floor([*first, *second])
    pooled = pooled_floor([noise_floor(first), None, noise_floor(second)])
    assert pooled.standard_deviation == pytest.approx(together.standard_deviation)
    assert (pooled.freedom, pooled.trainings) == (together.freedom, together.trainings)
    assert pooled_floor([None]) is None
    assert noise_floor([[1.0], []]) is None


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(-3, 3), st.floats(-2, 2).map(lambda x: round(x, 1))),
        min_size=3,
        max_size=20,
    )
)
def test_an_interval_of_ranks_is_that_of_resamples_ranked_one_by_one(pairs):
    x, y = np.array(pairs, dtype=float).T
    draws = generator(7, "pairs").integers(len(x), size=(50, len(x)))
    one_by_one = np.array([spearman(x[drawn], y[drawn]) for drawn in draws])
    defined = one_by_one[np.isfinite(one_by_one)]
    found = spearman_interval(x, y, seed=7, resamples=50)
    expected = np.quantile(defined, [0.025, 0.975]) if len(defined) else [np.nan, np.nan]
    assert [found.low, found.high] == pytest.approx(list(expected), nan_ok=True)
