"""The elementary cellular automaton 110 as a convolution of width 3 with a gate, iterated (reference, B.7).

It is weakly universal: it needs a periodic background without end (Cook 2004, Complex Systems 15(1)).
"""

from typing import Literal

import numpy as np

from coeval.universality.witness.agreement import Agreement
from coeval.universality.witness.gate import Array, Gate

Boundary = Literal["zero", "periodic"]

# Taps on the left, the same and the right cell, and the bias, of three channels; all but the first pass the gate.
TAPS = np.array([[0.0, 1.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 1.0]])
BIAS = np.array([0.0, -1.0, -2.0])
MIX = np.array([1.0, -1.0, -1.0])


def iterate(gate: Gate, cells: Array, boundary: Boundary) -> Array:
    """Apply rule 110 once: ``(c + r) - g(c + r - 1) - g(l + c + r - 2)``.

    Args:
        gate: The nonlinear unit.
        cells: ``(length,)`` of 0 and 1.
        boundary: What stands beyond the ends: zeros, or the other end.

    Returns:
        ``(length,)``.
    """
    beyond = (0.0, 0.0) if boundary == "zero" else (cells[-1], cells[0])
    padded = np.concatenate([beyond[:1], cells, beyond[1:]])
    channels = TAPS @ np.stack([padded[:-2], cells, padded[2:]]) + BIAS[:, None]
    channels[1:] = gate.apply(channels[1:])
    following: Array = MIX @ channels
    return following


def interpret(row: int, length: int, boundary: Boundary) -> int:
    """Apply rule 110 once to the bits of an integer, the leftmost cell being the highest bit.

    A cell is 1 unless its own and its right neighbour are 0, or all three are 1.
    """
    wraps = boundary == "periodic"
    right = (row << 1) | (row >> (length - 1) if wraps else 0)
    left = (row >> 1) | ((row & 1) << (length - 1) if wraps else 0)
    return (row | right) & ~(left & row & right) & ((1 << length) - 1)


def follow(gate: Gate, start: Array, steps: int, boundary: Boundary) -> Agreement:
    """Run the network beside the rule on the bits of an integer; compare every cell of every step.

    Args:
        gate: The nonlinear unit.
        start: ``(length,)`` of 0 and 1.
        steps: How many.
        boundary: What stands beyond the ends.
    """
    cells, length = start.astype(np.float64), len(start)
    row = int("".join(str(int(cell)) for cell in start), 2)
    done, parted = 0, ""
    with np.errstate(all="ignore"):
        while done < steps and not parted:
            row = interpret(row, length, boundary)
            cells, done = iterate(gate, cells, boundary), done + 1
            wrong = np.flatnonzero(cells != _bits(row, length))
            if len(wrong):
                parted = (
                    f"parts at step {done:,}: cell {wrong[0]} is {cells[wrong[0]]:g} in the network"
                )
    return Agreement(done, False, f"{(cells == 1).sum()} ones", f"{row.bit_count()} ones", parted)


def _bits(row: int, length: int) -> Array:
    return np.array([int(bit) for bit in f"{row:0{length}b}"], dtype=np.float64)
