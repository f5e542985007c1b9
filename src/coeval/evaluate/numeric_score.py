"""One numeric answer at a time: its weights, its values and its error on any rows, and names for equal values.

A candidate's functions are the programs among its parts, in order. Its value is ``c0 + c1 f1 + … + cK fK``
with weights ``(c0, c1 … cK)``, or its only program's where there are no weights.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from coeval.architecture.program import Operation, Program
from coeval.evaluate.numeric_linear import linear_weights
from coeval.evaluate.numeric_values import ProgramValues
from coeval.space.protocol import Candidate

Floats = npt.NDArray[np.float64]

_MIX = tuple(np.uint64(one) for one in (0xBF58476D1CE4E5B9, 0x94D049BB133111EB))
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def programs_of(candidate: Candidate) -> tuple[Program, ...]:
    """Return the programs of a candidate, in the order of its parts."""
    return tuple([part for _, part in candidate.parts if isinstance(part, Program)])


def fit_weights(
    candidate: Candidate,
    columns: Sequence[Floats],
    target: Floats,
    operations: Sequence[Operation],
) -> tuple[float, ...] | None:
    """Return the least-squares weights of a candidate's programs, or ``None`` where one is undefined.

    Args:
        candidate: One program or a team.
        columns: ``(rows,)`` float64 for each input.
        target: ``(rows,)``.
        operations: What operation codes stand for.
    """
    values = _values(candidate, columns, operations)
    return None if values is None else linear_weights(values, target)


def predict(
    candidate: Candidate,
    columns: Sequence[Floats],
    weights: Sequence[float],
    operations: Sequence[Operation],
) -> Floats | None:
    """Return a candidate's ``(rows,)`` values, or ``None`` where a step is undefined on some row.

    Args:
        candidate: One program or a team.
        columns: ``(rows,)`` float64 for each input.
        weights: ``(c0, c1 … cK)``; none for the bare value of one program.
        operations: What operation codes stand for.

    Raises:
        ValueError: The number of weights does not fit the number of programs.
    """
    values = _values(candidate, columns, operations)
    if values is None:
        return None
    if not weights and len(values) == 1:
        return np.asarray(values[0])
    if len(weights) != 1 + len(values):
        raise ValueError(
            f"A candidate of {len(values)} programs has {1 + len(values)} weights, got {len(weights)}. "
            "Only one program alone may go without."
        )
    result: Floats = weights[0] + np.asarray(weights[1:]) @ values
    return result


def score(
    candidate: Candidate,
    columns: Sequence[Floats],
    target: Floats,
    weights: Sequence[float],
    operations: Sequence[Operation],
) -> float:
    """Return a candidate's normalised mean squared error on any rows; infinity where it is undefined.

    Args:
        candidate: One program or a team.
        columns: ``(rows,)`` float64 for each input.
        target: ``(rows,)``; its variance is the unit, so it must vary.
        weights: ``(c0, c1 … cK)``; none for the bare value of one program.
        operations: What operation codes stand for.

    Raises:
        ValueError: The number of weights does not fit the number of programs.
    """
    found = predict(candidate, columns, weights, operations)
    if found is None:
        return float("inf")
    with np.errstate(over="ignore", invalid="ignore"):
        error = float(np.mean((found - target) ** 2) / np.var(target))
    return error if np.isfinite(error) else float("inf")


def semantic_keys(values: Floats) -> list[str]:
    """Return a name for each row of values: 16 hexadecimal digits, equal for equal rows, 0 and -0 being equal.

    A mix of the bits (Steele, Lea & Flood 2014, SplitMix64, doi:10.1145/2660193.2660195) summed with odd
    weights by position. 64 bits: among a million different rows two share a name with probability 3e-8.

    Args:
        values: ``(programs, rows)`` float64.
    """
    bits = np.ascontiguousarray(values + 0.0).view(np.uint64)
    places = _mixed(np.arange(1, 1 + values.shape[1], dtype=np.uint64) * _GOLDEN) | np.uint64(1)
    sums = (_mixed(bits) * places).sum(axis=1, dtype=np.uint64)
    return [f"{one:016x}" for one in _mixed(sums).tolist()]


def _mixed(bits: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    bits = (bits ^ (bits >> np.uint64(30))) * _MIX[0]
    bits = (bits ^ (bits >> np.uint64(27))) * _MIX[1]
    return bits ^ (bits >> np.uint64(31))


def _values(
    candidate: Candidate, columns: Sequence[Floats], operations: Sequence[Operation]
) -> Floats | None:
    programs = programs_of(candidate)
    found = ProgramValues(columns, operations).of(programs).values
    return np.stack([found[one] for one in programs]) if found.keys() >= set(programs) else None
