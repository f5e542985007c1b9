import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.evaluate.numeric_linear import added_errors, linear_weights, make_context

seeds = st.integers(0, 2**32)


def drawn(seed: int, functions: int, rows: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Functions of very different sizes and offsets, and a target that depends on two of them."""
    rng = np.random.default_rng(seed)
    found = rng.normal(size=(functions, rows))
    found *= 10.0 ** rng.integers(-2, 6, size=(functions, 1))
    found += rng.normal(size=(functions, 1)) * 10.0 ** rng.integers(-3, 3, size=(functions, 1))
    return found, rng.normal(size=rows) + found[0] / np.abs(found[0]).max()


def least_error(functions: np.ndarray, target: np.ndarray) -> float:
    """The same by an orthogonal decomposition of the centred, scaled design."""
    centred = functions - functions.mean(axis=1, keepdims=True)
    sizes = np.linalg.norm(centred, axis=1, keepdims=True)
    left = target - target.mean()
    if (sizes > 0).any():
        design = (centred[sizes[:, 0] > 0] / sizes[sizes[:, 0] > 0]).T
        left = left - design @ np.linalg.lstsq(design, left, rcond=1e-12)[0]
    return float(left @ left)


@settings(max_examples=60, deadline=None)
@given(seeds, st.integers(0, 4), st.integers(1, 6))
def test_projection_finds_the_error_of_least_squares(seed, shared, varied):
    functions, target = drawn(seed, shared + varied)
    context = make_context(functions[:shared], target)
    errors = added_errors(functions[shared:], context)
    for place, error in enumerate(errors, shared):
        expected = least_error(functions[[*range(shared), place]], target)
        assert error == pytest.approx(expected, rel=1e-7)


@settings(max_examples=60, deadline=None)
@given(seeds, st.integers(1, 5))
def test_weights_reach_the_least_error(seed, count):
    functions, target = drawn(seed, count)
    weights = linear_weights(functions, target)
    left = target - weights[0] - np.asarray(weights[1:]) @ functions
    assert left @ left == pytest.approx(least_error(functions, target), rel=1e-6)


def test_a_function_that_the_others_make_up_takes_nothing_away():
    functions, target = drawn(3, 3)
    combination = 2 * functions[0] - functions[1] + 5
    context = make_context(functions[:2], target)
    errors = added_errors(np.stack([combination, np.full(40, 7.0), np.zeros(40)]), context)
    assert (errors == context.error).all()
    with_it = make_context([*functions[:2], combination], target)
    assert len(with_it.basis) == 3
    assert linear_weights(np.stack([*functions[:2], combination]), target)[3] == 0.0


def test_a_nearly_exact_fit_keeps_its_digits():
    """The difference of two squares would end at 1e-16 of the whole; the residual itself goes on."""
    rng = np.random.default_rng(0)
    feature = rng.normal(size=50)
    for noise in (1e-6, 1e-10):
        target = 3 * feature + 1 + noise * rng.normal(size=50)
        error = added_errors(feature[None], make_context([], target))[0]
        assert error == pytest.approx(least_error(feature[None], target), rel=1e-4)
    exact = added_errors(feature[None], make_context([], 3 * feature + 1))[0]
    assert 0 <= exact < 1e-27


@pytest.mark.parametrize("size", [1e-300, 1e-170, 1e160, 1e300])
def test_functions_whose_squares_leave_the_range_of_numbers_are_scaled(size):
    functions, target = drawn(5, 2)
    plain = added_errors(functions, make_context([], target))
    huge = functions / np.abs(functions).max(axis=1, keepdims=True) * size
    assert added_errors(huge, make_context([], target)) == pytest.approx(plain, rel=1e-9)
    left = (
        target - linear_weights(huge[:1], target)[0] - linear_weights(huge[:1], target)[1] * huge[0]
    )
    assert left @ left == pytest.approx(plain[0], rel=1e-6)
    context = make_context([huge[0]], target)
    assert context.error == pytest.approx(plain[0], rel=1e-9)


def test_a_large_offset_does_not_hide_a_signal():
    rng = np.random.default_rng(1)
    signal = rng.normal(size=40)
    error = added_errors((1e6 + signal)[None], make_context([], signal))[0]
    assert error < 1e-12 * (signal @ signal)
