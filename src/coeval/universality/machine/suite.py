"""The machines that every witness is tested on, with what they are known to compute (reference, B.8).

The busy beavers are the champions for 3, 4 and 5 states: most ones left on an empty tape by a machine
that halts (Lin & Rado 1965; Brady 1983; Marxen & Buntrock 1990).
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

from coeval.universality.machine.counter import (
    CounterMachine,
    Decrement,
    Halt,
    Increment,
    Instruction,
)
from coeval.universality.machine.turing import LEFT, RIGHT, Transition, TuringMachine

Machine = TypeVar("Machine", CounterMachine, TuringMachine)


@dataclass(frozen=True, slots=True)
class Known(Generic[Machine]):
    """A machine with its known outcome: the result counter or the ones on the tape, and the steps to the halt."""

    machine: Machine
    result: int
    steps: int


def multiply(left: int, right: int) -> CounterMachine:
    """Return the machine that computes ``left * right`` by repeated addition, with a counter to copy through."""
    program = (
        Decrement(0, 1, 6),  # for each unit of the left factor:
        Decrement(1, 2, 4),  # move the right one to the product and to a copy,
        Increment(2, 3),
        Increment(3, 1),
        Decrement(3, 5, 0),  # and the copy back
        Increment(1, 4),
        Halt(),
    )
    return CounterMachine(f"MUL({left}, {right})", program, 4, (left, right), result=2)


def triple(number: int) -> CounterMachine:
    """Return the machine that computes ``3 * number`` with two counters only."""
    program = (
        Decrement(0, 1, 4),
        Increment(1, 2),
        Increment(1, 3),
        Increment(1, 0),
        Decrement(1, 5, 6),
        Increment(0, 4),
        Halt(),
    )
    return CounterMachine(f"TRIPLE({number})", program, 2, (number,), result=0)


def collatz(number: int) -> CounterMachine:
    """Return the machine that counts how often ``n -> n/2`` (even) or ``3n + 1`` (odd) is taken down to 1.

    Whether it halts for every number is an open question; the budget of steps is not a formality.
    """
    program: tuple[Instruction, ...] = (
        Decrement(0, 1, 22),  # n = 1 is the end: take two off, and put them back
        Decrement(0, 2, 22),
        Increment(0, 3),
        Increment(0, 4),
        Decrement(0, 5, 7),  # counter 1 = n // 2, and the exit tells the parity
        Decrement(0, 6, 10),
        Increment(1, 4),
        Increment(2, 8),  # even: n = counter 1
        Decrement(1, 9, 0),
        Increment(0, 8),
        Increment(2, 11),  # odd: n = 6 * counter 1 + 4
        *(Increment(0, at) for at in range(12, 16)),
        Decrement(1, 16, 0),
        *(Increment(0, at) for at in range(17, 22)),
        Increment(0, 15),
        Halt(),
    )
    return CounterMachine(f"COLLATZ({number})", program, 3, (number,), result=2)


def busy_beaver(name: str, text: str) -> TuringMachine:
    """Return the machine of a table in the field's notation.

    Args:
        name: For reports.
        text: States separated by underscores, each with its actions on 0 and on 1; an action is the
            symbol to write, ``L`` or ``R``, and the next state: ``1RB1LB_1LA0LC_1RH1LD_1RD0RA``.
            ``H`` is the halt.
    """
    rows = text.split("_")
    names = tuple("ABCDEFG"[: len(rows)])
    numbers = {one: number for number, one in enumerate((*names, "H"))}
    table = tuple(
        tuple(
            Transition(int(row[at]), RIGHT if row[at + 1] == "R" else LEFT, numbers[row[at + 2]])
            for at in (0, 3)
        )
        for row in rows
    )
    return TuringMachine(name, names, ("H",), ("0", "1"), table)


BEAVER_3 = busy_beaver("BB3", "1RB1RH_0RC1RB_1LC1LA")
BEAVER_4 = busy_beaver("BB4", "1RB1LB_1LA0LC_1RH1LD_1RD0RA")
BEAVER_5 = busy_beaver("BB5", "1RB1LC_1RC1RB_1RD0LE_1LA1LD_1RH0LA")

COUNTER_SUITE = (
    Known(multiply(7, 9), 63, 337),
    Known(triple(25), 75, 252),
    Known(collatz(7), 16, 964),
)
TURING_SUITE = (Known(BEAVER_3, 6, 14), Known(BEAVER_4, 13, 107))
# The champion of 5 states takes 47,176,870 steps; a prefix has all its states and a long tape.
BEAVER_5_PREFIX = 3000
