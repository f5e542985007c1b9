import math
import warnings

import numpy as np
import pytest
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from coeval.architecture.program import Operation, make_program, to_architecture
from coeval.architecture.step import Region, step
from coeval.build.numeric.answer import Answer
from coeval.build.numeric.evaluate import function
from coeval.build.numeric.formula import formula, iterations, latex, number, symbols
from coeval.component import scalar
from coeval.errors import SpaceError
from tests.build.numeric.programs import FACTORIAL, PLAIN, WHOLE, architecture, programs

COLUMNS = [np.array([0.4, 1.3, 2.2, -0.7]), np.array([1.9, 0.8, -1.1, 0.6])]


def one(component, *inputs, **values):
    return step(component, inputs, **values)


def const(value: float):
    return step(scalar.CONST, (), value=value)


A, B, C = 0, 1, 2


@pytest.mark.parametrize(
    ("steps", "text"),
    [
        ([one(scalar.ADD, A, B), one(scalar.MUL, 3, C)], "(a + b)*c"),
        ([one(scalar.MUL, A, B), one(scalar.ADD, 3, C)], "a*b + c"),
        ([one(scalar.SUB, B, C), one(scalar.SUB, A, 3)], "a - (b - c)"),
        ([one(scalar.SUB, A, B), one(scalar.SUB, 3, C)], "a - b - c"),
        ([one(scalar.MUL, B, C), one(scalar.DIV, A, 3)], "a/(b*c)"),
        ([one(scalar.DIV, A, B), one(scalar.DIV, 3, C)], "a/b/c"),
        ([one(scalar.POW, A, B), one(scalar.POW, 3, C)], "(a**b)**c"),
        ([one(scalar.POW, B, C), one(scalar.POW, A, 3)], "a**b**c"),
        ([one(scalar.NEG, A), one(scalar.SQUARE, 3)], "(-a)**2"),
        ([one(scalar.SQUARE, A), one(scalar.NEG, 3)], "-a**2"),
        ([one(scalar.NEG, B), one(scalar.ADD, A, 3)], "a - b"),
        ([one(scalar.NEG, B), one(scalar.SUB, A, 3)], "a + b"),
        ([one(scalar.NEG, B), one(scalar.MUL, A, 3)], "a*(-b)"),
        ([one(scalar.NEG, A), one(scalar.NEG, 3)], "a"),
        ([const(-2.0), one(scalar.ADD, A, 3)], "a - 2"),
        ([const(-2.0), one(scalar.POW, 3, A)], "(-2)**a"),
        ([const(0.1), one(scalar.MUL, 3, A)], "0.1*a"),
        ([one(scalar.INV, A), one(scalar.MUL, B, 3)], "b/a"),
        ([one(scalar.SQUARE, A), one(scalar.INV, 3)], "1/a**2"),
        ([one(scalar.SUCCESSOR, A), one(scalar.CUBE, 3)], "(a + 1)**3"),
        ([one(scalar.ABS, A), one(scalar.MIN, 3, B)], "Min(Abs(a), b)"),
        ([one(scalar.LESS, A, B)], "Piecewise((1, a < b), (0, True))"),
        ([one(scalar.SELECT, A, B, C)], "Piecewise((b, a > 0), (c, True))"),
        ([one(scalar.IDENTITY, A), one(scalar.SQRT, 3)], "sqrt(a)"),
    ],
)
def test_brackets_stand_only_where_they_are_needed(steps, text):
    assert formula(architecture(*steps, inputs=3), ["a", "b", "c"]) == text


@settings(max_examples=150, deadline=None)
@given(programs(PLAIN), st.booleans())
def test_sympy_computes_what_the_function_does(program, weighted):
    answer = Answer((program,), (0.5, -1.25) if weighted else (), PLAIN, 2)
    expected = function(answer.architecture)(COLUMNS)
    assume(np.isfinite(expected).all() and (np.abs(expected) < 1e6).all())
    # A rounding that a later cancellation or comparison magnifies says nothing about the formula.
    moved = function(answer.architecture)([one * (1 + 1e-13) for one in COLUMNS])
    assume(np.allclose(moved, expected, rtol=1e-7, atol=1e-9))
    text = formula(answer.architecture, ["x", "y"])
    compute = sympy.lambdify(sympy.symbols("x y"), sympy.sympify(text), "numpy")
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        found = np.broadcast_to(compute(*COLUMNS), 4)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_constant_reads_back_as_the_same_number(value):
    assert float(number(value)) == value


@given(st.floats(-1e6, 1e6))
def test_sympy_reads_a_constant_as_the_same_number(value):
    assert math.isclose(float(sympy.sympify(number(value))), value, rel_tol=3e-16)


def test_an_iteration_is_a_function_that_is_explained():
    made = architecture(
        step(scalar.MU, 0, *WHOLE.regions, steps=50),
        step(scalar.PRIMITIVE_RECURSION, (1, 0), *FACTORIAL.regions, steps=1000),
        step(scalar.MU, 2, *WHOLE.regions, steps=50),
    )
    assert formula(made, ["x"]) == "mu1(primitive_recursion1(mu1(x), x))"
    assert iterations(made) == [
        "mu1(a): the smallest i = 0, 1, … with i - a = 0, below 50",
        "primitive_recursion1(n, v): v = (i + 1)*v for i = 0, …, n - 1, with n up to 1,000",
    ]
    assert sympy.sympify(formula(made, ["x"])).free_symbols == {sympy.Symbol("x")}


def test_iterations_inside_iterations_are_explained_too():
    inner = step(scalar.MU, 1, *WHOLE.regions, steps=50)
    body = Region(2, (inner, step(scalar.ADD, (2, 0))), 3)
    made = architecture(step(scalar.PRIMITIVE_RECURSION, (0, 0), body, steps=50))
    assert iterations(made)[1] == (
        "primitive_recursion1(n, v): v = mu1(v) + i for i = 0, …, n - 1, with n up to 50"
    )


def test_latex_is_laid_out_by_sympy():
    made = architecture(step(scalar.SIN, 0), step(scalar.DIV, (0, 1)))
    assert latex(made, ["x"]) == r"\frac{x}{\sin{\left(x \right)}}"


def test_a_formula_that_would_fill_a_book_is_refused():
    double = (Operation(scalar.ADD, 2),)
    doubled = make_program([(0, index, index) for index in range(40)])
    with pytest.raises(SpaceError, match=r"2,199,023,255,551 terms.*Read its steps"):
        formula(to_architecture(doubled, 1, double, scalar.CONST), ["x"])


def test_column_names_become_symbols():
    names = ["x", "x1", "petal width", "lambda", "E", "1st", "petal-width", "größe", "abs", "Beta"]
    found = symbols(names)
    assert found == [
        "x", "x1", "petal_width", "lambda_", "E_", "x_1st", "petal_width_", "gr__e", "abs_", "Beta",
    ]  # fmt: skip


@given(st.lists(st.text(max_size=8), min_size=1, max_size=5, unique=True))
def test_symbols_differ_and_are_read_as_symbols(names):
    found = symbols(names)
    assert len(set(found)) == len(names)
    assert {str(one) for one in sympy.sympify(" + ".join(found)).free_symbols} == set(found)
