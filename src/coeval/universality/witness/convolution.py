"""A convolution of width 3, one gate and iteration over a tape that grows: any Turing machine (reference, B.7).

Memory is width, not precision: a cell holds its symbol one-hot (the blank as nothing) and the state of a
head that stands on it. A pointwise map and the gate find the action; a zero-padded convolution writes,
and moves the head to a neighbour. All activations are 0 or 1 and all sums before a gate are -1, 0 or 1, so
that int8 computes it exactly, for as long a tape as memory holds.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from coeval.universality.machine.turing import TuringInterpreter, TuringMachine, outcome
from coeval.universality.witness.agreement import Agreement
from coeval.universality.witness.gate import Gate

# float64 for a run, int8 for the test that it suffices.
Cells = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class ConvolutionNetwork:
    """The network of one Turing machine.

    Its channels are the symbols but the blank, then the states, halting ones last.

    Attributes:
        pointwise: ``(hidden, channels)``, entries in {-1, 0, 1}.
        bias: ``(hidden,)``.
        gated: How many of the hidden channels pass the gate; the others are copies.
        spread: ``(3, channels, hidden)``: weights of the left, the same and the right cell.
        symbols: Channels that are symbols.
    """

    pointwise: Cells
    bias: Cells
    gated: int
    spread: Cells
    symbols: int

    @property
    def units(self) -> int:
        """Hidden and output channels of a cell."""
        return int(sum(self.pointwise.shape))


def compile_convolution(machine: TuringMachine) -> ConvolutionNetwork:
    """Return the network whose every iteration is a step of the machine."""
    written, states = len(machine.symbols) - 1, len(machine.states)
    actions = states * len(machine.symbols)
    channels = written + states + len(machine.halting)
    kept = [*range(written), *range(written + states, channels)]
    pointwise = np.zeros((actions + len(kept), channels))
    bias = np.zeros(len(pointwise))
    spread = np.zeros((3, channels, len(pointwise)))
    for number, channel in enumerate(kept, start=actions):
        pointwise[number, channel] = 1
        spread[1, channel, number] = 1
    for state, table in enumerate(machine.table):
        for symbol, one in enumerate(table):
            unit = state * len(machine.symbols) + symbol
            pointwise[unit, written + state] = 1
            if symbol:
                pointwise[unit, symbol - 1], bias[unit] = 1, -1
                spread[1, symbol - 1, unit] -= 1
            else:
                pointwise[unit, :written] = -1
            if one.write:
                spread[1, one.write - 1, unit] += 1
            # What moves right comes from the left neighbour.
            spread[1 - one.move, written + one.state, unit] = 1
    return ConvolutionNetwork(pointwise, bias, actions, spread, written)


def as_int8(network: ConvolutionNetwork) -> ConvolutionNetwork:
    """Return the network with weights in int8."""
    return ConvolutionNetwork(
        network.pointwise.astype(np.int8),
        network.bias.astype(np.int8),
        network.gated,
        network.spread.astype(np.int8),
        network.symbols,
    )


def iterate(network: ConvolutionNetwork, gate: Gate, cells: Cells) -> Cells:
    """Apply the network once, in the arithmetic of ``cells`` and of the network.

    Args:
        network: What to apply.
        gate: Its nonlinear unit.
        cells: ``(channels, length)``.

    Returns:
        ``(channels, length + 2)``: one cell more on each side.
    """
    hidden = network.pointwise @ cells + network.bias[:, None]
    hidden[: network.gated] = gate.apply(hidden[: network.gated])
    # A cell beyond the tape is all zeros, and so are its hidden channels, because g(0) = g(-1) = 0.
    padded = np.pad(hidden, ((0, 0), (2, 2)))
    left, same, right = network.spread
    following: Cells = left @ padded[:, :-2] + same @ padded[:, 1:-1] + right @ padded[:, 2:]
    return following


def trim(cells: Cells, first: int) -> tuple[Cells, int]:
    """Drop the cells at both ends in which nothing is; they would only cost time.

    Args:
        cells: ``(channels, length)``.
        first: The tape's number of the first of them.

    Returns:
        The cells that are left, and the number of the first.
    """
    used = np.flatnonzero(cells.any(axis=0))
    if not len(used):
        return cells[:, :1], first
    return cells[:, used[0] : used[-1] + 1], first + int(used[0])


def encode(network: ConvolutionNetwork, interpreter: TuringInterpreter) -> tuple[Cells, int]:
    """Return an interpreter's configuration as the network's cells, trimmed, and the number of the first cell."""
    symbols = np.frombuffer(interpreter.cells, dtype=np.uint8)
    written = np.flatnonzero(symbols)
    head = interpreter.head - interpreter.first
    ends = [head, *written[:1].tolist(), *written[-1:].tolist()]
    start = min(ends)
    cells = np.zeros((network.pointwise.shape[1], max(ends) - start + 1))
    cells[symbols[written] - 1, written - start] = 1
    cells[network.symbols + interpreter.state, head - start] = 1
    return cells, interpreter.first + start


def follow(machine: TuringMachine, gate: Gate, steps: int) -> Agreement:
    """Run the machine's network beside the interpreter until the halt, the budget, or the first difference.

    Args:
        machine: What to run.
        gate: The nonlinear unit.
        steps: Step budget.
    """
    network, interpreter = compile_convolution(machine), TuringInterpreter(machine)
    cells, first = encode(network, interpreter)
    done, parted = 0, ""
    with np.errstate(all="ignore"):
        while done < steps and not interpreter.halted and not parted:
            interpreter.step()
            cells, first = trim(iterate(network, gate, cells), first - 1)
            done += 1
            expected, start = encode(network, interpreter)
            if first != start or not np.array_equal(cells, expected):
                parted = (
                    f"parts at step {done:,}: {_first_difference(cells, first, expected, start)}"
                )
    state = int(cells[network.symbols :].sum(axis=1).argmax())
    return Agreement(
        done,
        interpreter.halted,
        outcome(machine, state, int((cells[: network.symbols] == 1).sum())),
        outcome(machine, interpreter.state, interpreter.written()),
        parted,
    )


def _first_difference(cells: Cells, first: int, expected: Cells, start: int) -> str:
    if (first, cells.shape) != (start, expected.shape):
        return (
            f"the network uses cells {first}..{first + cells.shape[1] - 1}, "
            f"the interpreter {start}..{start + expected.shape[1] - 1}"
        )
    channel, cell = (int(one) for one in np.argwhere(cells != expected)[0])
    return (
        f"channel {channel} of cell {first + cell} is {cells[channel, cell]:g} in the network, "
        f"{expected[channel, cell]:g} in the interpreter"
    )
