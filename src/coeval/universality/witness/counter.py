"""Affine maps, one gate and a linear state, iterated: any counter machine (reference, B.5).

The state is one unit an instruction (one-hot) and one a counter. A step copies it, adds for each
DECJZ ``i`` a unit ``y_i = g(z_i - c_r)``, which is 1 exactly when the instruction is active and its
counter is zero, and reads the next state off as a linear map. With ``g = relu`` the copies may pass
the unit as well, and the whole is a single-layer Elman network without bias, ``h' = relu(V h)``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coeval.universality.machine.counter import (
    CounterMachine,
    CounterState,
    Decrement,
    Halt,
    Increment,
    is_halted,
    start,
    trace,
)
from coeval.universality.witness.agreement import Agreement, plain
from coeval.universality.witness.capacity import largest_counter
from coeval.universality.witness.gate import Array, Gate, is_rectifier

# Numbers that are computed before they are compared in one go; bounds the memory of a long run.
CHUNK = 2**17


@dataclass(frozen=True, slots=True, eq=False)
class CounterNetwork:
    """The network of one counter machine, ``P`` instructions, ``K`` counters and ``D`` decrements.

    Attributes:
        first: ``(P + K + D, P + K)``, entries in {-1, 0, 1}: from the state to the units.
        second: ``(P + K, P + K + D)``, integers: from the units to the next state.
        instructions: ``P``.
    """

    first: Array
    second: Array
    instructions: int

    @property
    def recurrent(self) -> Array:
        """``V``, ``(P + K + D, P + K + D)``: both maps in one, from the units to the next units."""
        return self.first @ self.second

    @property
    def units(self) -> int:
        """``P + K + D``."""
        return int(self.first.shape[0])

    @property
    def cells(self) -> int:
        """``P + K``, the size of the state."""
        return int(self.first.shape[1])


def compile_counter(machine: CounterMachine) -> CounterNetwork:
    """Return the network whose every iteration is a step of the machine."""
    size = len(machine.program)
    cells = size + machine.counters
    tests = [n for n, one in enumerate(machine.program) if isinstance(one, Decrement)]
    first = np.zeros((cells + len(tests), cells))
    second = np.zeros((cells, cells + len(tests)))
    first[:cells, :cells] = np.eye(cells)
    second[size:, size:cells] = np.eye(machine.counters)
    for number, one in enumerate(machine.program):
        if isinstance(one, Increment):
            second[one.target, number] += 1
            second[size + one.counter, number] += 1
        elif isinstance(one, Halt):
            second[number, number] += 1
        else:
            unit = cells + tests.index(number)
            first[unit, number], first[unit, size + one.counter] = 1, -1
            second[one.nonzero, number] += 1
            second[one.nonzero, unit] -= 1
            second[one.zero, unit] += 1
            second[size + one.counter, number] -= 1
            second[size + one.counter, unit] += 1
    return CounterNetwork(first, second, size)


def encode(network: CounterNetwork, states: Sequence[CounterState]) -> Array:
    """Return machine states as network states.

    Args:
        network: Whose layout is used.
        states: Whose counters are exact in float64.

    Returns:
        ``(states, P + K)``.
    """
    rows = np.asarray(states, dtype=np.int64).reshape(-1, 1 + network.cells - network.instructions)
    encoded = np.zeros((len(rows), network.cells))
    encoded[np.arange(len(rows)), rows[:, 0]] = 1
    encoded[:, network.instructions :] = rows[:, 1:]
    return encoded


def unroll(network: CounterNetwork, gate: Gate, state: Array, steps: int) -> Array:
    """Iterate the network.

    Args:
        network: What to iterate.
        gate: Its nonlinear unit.
        state: ``(P + K,)``.
        steps: How often.

    Returns:
        ``(steps, P + K)``, the state after each step.
    """
    weights = network.recurrent
    # The first map and the unit come once before the loop; from then on one product a step does both maps.
    gated = slice(0 if is_rectifier(gate) else network.cells, None)
    rows = np.empty((steps, network.units))
    with np.errstate(all="ignore"):
        hidden = network.first @ state
        hidden[gated] = gate.apply(hidden[gated])
        for row in rows:
            np.dot(weights, hidden, out=row)
            row[gated] = gate.apply(row[gated])
            hidden = row
    return rows[:, : network.cells]


def follow(machine: CounterMachine, gate: Gate, steps: int) -> Agreement:
    """Run the machine's network beside the interpreter until the halt, the budget, or the first difference.

    Args:
        machine: What to run.
        gate: The nonlinear unit.
        steps: Step budget.
    """
    network, state, done = compile_counter(machine), start(machine), 0
    if not _exact_prefix([state]):
        result = str(state[1 + machine.result])
        return Agreement(0, False, result, result, limit=_LIMIT)
    cells = encode(network, [state])[0]
    chunk = max(1, CHUNK // network.units)
    while done < steps:
        asked = min(chunk, steps - done)
        states = trace(machine, state, asked)
        exact = _exact_prefix(states)
        if exact:
            rows = unroll(network, gate, cells, len(exact))
            for at in np.flatnonzero((rows != encode(network, exact)).any(axis=1))[:1]:
                return _agreement(machine, exact[at], rows[at], done + int(at) + 1)
            state, cells, done = exact[-1], rows[-1], done + len(exact)
        if len(exact) < len(states):
            return _agreement(machine, state, cells, done, _LIMIT)
        if len(states) < asked:
            break
    return _agreement(machine, state, cells, done)


def follow_many(machines: Sequence[CounterMachine], gate: Gate, steps: int) -> Agreement:
    """Run many machines for a fixed number of steps each, all networks at once.

    A machine that has halted stays where it is, and so must its network.

    Args:
        machines: Whose counters stay below the capacity within ``steps``.
        gate: The nonlinear unit.
        steps: Steps of each machine.

    Returns:
        The agreement of all: the result counts the steps that agreed.
    """
    networks = [compile_counter(one) for one in machines]
    weights, places = _stack(networks)
    cells_end = weights.shape[1] - max(one.units - one.cells for one in networks)
    hidden = np.zeros((len(machines), weights.shape[1]))
    expected = np.zeros((steps, *hidden.shape))
    for number, (machine, network) in enumerate(zip(machines, networks, strict=True)):
        states = [start(machine), *trace(machine, start(machine), steps)]
        states += [states[-1]] * (steps + 1 - len(states))
        encoded = encode(network, states)
        cells = np.concatenate([places[0][number], places[1][number]])
        expected[:, number, cells] = encoded[1:]
        hidden[number, np.concatenate([cells, places[2][number]])] = network.first @ encoded[0]
    agreed = 0
    with np.errstate(all="ignore"):
        for row in expected:
            hidden[:, cells_end:] = gate.apply(hidden[:, cells_end:])
            hidden = np.matmul(weights, hidden[:, :, None])[:, :, 0]
            agreed += int((hidden[:, :cells_end] == row[:, :cells_end]).all(axis=1).sum())
    total = steps * len(machines)
    parted = "" if agreed == total else f"{total - agreed:,} of {total:,} steps differ"
    return Agreement(total, False, f"{agreed:,} steps agree", f"{total:,} steps agree", parted)


def _stack(
    networks: Sequence[CounterNetwork],
) -> tuple[Array, tuple[list[npt.NDArray[np.intp]], ...]]:
    """Return the weights ``(networks, units, units)`` and where each one's instructions, counters and gates are."""
    parts = [
        (one.instructions, one.cells - one.instructions, one.units - one.cells) for one in networks
    ]
    widths = [max(sizes) for sizes in zip(*parts, strict=True)]
    starts = [0, *np.cumsum(widths).tolist()]
    places = tuple(
        [starts[part] + np.arange(sizes[part]) for sizes in parts] for part in range(len(widths))
    )
    weights = np.zeros((len(networks), starts[-1], starts[-1]))
    for number, network in enumerate(networks):
        units = np.concatenate([place[number] for place in places])
        weights[number][np.ix_(units, units)] = network.recurrent
    return weights, places


_LIMIT = (
    f"stopped where a counter would pass 2^53 = {largest_counter('float64'):,}: float64 cannot count "
    "further, and the network would stay there silently"
)


def _exact_prefix(states: list[CounterState]) -> list[CounterState]:
    """Return the states up to the first that float64 cannot hold."""
    largest = largest_counter("float64")
    if all(max(one[1:]) <= largest for one in states):
        return states
    return states[: next(n for n, one in enumerate(states) if max(one[1:]) > largest)]


def _agreement(
    machine: CounterMachine, state: CounterState, cells: Array, steps: int, limit: str = ""
) -> Agreement:
    size = len(machine.program)
    expected = np.zeros(len(cells))
    expected[state[0]] = 1
    expected[size:] = state[1:]
    parted = ""
    if not limit:
        for cell in np.flatnonzero(expected != cells)[:1]:
            what = f"instruction {cell}" if cell < size else f"counter {cell - size}"
            parted = (
                f"parts at step {steps:,}: {what} is {plain(cells[cell])} in the network, "
                f"{plain(expected[cell])} in the interpreter"
            )
    return Agreement(
        steps,
        is_halted(machine, state),
        plain(cells[size + machine.result]),
        str(state[1 + machine.result]),
        parted,
        limit,
    )
