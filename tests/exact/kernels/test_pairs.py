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
@settings(max_examples=30, deadline=None)
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
@settings(max_examples=25, deadline=None)
def test_within_one_bank_every_unordered_pair_is_met_once(problem, operation, constants):
    left, _, target = problem
    expected = naive(left, left, target, fit_of(operation, constants, target), triangle=0)
    found = best_pair(left, None, target, operation, constants=constants)
    assert (found.best.error if found.best else np.inf) == expected
    assert found.covered == len(left) * (len(left) + 1) // 2
    assert found.best is None or found.best.rows[0] <= found.best.rows[1]


@pytest.mark.parametrize("precision", ["float32", "float64"])
@given(problem=problems())
@settings(max_examples=80, deadline=None)
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


def everything(left, second, target, function, fit):
    """All errors at once."""
    i, j = np.divmod(np.arange(len(left) * len(second)), len(second))
    with np.errstate(all="ignore"):
        return fit(function(left[i], second[j]), target)[0].reshape(len(left), len(second))


@pytest.fixture(scope="module")
def large():
    """More rows than a block has, of magnitudes that float32 and squares in float64 cannot hold."""
    rng = np.random.default_rng(7)
    rows = rng.normal(size=(700, 8)) * 10.0 ** rng.choice(
        [0, 0, 0, 0, 5, -5, 12, 60, 100, -100], (700, 1)
    )
    rows[::9] = np.round(rows[::9])
    rows[::50] += 1e6
    target = rng.normal(size=8)
    return rows, target


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("constants", ["none", "linear"])
@pytest.mark.parametrize("operation", ["add", "mul", "div"])
def test_over_several_blocks_and_all_magnitudes_the_filter_loses_nothing(
    large, operation, constants, precision
):
    rows, target = large
    left, right = rows[:150], rows[100:]
    fit = direct.raw if constants == "none" else direct.scaled
    errors = everything(left, right, target, APPLY[operation], fit)
    found = best_pair(left, right, target, operation, constants=constants, precision=precision)
    assert found.best.error == errors.min()
    assert errors[found.best.rows] == errors.min()
    assert found.covered == errors.size


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_the_filter_keeps_few_pairs(precision):
    rng = np.random.default_rng(0)
    rows, target = rng.normal(size=(1500, 20)), rng.normal(size=20)
    for operation in ("add", "mul", "div"):
        for constants in ("none", "linear"):
            found = best_pair(
                rows, None, target, operation, constants=constants, precision=precision
            )
            assert found.recomputed < 0.01 * found.covered
    assert best_two_features(rows, None, target, precision=precision).recomputed < 500


def test_ties_are_listed_in_the_order_of_rows():
    rows = np.array([[1.0, 2.0, 4.0], [3.0, 1.0, 5.0], [0.0, 1.0, 7.0], [4.0, 2.0, 2.0]])
    target = np.array([4.0, 3.0, 9.0])  # rows 0 + 1 = 2 + 3
    found = best_pair(rows, None, target, "add", ties=5)
    assert [one.rows for one in found.ties] == [(0, 1), (2, 3)]
    assert found.best == found.ties[0]
    assert best_pair(rows, None, target, "add").ties == ()


def test_models_above_the_incumbent_are_not_reported():
    rows, target = np.array([[1.0, 2.0], [5.0, 3.0]]), np.array([0.0, 9.0])
    best = best_pair(rows, None, target, "mul").best
    assert best_pair(rows, None, target, "mul", incumbent=best.error).best == best
    below = best_pair(rows, None, target, "mul", incumbent=best.error * 0.99)
    assert below.best is None
    assert below.covered == 3


def test_a_denominator_with_a_zero_is_invalid_and_harms_no_other_pair():
    rows = np.array([[0.0, 0.0], [0.0, 2.0], [6.0, 8.0], [3.0, 2.0]])
    found = best_pair(rows, None, np.array([2.0, 4.0]), "div")
    assert found.best.rows == (2, 3)
    assert found.covered == 16


def test_an_overflow_never_wins():
    rows = np.array([[1e160, 1e160], [1e155, -1e155], [2.0, 1.0]])
    target = np.array([1e150, 1e150])
    for operation in ("add", "mul"):
        found = best_pair(rows, None, target, operation)
        assert found.best.rows == (2, 2)
    assert best_pair(rows[:2], None, target, "mul").best is None


def test_a_stopped_sweep_counts_what_it_covered():
    rows = np.random.default_rng(0).normal(size=(1100, 4))
    asked = iter([False, True])
    found = best_two_features(rows, rows, rows[0] ** 2, stop=lambda: next(asked))
    assert not found.complete
    assert found.covered == 512 * 1100


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.ones((2, 3)), r"shape \(rows, 2 points\), got float64 \(2, 3\)"),
        (np.ones((2, 2), np.float32), "expected float64"),
        (np.array([[1.0, 1.0], [np.nan, 1.0]]), "infinity in row 1"),
    ],
)
def test_unusable_rows_are_refused(rows, message):
    with pytest.raises(ValueError, match=message):
        best_pair(rows, None, np.array([1.0, 2.0]), "add")
