import re

import pytest

from coeval.errors import DataError
from coeval.universality.machine.turing import (
    LEFT,
    RIGHT,
    STAY,
    Transition,
    TuringInterpreter,
    TuringMachine,
    outcome,
)

ROW = (Transition(1, RIGHT, 0), Transition(0, LEFT, 1))


def machine(**fields):
    defaults = {"states": ("A",), "halting": ("H",), "symbols": ("0", "1"), "table": (ROW,)}
    return TuringMachine("m", **{**defaults, **fields})


def test_a_step_writes_moves_and_changes_the_state():
    interpreter = TuringInterpreter(machine(tape=(0, 1)))
    interpreter.step()
    assert (interpreter.state, interpreter.head, interpreter.halves()) == (0, 1, (b"\1", b"\1"))
    interpreter.step()
    assert (interpreter.state, interpreter.head, interpreter.written()) == (1, 0, 1)
    assert interpreter.halted


def test_a_halted_machine_stays_as_it_is():
    interpreter = TuringInterpreter(machine(tape=(1,)))
    interpreter.step()
    before = (interpreter.state, interpreter.head, interpreter.halves())
    interpreter.step()
    assert (interpreter.state, interpreter.head, interpreter.halves()) == before


def test_a_head_may_stay_where_it_is():
    interpreter = TuringInterpreter(machine(table=((Transition(1, STAY, 0), ROW[1]),)))
    interpreter.step()
    assert (interpreter.head, interpreter.halves()) == (0, (b"", b"\1"))


@pytest.mark.parametrize("move", [LEFT, RIGHT])
def test_the_tape_has_no_end(move):
    interpreter = TuringInterpreter(machine(table=((Transition(1, move, 0), ROW[1]),)))
    for _ in range(1000):
        interpreter.step()
    assert (interpreter.head, interpreter.written()) == (1000 * move, 1000)
    near, far = interpreter.halves()[::-move]
    assert (near, far.strip(b"\0")) == (b"", b"\1" * 1000)


def test_halves_meet_at_the_head_and_leave_out_the_blanks_at_the_ends():
    interpreter = TuringInterpreter(machine(tape=(0, 1, 0, 0, 1, 0), head=3))
    assert interpreter.halves() == (b"\0\1", b"\0\1")


def test_an_outcome_names_the_state_where_it_matters():
    assert outcome(machine(), 1, 1) == "1 one"
    assert outcome(machine(), 0, 2) == "2 ones, state A"
    assert outcome(machine(halting=("yes", "no")), 2, 0) == "0 ones, state no"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"states": ("A", "A"), "table": (ROW, ROW)}, "defines state 'A' twice"),
        ({"halting": ("A",)}, "defines state 'A' twice"),
        ({"symbols": ("0", "0")}, "defines symbol '0' twice"),
        ({"halting": ()}, "needs at least one state, one halting state and two symbols"),
        ({"table": (ROW, ROW)}, "needs 2 transitions for each of its 1 states, got [2, 2]"),
        ({"table": ((Transition(1, RIGHT, 2), ROW[1]),)}, "go to one of 2 states, got"),
        ({"table": ((Transition(1, 2, 0), ROW[1]),)}, "move by -1, 0 or 1"),
        ({"table": ((ROW[0], ROW[0]),)}, "needs a transition to a halting state (H), got none"),
        ({"symbols": tuple(map(str, range(257)))}, "at most 256 symbols, 'm' has 257"),
        ({"tape": (0, 2)}, "may hold symbols 0..1, got 2"),
        ({"head": 1}, "must start on cell 0..0, got 1"),
        ({"start": 1}, "must start in one of its 1 states that act, got number 1"),
        ({"steps": -1}, "must be at least 1, got -1"),
    ],
)
def test_what_cannot_run_is_refused(fields, message):
    with pytest.raises(DataError, match=re.escape(message)):
        machine(**fields)
