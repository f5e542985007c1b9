import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.exact.kernels import direct, elementwise
from coeval.exact.kernels.bounds import TestOrder
from coeval.exact.kernels.elementwise import best_application
from tests.exact.kernels.test_pairs import banks, problems


def select(a, b, c):
    return np.where(a > 0, b, c)


FUNCTIONS = {
    "identity": (np.positive, 1),
    "exp": (np.exp, 1),
    "log": (np.log, 1),
    "pow": (np.power, 2),
    "max": (np.maximum, 2),
    "select": (select, 3),
}


def naive(function, matrices, target, fit):
    best = np.inf
    with np.errstate(all="ignore"):
        for rows in itertools.product(*matrices):
            best = min(best, float(fit(function(*rows)[None], target)[0][0]))
    return best


@pytest.mark.parametrize("constants", ["none", "linear"])
@pytest.mark.parametrize("name", FUNCTIONS)
@given(problem=problems(), third=banks(rows=4))
@settings(max_examples=20, deadline=None)
def test_the_best_application_is_that_of_a_loop_over_all_tuples(problem, third, name, constants):
    function, arity = FUNCTIONS[name]
    left, right, target = problem
    matrices = (left, right, third)[:arity]
    fit = direct.raw if constants == "none" else direct.scaled
    found = best_application(function, matrices, target, constants=constants)
    expected = naive(function, matrices, target, fit)
    assert (found.best.error if found.best else np.inf) == expected
    assert found.covered == np.prod([len(one) for one in matrices])


@given(problem=problems(), seed=st.integers(0, 1000), first=st.sampled_from([1, 3, 1000]))
@settings(max_examples=50, deadline=None)
def test_the_answer_does_not_depend_on_the_order_of_the_points_or_the_blocks(problem, seed, first):
    left, right, target = problem
    expected = best_application(np.minimum, (left, right), target)
    before, elementwise.FIRST = elementwise.FIRST, first
    try:
        order = TestOrder(len(target), seed)
        found = best_application(np.minimum, (left, right), target, order=order)
    finally:
        elementwise.FIRST = before
    assert found.best == expected.best


@given(bank=banks())
@settings(max_examples=20, deadline=None)
def test_a_commutative_operation_meets_every_unordered_pair_once(bank):
    target = np.linspace(0, 1, bank.shape[1])
    both = best_application(np.maximum, (bank, bank), target)
    once = best_application(np.maximum, (bank, bank), target, commutative=True)
    assert once.covered == len(bank) * (len(bank) + 1) // 2
    assert once.best == both.best


def test_a_stopped_sweep_says_that_it_is_not_complete():
    rows = np.random.default_rng(0).normal(size=(5000, 4))
    found = best_application(np.sin, (rows,), rows[4999], stop=iter([False, True]).__next__)
    assert not found.complete
    assert found.covered < 5000
