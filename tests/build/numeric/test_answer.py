import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.architecture.inference import infer
from coeval.architecture.program import Program, make_program
from coeval.build.numeric.answer import Answer, listing
from coeval.build.numeric.evaluate import bind, values
from coeval.build.numeric.formula import formula
from tests.build.numeric.programs import EXACT, operation, programs

COLUMNS = [np.array([0.4, 1.3, 2.2, -0.7]), np.array([1.9, 0.8, -1.1, 0.6])]
OPERATIONS = tuple(operation(name) for name in ("add", "mul", "sin", "exp"))
SINE = make_program([(2, 0)])
SINE_TWICE = make_program([(2, 0), (1, 1, 1)])
HALF = make_program([(1, 0, 1)], [0.5])


def answer(programs, weights) -> Answer:
    return Answer(tuple(programs), tuple(weights), OPERATIONS, 1)


@given(
    st.lists(st.tuples(programs(EXACT), st.sampled_from([0.0, 1.0, -2.0, 0.3])), max_size=3),
    st.sampled_from([0.0, 1.0, -0.7]),
)
def test_an_answer_is_the_weighted_sum_of_its_programs(parts, offset):
    functions = [bind(one) for one in EXACT]
    kept = [(p, w) for p, w in parts if values(p, COLUMNS, EXACT, functions) is not None]
    made = Answer(tuple(p for p, _ in kept), (offset, *(w for _, w in kept)), EXACT, 2)
    expected = offset + sum(
        (w * values(p, COLUMNS, EXACT, functions) for p, w in kept), np.zeros(4)
    )
    scale = 1 + sum(abs(w) * np.abs(values(p, COLUMNS, EXACT, functions)).max() for p, w in kept)
    assert np.abs(made.predict(COLUMNS) - expected).max() <= 1e-12 * scale
    infer(made.architecture)


def test_without_weights_the_program_is_the_value_itself():
    assert answer([SINE], ()).predict([COLUMNS[0]]).tolist() == np.sin(COLUMNS[0]).tolist()
    assert answer([SINE], ()).architecture.body.steps[-1].component.name == "sin"


def test_steps_that_programs_share_stand_once():
    made = answer([SINE, SINE_TWICE], (0.0, 1.0, 1.0)).architecture
    assert [one.component.name for one in made.body.steps] == ["sin", "mul", "add"]


@pytest.mark.parametrize(
    ("programs", "weights", "expected"),
    [
        ([SINE_TWICE], (), [("t1", "sin(x)"), ("y", "t1*t1")]),
        ([HALF], (), [("y", "x*0.5")]),
        ([Program()], (), [("y", "x")]),
        ([Program(b"", (3.0,))], (), [("y", "3")]),
        ([SINE], (0.5, -2.0), [("t1", "sin(x)"), ("y", "0.5 - 2*t1")]),
        ([SINE], (0.0, 1.0), [("y", "sin(x)")]),
        ([SINE], (1.5, 0.0), [("t1", "sin(x)"), ("y", "1.5")]),
        (
            [SINE, SINE_TWICE],
            (0.0, 1.0, -0.25),
            [("t1", "sin(x)"), ("t2", "t1*t1"), ("y", "t1 - 0.25*t2")],
        ),
    ],
)
def test_the_listing_numbers_the_steps(programs, weights, expected):
    assert listing(answer(programs, weights), ["x"]) == expected


def test_steps_are_not_named_like_an_input_or_the_target():
    assert listing(answer([SINE_TWICE], ()), ["t1"])[0] == ("t_1", "sin(t1)")
    assert listing(answer([SINE_TWICE], ()), ["x"], "t1")[0] == ("t_1", "sin(x)")


def test_the_formula_of_an_answer_has_its_weights():
    made = answer([SINE, SINE_TWICE], (0.5, -2.0, 3.0)).architecture
    assert formula(made, ["x"]) == "0.5 - 2*sin(x) + 3*sin(x)*sin(x)"
