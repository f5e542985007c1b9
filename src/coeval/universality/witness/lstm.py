"""A standard LSTM cell without input, iterated: any counter machine (reference, B.8).

Logistic gates, a tanh candidate, ``h = o tanh(c)``. With a large gain ``G`` the gates of float64 saturate to
exactly 0 and 1: a Boolean unit forgets and is set to 0 or 1, a counter unit remembers and adds -1, 0 or 1.
An instruction takes two cell steps, because the units of the control and those of the actions take turns.
In real numbers the gates never reach 0 and 1; the agreement is one of float64.
"""

from dataclasses import dataclass

import numpy as np

from coeval.universality.machine.counter import (
    CounterMachine,
    Decrement,
    Halt,
    Increment,
    is_halted,
    start,
    trace,
)
from coeval.universality.witness.agreement import Agreement, plain
from coeval.universality.witness.capacity import largest_counter
from coeval.universality.witness.gate import Array

# The smallest margin of a gate's sum is 1.5 tanh(1) - 1 = 0.142; exp underflows to 0 at 745 = 0.142 * 5250.
GAIN = 6000.0
ON = float(np.tanh(1.0))  # what a Boolean unit that is on shows
CELLS_PER_STEP = 2


@dataclass(frozen=True, slots=True, eq=False)
class LstmNetwork:
    """An LSTM cell: input gate, forget gate, output gate, candidate, in this order.

    Attributes:
        weights: ``(4, units, units)``, on ``h``.
        bias: ``(4, units)``.
        instructions: Units 0 to here hold the control; the counters follow.
        counters: How many counters there are.
    """

    weights: Array
    bias: Array
    instructions: int
    counters: int

    @property
    def units(self) -> int:
        """Size of the cell's state."""
        return int(self.bias.shape[1])


def compile_lstm(machine: CounterMachine, gain: float = GAIN) -> LstmNetwork:
    """Return the cell of which two steps are a step of the machine."""
    size = len(machine.program)
    cells = size + machine.counters
    # Action units: one for an increment or a halt, two for a decrement (counter was zero, was not).
    units = cells + sum(1 + isinstance(one, Decrement) for one in machine.program)
    weights, bias = np.zeros((4, units, units)), np.zeros((4, units))
    bias[0], bias[1], bias[2], bias[3] = -ON / 2, -1, 1, 1
    bias[1, size:cells], bias[3, size:cells] = 1, 0
    unit = cells
    for number, one in enumerate(machine.program):
        weights[0, unit, number] = 1
        if isinstance(one, Decrement):
            counter = size + one.counter
            weights[0, unit, counter] = -1
            weights[0, one.zero, unit] += 1
            unit += 1
            weights[0, unit, number] = weights[0, unit, counter] = 1
            bias[0, unit] = -1.5 * ON
            weights[0, one.nonzero, unit] += 1
            weights[0, counter, unit], weights[3, counter, unit] = 1, -1
        elif isinstance(one, Increment):
            weights[0, one.target, unit] += 1
            weights[0, size + one.counter, unit] = weights[3, size + one.counter, unit] = 1
        elif isinstance(one, Halt):
            weights[0, number, unit] += 1
        unit += 1
    return LstmNetwork(gain * weights, gain * bias, size, machine.counters)


def logistic(values: Array) -> Array:
    """Return ``1 / (1 + exp(-x))`` without overflow; far below zero it underflows to exactly 0."""
    small = np.exp(-np.abs(values))
    return np.where(values >= 0, 1.0, small) / (1.0 + small)


def advance(network: LstmNetwork, hidden: Array, cell: Array) -> tuple[Array, Array]:
    """Apply the cell once.

    Args:
        network: What to apply.
        hidden: ``(units,)``, ``h``.
        cell: ``(units,)``, ``c``.

    Returns:
        The next ``h`` and ``c``.
    """
    sums = network.weights @ hidden + network.bias
    gates = logistic(sums[:3])
    cell = gates[1] * cell + gates[0] * np.tanh(sums[3])
    return gates[2] * np.tanh(cell), cell


def follow(machine: CounterMachine, steps: int, gain: float = GAIN) -> Agreement:
    """Run the machine's cell beside the interpreter until the halt, the budget, or the first difference.

    Args:
        machine: What to run.
        steps: Budget of machine steps; the cell takes two for each.
        gain: ``G``; below about 5,250 an exact zero is not guaranteed, and small ones drift.
    """
    network, state = compile_lstm(machine, gain), start(machine)
    size, known = network.instructions, network.instructions + network.counters
    cell = np.zeros(network.units)
    cell[0], cell[size:known] = 1, state[1:]
    hidden = np.tanh(cell)
    done, parted, limit = 0, "", ""
    while done < steps and not (parted or limit or is_halted(machine, state)):
        following = trace(machine, state, 1)[0]
        if max(following[1:]) > largest_counter("float64"):
            limit = f"stopped where a counter would pass 2^53 = {largest_counter('float64'):,}"
            break
        state, done = following, done + 1
        for _ in range(CELLS_PER_STEP):
            hidden, cell = advance(network, hidden, cell)
        expected = np.array([float(one == state[0]) for one in range(size)] + [*state[1:]])
        wrong = np.flatnonzero(cell[:known] != expected)
        if len(wrong):
            at = int(wrong[0])
            what = f"instruction {at}" if at < size else f"counter {at - size}"
            parted = f"parts at step {done:,}: {what} is {plain(cell[at])} in the network, {plain(expected[at])} in the interpreter"
    return Agreement(
        done,
        is_halted(machine, state),
        plain(cell[size + machine.result]),
        str(state[1 + machine.result]),
        parted,
        limit,
    )
