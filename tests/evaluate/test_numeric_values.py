import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.architecture.program import Operation, Program, live_steps
from coeval.architecture.step import Region, Step
from coeval.build.numeric.evaluate import bind, values
from coeval.component.library import SCALAR
from coeval.errors import SpaceError
from coeval.evaluate import numeric_values
from coeval.evaluate.numeric_values import ProgramValues

from . import programs as world

FUNCTIONS = tuple(bind(one) for one in world.OPERATIONS)
seeds = st.integers(0, 2**32)


def batch(seed: int, count: int = 30) -> list[Program]:
    rng = np.random.default_rng(seed)
    found = [world.drawn(rng, int(rng.integers(0, 9))) for _ in range(count)]
    return [one for one in found if one.code or one.constants]


@settings(max_examples=40, deadline=None)
@given(seeds, st.sampled_from([1, 3, 64]))
def test_a_batch_has_the_bits_that_each_program_has_alone(seed, rows):
    columns = world.columns(rows)
    found = batch(seed)
    known = ProgramValues(columns, world.OPERATIONS).of(found)
    for one in found:
        alone = values(one, columns, world.OPERATIONS, FUNCTIONS)
        assert (alone is None) == (one not in known.values)
        if alone is not None:
            assert known.values[one].tobytes() == alone.tobytes()
        assert known.lengths[one] == len(live_steps(one, 2, world.OPERATIONS))


@settings(max_examples=15, deadline=None)
@given(seeds)
def test_work_in_small_pieces_and_what_was_kept_change_nothing(seed):
    columns, found = world.columns(), batch(seed)
    whole = ProgramValues(columns, world.OPERATIONS).of(found)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numeric_values, "_WORK_BYTES", 8 * 64 * 12)
        patch.setattr(numeric_values, "KEPT_BYTES", 8 * 64 * 5)
        pieces = ProgramValues(columns, world.OPERATIONS)
        for part in (found[:7], found, found[3:9]):
            known = pieces.of(part)
            assert known.lengths.keys() == set(part)
            for one in part:
                assert (one in known.values) == (one in whole.values)
                assert one not in whole.values or (known.values[one] == whole.values[one]).all()


def test_a_step_is_undefined_even_where_a_later_step_hides_it():
    hidden = world.program(("log", 0), ("less", 2, 1))  # NaN < y is 0
    infinite = world.program(("sub", 0, 0), ("div", 0, 2), ("div", 0, 3))  # x / inf is 0
    known = ProgramValues(world.columns(), world.OPERATIONS).of([hidden, infinite])
    assert known.values == {}


def test_a_dead_step_may_be_undefined():
    one = world.program(("log", 0), ("add", 0, 1))
    known = ProgramValues(world.columns(), world.OPERATIONS).of([one])
    x, y = world.columns()
    assert (known.values[one] == x + y).all()
    assert known.lengths[one] == 1


def test_an_equal_step_of_two_programs_is_computed_once(monkeypatch):
    found = ProgramValues(world.columns(), world.OPERATIONS)
    computed = []
    sine = world.CODE["sin"]

    def counting(values):
        computed.append(len(values))
        return np.sin(values)

    functions = list(found._functions)
    functions[sine] = counting
    monkeypatch.setattr(found, "_functions", tuple(functions))
    found.of([world.program(("sin", 0), ("add", 2, place)) for place in (0, 1)])
    found.of([world.program(("cos", 1), ("sin", 0), ("mul", 2, 3))])
    assert computed == [1, 1]


def test_a_program_without_steps_is_its_last_input_or_constant():
    x, y = world.columns()
    bare, constant = Program(), Program(b"", (2.5,))
    known = ProgramValues((x, y), world.OPERATIONS).of([bare, constant])
    assert (known.values[bare] == y).all()
    assert (known.values[constant] == 2.5).all()
    assert set(known.lengths.values()) == {0}


def test_iterations_are_computed_for_a_whole_batch():
    multiply = Region(2, (Step(SCALAR["mul"], (), (0, 1)),), 2)  # index · value
    settings_ = SCALAR["primitive_recursion"].complete({"steps": 100})
    power = Operation(SCALAR["primitive_recursion"], 2, settings_, (multiply,))
    counts = np.array([1.0, 2.0, 5.0])
    one = Program(bytes((0, 0, 1, 0)))
    known = ProgramValues([counts, counts], [power]).of([one])
    alone = values(one, [counts, counts], [power], [bind(power)])
    assert (known.values[one] == alone).all()


def test_an_iteration_without_a_budget_is_refused_at_once():
    body = Region(2, (), 0)
    unbounded = Operation(
        SCALAR["primitive_recursion"], 2, SCALAR["primitive_recursion"].complete({}), (body,)
    )
    with pytest.raises(SpaceError, match="step budget"):
        ProgramValues(world.columns(), [unbounded])
