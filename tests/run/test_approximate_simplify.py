import numpy as np
from hypothesis import given, settings

from coeval.architecture.program import make_program
from coeval.build.numeric.answer import Answer, listing
from coeval.build.numeric.evaluate import bind, values
from coeval.run.approximate_fit import fitted
from coeval.run.approximate_simplify import terms, tidied, with_identity
from coeval.task.points import make_points
from tests.build.numeric.programs import PLAIN, operation, programs

NAMES = ("add", "sub", "mul", "div", "neg", "exp", "sin", "successor")
OPERATIONS = with_identity([operation(name) for name in NAMES])
ADD, SUB, MUL, DIV, NEG, EXP, SIN, SUCCESSOR = range(8)
X = np.linspace(0.2, 2, 20)


def shown(program) -> list[str]:
    made = terms(program, 1, OPERATIONS)
    return [listing(Answer((one,), (), OPERATIONS, 1), ["x"])[-1][1] for one in made]


def test_shifts_factors_and_signs_at_the_root_are_left_to_the_weights():
    shifted = make_program([(EXP, 0), (MUL, 1, 2), (NEG, 3), (SUCCESSOR, 4), (DIV, 5, 1)], [2.0])
    assert shown(shifted) == ["exp(x)"]


def test_a_sum_is_its_terms_each_once():
    summed = make_program([(SIN, 0), (SUB, 1, 0), (ADD, 2, 1)])
    assert sorted(shown(summed)) == ["sin(x)", "x"]


def test_a_number_over_x_and_a_product_of_two_stay():
    assert shown(make_program([(DIV, 1, 0)], [2.0])) == ["2/x"]
    assert shown(make_program([(MUL, 0, 0)])) == ["x*x"]


def test_constants_are_no_terms():
    assert shown(make_program([(EXP, 1)], [2.0])) == ["exp(2)"]
    assert shown(make_program([(ADD, 1, 0)], [2.0])) == ["x"]


@settings(max_examples=60)
@given(programs(PLAIN, inputs=1))
def test_terms_approximate_no_worse_than_their_program(program):
    operations = with_identity(PLAIN)
    points = make_points([X], np.cos(3 * X))
    functions = [bind(one) for one in operations]
    whole = values(program, points.columns, operations, functions)
    if whole is None or np.abs(whole).max() > 1e6:
        return
    _, before = fitted([program], operations, points)
    _, after = fitted(terms(program, 1, operations) or [program], operations, points)
    assert after <= before * (1 + 1e-6) + 1e-12


def test_weights_are_rounded_as_far_as_the_error_allows():
    points = make_points([X], 2.5 * np.exp(X) - 1)
    answer = Answer((make_program([(EXP, 0)]),), (-1 + 2e-16, 2.5000000000000004), OPERATIONS, 1)
    assert tidied(answer, points, 1e-30, constants_fitted=True).weights == (-1.0, 2.5)


def test_an_offset_that_is_rounding_vanishes_and_a_small_one_does_not():
    program = (make_program([(EXP, 0)]),)
    exact = make_points([X], np.exp(X))
    answer = Answer(program, (3e-16, 1.0), OPERATIONS, 1)
    assert tidied(answer, exact, 1e-30, constants_fitted=True).weights == (0.0, 1.0)
    small = make_points([X], np.exp(X) + 1e-6)
    answer = Answer(program, (1e-6, 1.0), OPERATIONS, 1)
    assert tidied(answer, small, 1e-30, constants_fitted=True).weights == (1e-6, 1.0)


def test_modules_that_add_nothing_are_left_out():
    points = make_points([X], np.sin(X))
    answer, sse = fitted([make_program([(EXP, 0)]), make_program([(SIN, 0)])], OPERATIONS, points)
    assert (len(answer.programs), sse < 1e-28) == (1, True)


def test_constants_inside_become_simple_where_the_error_allows():
    made = operation("mul")
    program = make_program([(0, 0, 1)], [0.30000000000000004])
    answer = Answer((program,), (1.0000000000000002, 2.0), (made,), 1)
    points = make_points([X], 1 + 0.6 * X)
    simple = tidied(answer, points, 0.0, constants_fitted=True)
    assert simple.programs[0].constants == (0.3,)
    assert simple.weights == (1.0, 2.0)
