import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.exact.kernels import direct
from coeval.exact.kernels.pairs import APPLY, best_pair, best_two_features

POINTS = 6
SIZES = [1e-8, 1e-3, 1.0, 1.0, 7.0, 1e4, 1e8]


@st.composite
def banks(draw, rows=9):
    """Small banks of the awkward kind: zeros, duplicates, collinear and constant rows, all magnitudes."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    made = []
    for kind in draw(st.lists(st.sampled_from("nnnszdcko"), min_size=1, max_size=rows)):
        fresh = rng.normal(size=POINTS) * draw(st.sampled_from(SIZES))
        old = made[rng.integers(len(made))] if made else fresh
        made.append(
            {
                "n": fresh,
                "s": np.round(fresh),
                "z": np.where(rng.random(POINTS) < 0.3, 0.0, fresh),
                "d": old.copy(),
                "c": np.full(POINTS, fresh[0]),
                "k": 3 * old + fresh[0],
                "o": old * (1 + 1e-9 * rng.normal(size=POINTS)),
            }[kind]
        )
    return np.array(made)


@st.composite
def problems(draw):
    left, right = draw(banks()), draw(banks())
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    a, b = left[rng.integers(len(left))], right[rng.integers(len(right))]
    noise = rng.normal(size=POINTS) * draw(st.sampled_from([0, 1e-12, 1e-3, 1.0]))
    with np.errstate(all="ignore"):
        target = draw(st.sampled_from([a + b, a * b, a - b, a / b, 2 + 3 * a - b, noise])) + noise
    if not np.isfinite(target).all() or np.ptp(target) < 1e-9 * np.abs(target).max() + 1e-300:
        target = rng.normal(size=POINTS)
    return left, right, target


def naive(left, right, target, fit, *, triangle=None):
    """Every pair by itself, in a double loop."""
    best = np.inf
    for i in range(len(left)):
        for j in range(len(right)):
            if triangle is None or i + triangle <= j:
                best = min(best, float(fit(left[i], right[j])[0][0]))
    return best


def fit_of(operation, constants, target):
    kind = direct.raw if constants == "none" else direct.scaled

    def fit(a, b):
        with np.errstate(all="ignore"):
            return kind(APPLY[operation](a, b)[None], target)

    return fit


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("constants", ["none", "linear"])
@pytest.mark.parametrize("operation", ["add", "sub", "mul", "div"])
@given(problem=problems())
@settings(max_examples=60, deadline=None)
def test_the_best_pair_of_two_banks_is_that_of_a_double_loop(
    problem, operation, constants, precision
):
    left, right, target = problem
    expected = naive(left, right, target, fit_of(operation, constants, target))
    found = best_pair(left, right, target, operation, constants=constants, precision=precision)
    assert (found.best.error if found.best else np.inf) == expected
    assert found.covered == len(left) * len(right)
    assert found.complete


@pytest.mark.parametrize("constants", ["none", "linear"])
@pytest.mark.parametrize("operation", ["add", "mul"])
@given(problem=problems())
@settings(max_examples=40, deadline=None)
def test_within_one_bank_every_unordered_pair_is_met_once(problem, operation, constants):
    left, _, target = problem
    expected = naive(left, left, target, fit_of(operation, constants, target), triangle=0)
    found = best_pair(left, None, target, operation, constants=constants)
    assert (found.best.error if found.best else np.inf) == expected
    assert found.covered == len(left) * (len(left) + 1) // 2
    assert found.best is None or found.best.rows[0] <= found.best.rows[1]


@pytest.mark.parametrize("precision", ["float32", "float64"])
@given(problem=problems())
@settings(max_examples=150, deadline=None)
def test_the_best_two_features_are_those_of_a_double_loop(problem, precision):
    left, right, target = problem

    def fit(a, b):
        return direct.linear(a[None], b[None], target)

    expected = naive(left, right, target, fit)
    found = best_two_features(left, right, target, precision=precision)
    assert (found.best.error if found.best else np.inf) == expected
    within = best_two_features(left, None, target, precision=precision)
    expected = naive(left, left, target, fit, triangle=1)
    assert (within.best.error if within.best else np.inf) == expected
    assert within.covered == len(left) * (len(left) - 1) // 2
