import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.exact.kernels import direct
from coeval.exact.kernels.bounds import Abandoning, SubsetBound, TestOrder, subset_bound
from coeval.exact.kernels.elementwise import best_application
from tests.exact.kernels.test_pairs import problems


@given(problem=problems(), seed=st.integers(0, 1000), size=st.integers(1, 6))
@settings(max_examples=40, deadline=None)
def test_the_least_error_on_a_subset_never_exceeds_that_on_all_points(problem, seed, size):
    rows, _, target = problem
    points = np.random.default_rng(seed).permutation(len(target))[:size]
    full, _ = direct.scaled(rows, target)
    assert (subset_bound(rows, target, points) <= full * (1 + 1e-9) + 1e-20 * target @ target).all()


def test_more_points_never_lower_the_bound():
    rng = np.random.default_rng(0)
    rows, target, order = rng.normal(size=(100, 64)), rng.normal(size=64), rng.permutation(64)
    bounds = [subset_bound(rows, target, order[:size]) for size in (4, 8, 16, 32, 64)]
    for smaller, larger in itertools.pairwise(bounds):
        assert (smaller <= larger + 1e-12).all()
    assert bounds[-1] == pytest.approx(direct.scaled(rows, target)[0])


@pytest.mark.parametrize("kind", [Abandoning, SubsetBound])
@given(problem=problems(), seed=st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_no_candidate_at_or_below_the_bar_is_dropped(problem, seed, kind):
    rows, _, target = problem
    errors, _ = (direct.raw if kind is Abandoning else direct.scaled)(rows, target)
    order = np.random.default_rng(seed).permutation(len(target))
    pruning = kind(target)
    for bar in errors[np.isfinite(errors)]:
        sums = pruning.start((len(rows),))
        for seen in range(1, len(target) + 1):
            with np.errstate(all="ignore"):
                pruning.add(sums, rows[:, order[seen - 1]], order[:seen])
                kept = pruning.keep(sums, order[:seen], float(bar))
            assert kept[errors <= bar].all()


def test_the_deadliest_point_is_visited_first():
    order = TestOrder(5, seed=3)
    assert sorted(order.order) == [0, 1, 2, 3, 4]
    errors = np.ones((10, 5))
    errors[:, 3] = 50
    order.learn(errors)
    assert order.order[0] == 3
    errors[:, 1] = 5000
    for _ in range(20):
        order.learn(errors)
    assert order.order[:2].tolist() == [1, 3]
    order.learn(np.full((1, 5), np.nan))
    assert order.order[0] == 1


def test_a_learnt_order_touches_fewer_points_for_the_same_answer():
    rng = np.random.default_rng(0)
    x = np.linspace(-1, 1, 256)
    rows = rng.normal(size=(20000, 6)) @ np.array([x**k for k in range(6)])
    rows += 20 * np.outer(rng.normal(size=20000), x > 0.95)  # few points tell the candidates apart
    target = rows[12345]

    learnt = best_application(np.positive, (rows,), target, order=TestOrder(256, 0))
    fixed = best_application(np.positive, (rows,), target, order=TestOrder(256, 0, decay=1.0))
    assert learnt.best == fixed.best
    assert learnt.touched < 0.7 * fixed.touched
