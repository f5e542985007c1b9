import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.architecture.program import Operation, Program, make_program
from coeval.build.numeric.evaluate import bind, values
from coeval.component.library import SCALAR
from coeval.exact.kernels import direct
from coeval.exact.kernels.constants import family_of, fit_constants

NAMES = ("add", "mul", "exp", "sin", "log", "div")
OPERATIONS = tuple(Operation(SCALAR[name], SCALAR[name].arity[0]) for name in NAMES)
FUNCTIONS = tuple(bind(one) for one in OPERATIONS)
X = np.linspace(0.1, 3, 30)


def family(steps, constants):
    program = make_program([(NAMES.index(name), *rest) for name, *rest in steps], [0.0] * constants)
    return family_of(program, [X], OPERATIONS, FUNCTIONS)


@given(constant=st.floats(-4, 4).filter(lambda c: abs(c) > 0.05))
@settings(max_examples=12, deadline=None)
def test_one_constant_is_recovered_beside_scale_and_offset(constant):
    shape = family([("mul", 0, 1), ("exp", 2)], 1)  # exp(c x)
    target = 2 - 3 * np.exp(constant * X)
    found = fit_constants(shape, 1, target)
    assert found.error <= 1e-18 * np.square(target - target.mean()).sum()
    assert found.constants[0] == pytest.approx(constant, rel=1e-6)


def test_a_frequency_among_many_local_minima_is_recovered():
    shape = family([("mul", 0, 1), ("sin", 2)], 1)
    found = fit_constants(shape, 1, 1 + 0.5 * np.sin(7.3 * X))
    assert found.error < 1e-20
    assert abs(found.constants[0]) == pytest.approx(7.3)


def test_two_constants_are_recovered():
    shape = family(
        [("mul", 0, 1), ("sin", 3), ("add", 0, 2), ("div", 4, 5)], 2
    )  # sin(a x) / (x + b)
    found = fit_constants(shape, 2, 3 * np.sin(2.5 * X) / (X + 0.7) - 1)
    assert found.error < 1e-16
    assert abs(found.constants[0]) == pytest.approx(2.5, rel=1e-5)  # sin is odd
    assert found.constants[1] == pytest.approx(0.7, rel=1e-5)


def test_without_a_linear_part_scale_and_offset_are_not_fitted():
    shape = family([("add", 0, 1)], 1)
    found = fit_constants(shape, 1, X + 0.25, constants="none")
    assert found.weights == ()
    assert found.constants[0] == pytest.approx(0.25, abs=1e-9)
    doubled = fit_constants(shape, 1, 2 * X, constants="none")
    assert doubled.error > 0.1


def test_the_error_is_that_of_the_constants_and_weights_that_are_returned():
    shape = family([("mul", 0, 1), ("exp", 2)], 1)
    target = np.random.default_rng(0).normal(size=30)
    found = fit_constants(shape, 1, target)
    again = found.weights[0] + found.weights[1] * np.exp(found.constants[0] * X)
    assert found.error == pytest.approx(np.square(target - again).sum(), rel=1e-12)
    grid = shape(np.linspace(-30, 30, 4001)[:, None])
    assert found.error <= direct.scaled(grid, target)[0].min() * (1 + 1e-9)


def test_where_the_structure_is_undefined_the_search_goes_around_it():
    shape = family([("add", 0, 1), ("log", 2)], 1)  # log(x + c), undefined for c <= -0.1
    found = fit_constants(shape, 1, np.log(X - 0.05))
    assert found.error < 1e-18


def test_a_structure_that_is_defined_nowhere_has_an_infinite_error():
    hopeless = family_of(Program(bytes((5, 0, 0, 0))), [0 * X], OPERATIONS, FUNCTIONS)
    assert fit_constants(lambda c: hopeless(c) + 0 * c, 1, X).error == np.inf


def test_a_family_has_the_programs_values():
    program = make_program([(1, 0, 1), (4, 3), (0, 4, 2)], (0.5, 0.25))
    made = family_of(program, [X], OPERATIONS, FUNCTIONS)
    batch = made(np.array([[0.5, 0.25], [-1.0, 2.0]]))
    expected = values(program, [X], OPERATIONS, FUNCTIONS)
    assert np.isnan(batch[1]).all() == (
        values(Program(program.code, (-1.0, 2.0)), [X], OPERATIONS, FUNCTIONS) is None
    )
    assert (batch[0] == expected).all()


def test_no_constants_is_an_error():
    with pytest.raises(ValueError, match="at least one constant"):
        fit_constants(lambda c: c, 0, X)
