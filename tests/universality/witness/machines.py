"""Strategies for arbitrary machines, small enough for a step to be looked at."""

from hypothesis import strategies as st

from coeval.universality.machine.counter import CounterMachine, Decrement, Halt, Increment
from coeval.universality.machine.turing import Transition, TuringMachine


@st.composite
def counter_machines(draw):
    size, counters = draw(st.integers(2, 8)), draw(st.integers(1, 4))
    counter, target = st.integers(0, counters - 1), st.integers(0, size - 1)
    instruction = st.one_of(
        st.builds(Increment, counter, target),
        st.builds(Decrement, counter, target, target),
        st.just(Halt()),
    )
    program = draw(st.lists(instruction, min_size=size - 1, max_size=size - 1))
    inputs = draw(st.lists(st.integers(0, 9), max_size=counters))
    return CounterMachine("drawn", (*program, Halt()), counters, tuple(inputs), draw(counter))


@st.composite
def turing_machines(draw, most_symbols=5):
    states, symbols = draw(st.integers(1, 4)), draw(st.integers(2, most_symbols))
    symbol = st.integers(0, symbols - 1)
    transition = st.builds(Transition, symbol, st.integers(-1, 1), st.integers(0, states + 1))
    row = st.lists(transition, min_size=symbols, max_size=symbols).map(tuple)
    table = draw(st.lists(row, min_size=states, max_size=states))
    table[-1] = (*table[-1][:-1], Transition(draw(symbol), 1, states))
    tape = draw(st.lists(symbol, max_size=6))
    return TuringMachine(
        "drawn",
        tuple(f"q{number}" for number in range(states)),
        ("yes", "no"),
        tuple("_abcd"[:symbols]),
        tuple(table),
        tuple(tape),
        draw(st.integers(0, len(tape))),
        draw(st.integers(0, states - 1)),
    )
