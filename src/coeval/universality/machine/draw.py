"""Random machines: what a compiler was not written with in mind."""

import numpy as np

from coeval.seed import generator
from coeval.universality.machine.counter import (
    CounterMachine,
    Decrement,
    Halt,
    Increment,
    Instruction,
)
from coeval.universality.machine.turing import Transition, TuringMachine


def draw_counter_machine(seed: int, number: int) -> CounterMachine:
    """Return a random program of 4 to 10 instructions over 2 to 4 counters, with small inputs.

    Args:
        seed: Below which every draw has its address.
        number: Which machine.
    """
    rng = generator(seed, "universality", "counter", number)
    size, counters = int(rng.integers(4, 11)), int(rng.integers(2, 5))
    program = [_draw_instruction(rng, size, counters) for _ in range(size - 1)]
    # One way out, and only one, so that most runs are long.
    out = int(rng.integers(size - 1))
    program[out] = Decrement(int(rng.integers(counters)), int(rng.integers(size - 1)), size - 1)
    inputs = tuple(int(value) for value in rng.integers(0, 6, size=counters))
    return CounterMachine(f"random {number}", (*program, Halt()), counters, inputs)


def draw_turing_machine(seed: int, number: int) -> TuringMachine:
    """Return a random table of 2 to 5 states over 2 to 4 symbols with moves L, stay and R, on a random tape.

    Args:
        seed: Below which every draw has its address.
        number: Which machine.
    """
    rng = generator(seed, "universality", "turing", number)
    states, symbols = int(rng.integers(2, 6)), int(rng.integers(2, 5))
    table = [
        [
            Transition(int(rng.integers(symbols)), int(rng.integers(-1, 2)), int(target))
            for target in rng.integers(states, size=symbols)
        ]
        for _ in range(states)
    ]
    row, column = int(rng.integers(states)), int(rng.integers(symbols))
    table[row][column] = Transition(0, 1, states)
    return TuringMachine(
        f"random {number}",
        tuple(f"q{one}" for one in range(states)),
        ("halt",),
        tuple("_123"[:symbols]),
        tuple(tuple(one) for one in table),
        tuple(int(value) for value in rng.integers(symbols, size=int(rng.integers(6)))),
    )


def _draw_instruction(rng: np.random.Generator, size: int, counters: int) -> Instruction:
    counter = int(rng.integers(counters))
    first, second = (int(target) for target in rng.integers(size - 1, size=2))
    return Increment(counter, first) if rng.random() < 0.5 else Decrement(counter, first, second)
