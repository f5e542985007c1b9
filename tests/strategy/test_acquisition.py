"""What makes a candidate attractive: bounds, draws, scalarised objectives, feasibility."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from coeval.strategy.acquisition import (
    best_of,
    chebyshev,
    expected_improvement,
    feasibility_targets,
    normal_share,
    optimistic,
    squashed,
    weights_for,
    with_feasibility,
)

RNG = np.random.default_rng(0)
costs = arrays(np.float64, st.integers(2, 12), elements=st.integers(-1000, 1000).map(float))


@given(costs)
def test_squashed_costs_keep_their_order(values):
    found = squashed(values, np.ones(len(values), dtype=bool))
    assert (np.diff(found[np.argsort(values, kind="stable")]) >= 0).all()
    assert len(set(found.tolist())) == len(set(values.tolist()))


@given(costs, st.integers(1, 50), st.integers(-100, 100))
def test_squashed_costs_do_not_depend_on_the_unit(values, factor, offset):
    every = np.ones(len(values), dtype=bool)
    assert squashed(values * factor + offset, every) == pytest.approx(squashed(values, every))


def test_a_network_that_learnt_nothing_does_not_blot_out_the_others():
    found = squashed(np.array([8.4, 8.6, 9.0, 10.0, 90.0]), np.ones(5, dtype=bool))
    assert found[4] - found[3] < 3 * (found[3] - found[0])  # 50 times before


def test_the_unit_is_that_of_the_feasible():
    every = np.array([-1e6, 1.0, 2.0, 3.0])
    found = squashed(every, np.array([False, True, True, True]))
    assert found[3] - found[1] > 0.2


def test_the_bound_is_optimistic_by_beta_deviations():
    found = optimistic("bound", np.array([1.0, 2.0]), np.array([0.5, 2.0]), 2.0, RNG)
    assert found.tolist() == [0.0, -2.0]


def test_draws_have_the_mean_and_the_deviation():
    found = optimistic("thompson", np.full(20_000, 3.0), np.full(20_000, 0.5), 1.0, RNG)
    assert found.mean() == pytest.approx(3.0, abs=0.02)
    assert found.std() == pytest.approx(0.5, abs=0.02)


@given(st.integers(1, 5), st.integers(0, 100))
def test_weights_are_shares(count, seed):
    found = weights_for(count, np.random.default_rng(seed))
    assert found.sum() == pytest.approx(1)
    assert (found >= 0).all()


def test_every_corner_of_a_front_is_somebodys_best():
    front = np.array([[0.0, 1.0], [0.6, 0.6], [1.0, 0.0]])  # the middle one is on no convex hull
    best = {int(chebyshev(front, np.array([w, 1 - w])).argmin()) for w in (0.1, 0.5, 0.9)}
    assert best == {0, 1, 2}


def test_what_breaks_a_limit_is_above_zero_and_more_the_further():
    found = feasibility_targets(np.array([0.0, 0.1, 5.0]))
    assert found[0] == -1
    assert 0 < found[1] < found[2] <= 1


def test_sure_infeasibility_beats_any_gain():
    found = with_feasibility(
        np.array([-3.0, 0.0, 1.0]), np.array([1.0, -1.0, -1.0]), np.array([0.1, 0.1, 0.1])
    )
    assert found.argmax() == 1


@given(costs)
def test_where_all_is_feasible_the_costs_decide(values):
    found = with_feasibility(values, np.full(len(values), -1.0), np.full(len(values), 0.1))
    assert values[int(found.argmax())] == values.min()


def test_equal_but_for_rounding_is_a_tie_that_the_first_wins():
    assert best_of(np.array([0.0, 1.0, 1.0 + 1e-12])) == 1


def test_expected_improvement_is_what_draws_give():
    draws = np.random.default_rng(0).normal(0.3, 0.7, 400_000)
    found = expected_improvement(np.array([0.3]), np.array([0.7]), 0.9)
    assert found[0] == pytest.approx(np.maximum(draws - 0.9, 0).mean(), rel=0.02)


def test_the_normal_share_is_the_distribution_function():
    found = normal_share(np.array([-math.inf, -1.0, 0.0, 1.959964]))
    assert np.allclose(found, [0.0, 0.158655, 0.5, 0.975], atol=1e-6)
