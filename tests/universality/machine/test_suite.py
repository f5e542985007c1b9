import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.universality.machine.counter import start, trace
from coeval.universality.machine.suite import (
    BEAVER_5,
    COUNTER_SUITE,
    TURING_SUITE,
    busy_beaver,
    collatz,
    multiply,
    triple,
)
from coeval.universality.machine.turing import TuringInterpreter


def final(machine, steps=10**6):
    states = trace(machine, start(machine), steps)
    return len(states), states[-1][1 + machine.result]


@pytest.mark.parametrize("known", COUNTER_SUITE, ids=lambda known: known.machine.name)
def test_counter_machines_reach_the_known_result_in_the_known_steps(known):
    assert final(known.machine) == (known.steps, known.result)


@pytest.mark.parametrize("known", TURING_SUITE, ids=lambda known: known.machine.name)
def test_busy_beavers_leave_the_known_ones_after_the_known_steps(known):
    interpreter, steps = TuringInterpreter(known.machine), 0
    while not interpreter.halted:
        interpreter.step()
        steps += 1
    assert (steps, interpreter.written()) == (known.steps, known.result)


def test_collatz_of_27_takes_111_steps():
    assert final(collatz(27)) == (305_029, 111)


@given(st.integers(0, 12), st.integers(0, 12))
def test_multiply_multiplies(left, right):
    assert final(multiply(left, right))[1] == left * right


@given(st.integers(0, 60))
def test_triple_triples(number):
    assert final(triple(number))[1] == 3 * number


@given(st.integers(1, 26))
def test_collatz_counts_the_steps_down_to_one(number):
    steps, value = 0, number
    while value != 1:
        value = 3 * value + 1 if value % 2 else value // 2
        steps += 1
    assert final(collatz(number), 10**7)[1] == steps


def test_a_table_in_the_field_notation_is_read():
    machine = busy_beaver("b", "1RB0LA_0RH1LB")
    assert machine.states == ("A", "B")
    assert [(one.write, one.move, one.state) for row in machine.table for one in row] == [
        (1, 1, 1),
        (0, -1, 0),
        (0, 1, 2),
        (1, -1, 1),
    ]


@pytest.mark.slow
def test_the_champion_of_five_states_halts_with_4098_ones():
    # Written out, because the interpreter's checks would take minutes for 47 million steps.
    table = [[(one.write, one.move, one.state) for one in row] for row in BEAVER_5.table]
    tape, head, state, steps = bytearray(40_000), 20_000, 0, 0
    while state < 5:
        tape[head], move, state = table[state][tape[head]]
        head += move
        steps += 1
    assert (steps, sum(tape)) == (47_176_870, 4098)
