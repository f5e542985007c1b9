"""Sets of values: what is available after some steps of a straight-line program.

What can follow depends on the set alone, so each set is kept once. It is made in one order only, so that
no table of sets is needed: of the values that can be computed from leaves and the values chosen so far, the
one of the smallest number comes first. A beginning of that order is the order of its own set; therefore a
set that ends in a value is extended exactly by those values that come last in the order of the larger set
(reverse search: Avis & Fukuda 1996, doi:10.1016/0166-218X(95)00026-N).
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coeval.architecture.program import Operation
from coeval.exact.rows import Numbers
from coeval.exact.size import is_commutative

WIDTH = 4
"""Bytes a step: an operation and three places."""


@dataclass(frozen=True, slots=True, eq=False)
class States:
    """Sets of values of one size, in order.

    Attributes:
        values: ``(states, steps)`` numbers of the values.
        steps: ``(states, steps, 4)``: how each value is made; places number leaves, then steps.
        unused: ``(states, steps)``: whether no later step takes the value.
    """

    values: npt.NDArray[np.int32]
    steps: npt.NDArray[np.uint8]
    unused: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.values)

    def part(self, which: slice | Numbers) -> "States":
        """Return some of the states."""
        return States(self.values[which], self.steps[which], self.unused[which])

    @property
    def memory_bytes(self) -> int:
        """Return the bytes in use."""
        return self.values.nbytes + self.steps.nbytes + self.unused.nbytes


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Steps that were applied to states.

    Attributes:
        states: ``(applications,)`` numbers of the states.
        values: ``(applications,)`` numbers of the values that came out.
        ready: ``(applications,)``: how many of the state's values had to be there.
        steps: ``(applications, 4)``.
        attempts: How many applications were evaluated, undefined ones included.
    """

    states: Numbers
    values: Numbers
    ready: Numbers
    steps: npt.NDArray[np.uint8]
    attempts: int


def no_states() -> States:
    """Return the one set of no values."""
    return States(
        np.empty((1, 0), np.int32), np.empty((1, 0, WIDTH), np.uint8), np.empty((1, 0), np.bool_)
    )


def join(parts: Sequence[States], steps: int) -> States:
    """Return the states of all parts, each of so many steps."""
    empty = States(
        np.empty((0, steps), np.int32),
        np.empty((0, steps, WIDTH), np.uint8),
        np.empty((0, steps), np.bool_),
    )
    every = [empty, *parts]
    return States(
        np.concatenate([one.values for one in every]),
        np.concatenate([one.steps for one in every]),
        np.concatenate([one.unused for one in every]),
    )


def applications(
    operations: Sequence[Operation], places: int
) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Yield every operation with every choice of operands; of commutative ones, one order.

    Args:
        operations: What a step may be.
        places: How many values are available.
    """
    for code, operation in enumerate(operations):
        for taken in itertools.product(range(places), repeat=operation.arity):
            if not (is_commutative(operation) and taken[0] > taken[1]):
                yield code, taken


def step_code(code: int, taken: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    """Return a step's four bytes."""
    return np.array((code, *taken, *[0] * (WIDTH - 1 - len(taken))), np.uint8)


def children(states: States, tried: Steps, leaves: int) -> States:
    """Return the sets of one more value, each in its order and from the one set that it extends.

    Args:
        states: Sets in their order.
        tried: All steps on them that are defined, with equal results told apart by nothing but their numbers.
        leaves: How many leaves there are: they have the smallest numbers.
    """
    fresh = tried.values >= leaves
    fresh &= ~(states.values[tried.states] == tried.values[:, None]).any(axis=1)
    order = np.lexsort((tried.ready, tried.values, tried.states))
    order = order[fresh[order]]
    state, value = tried.states[order], tried.values[order]
    first = np.ones(len(order), np.bool_)  # of equal results the one that was ready first
    first[1:] = (state[1:] != state[:-1]) | (value[1:] != value[:-1])
    order, state, value = order[first], state[first], value[first]
    last = value > _largest_after(states.values)[state, tried.ready[order]]
    order, state, value = order[last], state[last], value[last]
    steps = tried.steps[order]
    unused = np.concatenate([states.unused[state], np.ones((len(state), 1), np.bool_)], axis=1)
    _use(unused, steps, leaves)
    return States(
        np.concatenate([states.values[state], value[:, None].astype(np.int32)], axis=1),
        np.concatenate([states.steps[state], steps[:, None]], axis=1),
        unused,
    )


def _largest_after(values: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Return ``(states, steps + 1)``: the largest number from each place on, -1 from behind the last."""
    largest = np.full((len(values), values.shape[1] + 1), -1, np.int32)
    largest[:, :-1] = np.maximum.accumulate(values[:, ::-1], axis=1)[:, ::-1]
    return largest


def _use(unused: npt.NDArray[np.bool_], steps: npt.NDArray[np.uint8], leaves: int) -> None:
    """Strike off what the last steps take; unused operand bytes are 0 and name a leaf."""
    rows = np.arange(len(steps))
    for place in range(1, WIDTH):
        taken = steps[:, place].astype(np.int64) - leaves
        real = taken >= 0
        unused[rows[real], taken[real]] = False
