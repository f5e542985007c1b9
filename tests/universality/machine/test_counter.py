import re

import pytest

from coeval.errors import DataError
from coeval.universality.machine.counter import (
    CounterMachine,
    Decrement,
    Halt,
    Increment,
    is_halted,
    start,
    trace,
)


def machine(*program, counters=2, **fields):
    return CounterMachine("m", program, counters, **fields)


def test_each_instruction_does_what_it_says():
    example = machine(Increment(1, 1), Decrement(0, 0, 2), Halt(), inputs=(1,))
    assert start(example) == (0, 1, 0)
    assert trace(example, start(example), 99) == [(1, 1, 1), (0, 0, 1), (1, 0, 2), (2, 0, 2)]


def test_a_trace_ends_with_the_budget_or_at_the_halt():
    endless = machine(Increment(0, 0), Halt())
    assert len(trace(endless, start(endless), 7)) == 7
    done = machine(Halt())
    assert trace(done, start(done), 7) == []
    assert is_halted(done, start(done))
    assert not is_halted(endless, start(endless))


@pytest.mark.parametrize(
    ("program", "fields", "message"),
    [
        ((Increment(0, 0),), {}, "needs at least one halt instruction, got 1 instructions without"),
        (
            (Increment(0, 5), Halt()),
            {},
            "goes to instruction 5, which is undefined; there are 0..1",
        ),
        ((Decrement(0, 1, -1), Halt()), {}, "goes to instruction -1, which is undefined"),
        ((Increment(2, 1), Halt()), {}, "uses counter 2; there are 0..1"),
        ((Halt(),), {"inputs": (1, -3)}, "input 1 of machine 'm' is -3"),
        ((Halt(),), {"inputs": (1, 2, 3)}, "has 2 counters, got 3 inputs"),
        ((Halt(),), {"result": 2}, "must be a counter in 0..1, got 2"),
        ((Halt(),), {"counters": 0}, "needs at least 1 counter, got 0"),
        ((Halt(),), {"steps": 0}, "must be at least 1, got 0. Raise it"),
    ],
)
def test_what_cannot_run_is_refused(program, fields, message):
    with pytest.raises(DataError, match=re.escape(message)):
        machine(*program, **fields)
