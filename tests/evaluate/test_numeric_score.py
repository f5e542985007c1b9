import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from coeval.evaluate.numeric_score import fit_weights, predict, score, semantic_keys

from . import programs as world

X, Y = world.columns()
SUM = world.program(("add", 0, 1))
SINE = world.program(("sin", 0))
LOG = world.program(("log", 0))


def test_a_fitted_team_predicts_what_its_weights_say():
    candidate = world.team(SUM, SINE)
    weights = fit_weights(candidate, (X, Y), world.target(), world.OPERATIONS)
    found = predict(candidate, (X, Y), weights, world.OPERATIONS)
    design = np.stack([np.ones_like(X), X + Y, np.sin(X)], axis=1)
    expected = np.linalg.lstsq(design, world.target(), rcond=None)[0]
    assert np.asarray(weights) == pytest.approx(expected)
    assert found == pytest.approx(design @ expected)


def test_weights_hold_on_other_rows():
    target = 2 - 3 * np.sin(X)
    weights = fit_weights(world.single(SINE), (X[:40], Y[:40]), target[:40], world.OPERATIONS)
    held_out = score(world.single(SINE), (X[40:], Y[40:]), target[40:], weights, world.OPERATIONS)
    assert held_out < 1e-28


def test_a_program_without_weights_is_scored_as_it_is():
    found = score(world.single(SUM), (X, Y), X + Y + 1, (), world.OPERATIONS)
    assert found == pytest.approx(1 / np.var(X + Y))


def test_what_is_undefined_on_new_rows_has_an_infinite_error():
    candidate = world.single(LOG)
    weights = fit_weights(candidate, (X[X > 0], Y[X > 0]), Y[X > 0], world.OPERATIONS)
    assert weights is not None
    assert score(candidate, (X, Y), Y, weights, world.OPERATIONS) == float("inf")
    assert predict(candidate, (X, Y), weights, world.OPERATIONS) is None
    assert fit_weights(candidate, (X, Y), Y, world.OPERATIONS) is None


def test_an_error_that_overflows_is_infinite():
    assert score(world.single(SUM), (X, Y), Y, (0.0, 1e300), world.OPERATIONS) == float("inf")


@pytest.mark.parametrize("weights", [(1.0,), (0.0, 1.0, 2.0, 3.0), ()])
def test_a_wrong_number_of_weights_is_refused(weights):
    with pytest.raises(ValueError, match="2 programs has 3 weights"):
        predict(world.team(SUM, SINE), (X, Y), weights, world.OPERATIONS)


floats = st.floats(allow_nan=False, allow_infinity=False)


@given(arrays(np.float64, (4, 6), elements=floats))
def test_keys_are_equal_exactly_where_all_values_are(values):
    keys = semantic_keys(values)
    for first in range(4):
        for second in range(4):
            same = bool((values[first] == values[second]).all())  # 0 and -0 are equal
            assert (keys[first] == keys[second]) == same


def test_keys_of_whole_numbers_in_any_order_differ():
    """Their bits end in many zeros, which a sum of products alone would turn into collisions."""
    grid = np.array(np.meshgrid(*[np.arange(8.0)] * 4)).reshape(4, -1).T
    keys = semantic_keys(grid)
    assert len(set(keys)) == len(grid) == 4096
    assert all(len(key) == 16 and int(key, 16) >= 0 for key in keys)


def test_a_key_does_not_depend_on_the_batch():
    values = np.random.default_rng(0).normal(size=(5, 30))
    assert semantic_keys(values) == [semantic_keys(one[None])[0] for one in values]
