from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from coeval.architecture.program import Operation, make_program
from coeval.build.numeric.evaluate import bind, values
from coeval.component.library import SCALAR
from coeval.errors import SpaceError
from coeval.exact.kernels import direct
from coeval.exact.kernels.rational import DECIMAL, DECIMAL_ONLY, FUNCTIONS, RATIONAL, exact_error

NAMES = (*FUNCTIONS, *DECIMAL_ONLY)
OPERATIONS = tuple(Operation(SCALAR[name], SCALAR[name].arity[0]) for name in NAMES)
BOUND = tuple(bind(one) for one in OPERATIONS)
COLUMNS = [np.array([0.1, -0.7, 1.3, 2.0, 3.5]), np.array([1.0, 2.0, -0.3, 0.4, 5.0])]
TARGET = np.array([0.3, 0.2, -1.0, 4.0, 2.5])


def program(*steps, constants=()):
    return make_program([(NAMES.index(name), *rest) for name, *rest in steps], constants)


@st.composite
def programs(draw):
    steps = []
    for known in range(3, 3 + draw(st.integers(1, 4))):
        name = draw(st.sampled_from(NAMES))
        arity = SCALAR[name].arity[0]
        steps.append((name, *(draw(st.integers(0, known - 1)) for _ in range(arity))))
    return program(*steps, constants=(draw(st.sampled_from([2.0, 0.5, -1.0])),))


@given(one=programs())
@settings(max_examples=80, deadline=None)
def test_the_exact_error_is_near_that_of_float64(one):
    found = values(one, COLUMNS, OPERATIONS, BOUND)
    assume(found is not None and np.abs(found).max() < 1e3)
    exact = exact_error([one], COLUMNS, TARGET, OPERATIONS)
    assume(exact.error is not None)  # x - x' may vanish exactly and divide
    assert float(exact.error) == pytest.approx(np.square(TARGET - found).sum(), rel=1e-6)


def test_rounding_that_float64_cannot_see_decides_a_tie():
    left = program(("add", 0, 1), ("sub", 2, 1))  # (x + y) - y
    right = program(("identity", 0))
    columns = [np.array([0.1, 0.2]), np.array([1e17, 3.0])]
    found = values(left, columns, OPERATIONS, BOUND)
    assert found[0] != columns[0][0]
    errors = [exact_error([one], columns, columns[0], OPERATIONS) for one in (left, right)]
    assert [one.error for one in errors] == [Fraction(0), Fraction(0)]
    assert errors[0].arithmetic == RATIONAL
    shifted = np.nextafter(columns[0], 1)
    worse = exact_error([right], columns, shifted, OPERATIONS)
    assert 0 < worse.error < Fraction(1, 10**30)


def test_transcendental_operations_are_named_as_decimals():
    one = program(("exp", 0), ("log", 2))
    exact = exact_error([one], COLUMNS, COLUMNS[0], OPERATIONS)
    assert exact.arithmetic == DECIMAL
    assert exact.error < 1e-90


def test_an_undefined_step_has_no_error():
    zero = program(("sub", 0, 0), ("inv", 2))
    assert exact_error([zero], COLUMNS, TARGET, OPERATIONS).error is None
    assert exact_error([program(("log", 0))], COLUMNS, TARGET, OPERATIONS).error is None
    assert exact_error([program(("pow", 0, 0))], COLUMNS, TARGET, OPERATIONS).error is None


def test_least_squares_weights_are_exact():
    square, product = program(("square", 0)), program(("mul", 0, 1))
    target = 1 + 2 * COLUMNS[0] ** 2
    exact = exact_error([square, product], COLUMNS, TARGET, OPERATIONS, constants="linear")
    f, g = COLUMNS[0] ** 2, COLUMNS[0] * COLUMNS[1]
    errors, weights = direct.linear(f[None], g[None], TARGET)
    assert float(exact.error) == pytest.approx(errors[0], rel=1e-10)
    assert [float(one) for one in exact.weights] == pytest.approx(weights[0].tolist(), rel=1e-9)
    near = exact_error([square], COLUMNS, target, OPERATIONS, constants="linear")
    assert near.error < 1e-29


@pytest.mark.parametrize("name", ["identity", "exp"])
def test_a_column_that_follows_from_others_gets_no_weight(name):
    one = program((name, 0))
    doubled = program((name, 0), ("add", 2, 2))
    alone = exact_error([one], COLUMNS, TARGET, OPERATIONS, constants="linear")
    both = exact_error([one, doubled], COLUMNS, TARGET, OPERATIONS, constants="linear")
    assert float(both.error) == pytest.approx(float(alone.error), rel=1e-14)
    assert both.weights[2] == 0


def test_what_has_no_exact_function_is_named():
    iterated = Operation(SCALAR["mu"], 0)
    with pytest.raises(SpaceError, match="mu has no function in exact arithmetic"):
        exact_error([make_program([(0,)])], COLUMNS, TARGET, [iterated])


def test_several_programs_need_weights():
    one = program(("neg", 0))
    with pytest.raises(ValueError, match="expected one program"):
        exact_error([one, one], COLUMNS, TARGET, OPERATIONS)
