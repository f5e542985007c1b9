"""Meet in the middle: sequences that hit the target exactly, twice as long as those of the bank.

y = op(a, b) with both a and b in the bank means that the value which op still needs beside a, such as y - a,
is in the bank: one look-up for each row instead of one test for each pair. Targets below an outermost
unary operation are looked up as well (y = exp(f) needs f = log(y)). Look-ups are in float64 and hence
approximate: rows are sorted by a random projection, those within the tolerance are candidates, and every
reported hit was computed directly.
"""

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from coeval.exact.kernels.models import Index, Values
from coeval.exact.kernels.pairs import APPLY, check_banks

TOLERANCE = 1e-10
"""Relative error of a hit on each point: what is left of float64 after a dozen ill-conditioned steps."""

UNARY: dict[str, tuple[Callable[..., Values], Callable[..., Values]]] = {
    "neg": (np.negative, np.negative),
    "inv": (np.reciprocal, np.reciprocal),
    "exp": (np.exp, np.log),
    "log": (np.log, np.exp),
    "sqrt": (np.sqrt, np.square),
    "cube": (lambda a: a * a * a, np.cbrt),
    "tanh": (np.tanh, np.arctanh),
}
"""Injective unary operations with their inverses."""

PANEL = 1 << 15
"""Rows looked up at once."""

NEEDED: dict[str, Callable[[Values, Values], Values]] = {
    "add": lambda y, a: y - a,
    "sub": lambda y, a: a - y,
    "mul": lambda y, a: y / a,
    "div": lambda y, a: a / y,
}
"""Which b makes y = op(a, b)."""


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """An expression whose values are the target's.

    Attributes:
        size: Its nodes as a tree: its operands' sizes and one for each operation.
        rows: (i,) or (i, j).
        operation: Of the two rows; empty for a row alone.
        outer: Unary operations around it, the outermost first.
        error: Sum of squared errors, computed directly.
    """

    size: int
    rows: tuple[int, ...]
    operation: str
    outer: tuple[str, ...] = field(compare=False)
    error: float = field(compare=False)


def exact_hits(
    bank: Values,
    target: Values,
    operations: Sequence[str],
    *,
    sizes: Index | None = None,
    outermost: int = 1,
    limit: int = 16,
    tolerance: float = TOLERANCE,
) -> tuple[Hit, ...]:
    """Return pairs of rows that give the target, the smallest first.

    Args:
        bank: ``(rows, points)`` finite values.
        target: ``(points,)``.
        operations: Names of the allowed ones; others than add, sub, mul, div and ``UNARY`` are passed over.
        sizes: ``(rows,)`` sizes of the rows' sequences; 1 for each when not given.
        outermost: How many unary operations to look below at most.
        limit: How many hits to return at most.
        tolerance: Of each point, relative to the largest of |y| there and on average.

    Returns:
        Hits by size. Not a proof of absence: a row within the tolerance may be missed where y / a or a / y
        loses more digits than the tolerance has.

    Raises:
        ValueError: The arrays do not fit each other or hold a value that is not finite.
    """
    check_banks((bank,), target)
    if not len(bank):
        return ()
    sizes = np.ones(len(bank), np.intp) if sizes is None else sizes
    found: list[Hit] = []
    names = ["", *(one for one in NEEDED if one in operations)]
    with np.errstate(all="ignore"):
        table = _Table(bank, tolerance)  # of values near float64's largest a projection overflows
        for outer, inner in _inner_targets(target, operations, outermost):
            for name in names:
                for rows in _candidates(table, name, inner):
                    hits = _verified(bank, target, sizes, (outer, name, rows), tolerance)
                    found = heapq.nsmallest(limit, {*found, *hits})
    return tuple(found)


def _inner_targets(
    target: Values, operations: Sequence[str], outermost: int
) -> list[tuple[tuple[str, ...], Values]]:
    """Return what stands below no, one, two … outer unary operations, where that is finite."""
    level: list[tuple[tuple[str, ...], Values]] = [((), target)]
    reached = list(level)
    for _ in range(outermost):
        level = [
            ((*outer, name), inner)
            for outer, value in level
            for name, (_, inverse) in UNARY.items()
            if name in operations and np.isfinite(inner := inverse(value)).all()
        ]
        reached += level
    return reached


def _candidates(table: "_Table", name: str, inner: Values) -> Iterator[tuple[Index, ...]]:
    """Yield rows that may give the inner target: alone when no operation is named, else in pairs."""
    if not name:
        yield (table.find(inner[None])[1],)
        return
    for start in range(0, len(table.bank), PANEL):
        first, second = table.find(NEEDED[name](inner, table.bank[start : start + PANEL]))
        yield first + start, second


def _verified(
    bank: Values,
    target: Values,
    sizes: Index,
    candidates: tuple[tuple[str, ...], str, tuple[Index, ...]],
    tolerance: float,
) -> set[Hit]:
    outer, name, rows = candidates
    if name in ("add", "mul"):
        rows = tuple(one[rows[0] <= rows[1]] for one in rows)
    taken = [bank[one] for one in rows]
    values = APPLY[name](*taken) if name else taken[0]
    defined = np.isfinite(values).all(axis=1)
    for one in reversed(outer):
        values = UNARY[one][0](values)
        defined &= np.isfinite(values).all(
            axis=1
        )  # what is undefined below stays so: 1 / inf is no 0
    scale = np.maximum(np.abs(target), np.abs(target).mean())
    with np.errstate(all="ignore"):
        kept = defined & (np.abs(values - target) <= 4 * tolerance * scale).all(axis=1)
        errors = np.square(values - target).sum(axis=1)
    return {
        Hit(
            size=int(sum(sizes[one[k]] for one in rows)) + len(outer) + bool(name),
            rows=tuple(int(one[k]) for one in rows),
            operation=name,
            outer=outer,
            error=float(errors[k]),
        )
        for k in np.flatnonzero(kept)
    }


class _Table:
    """Rows sorted by a random projection of their values, each relative to the row's own size."""

    def __init__(self, bank: Values, tolerance: float) -> None:
        self.bank, self._tolerance = bank, tolerance
        rng = np.random.default_rng(0)
        self._weights = rng.choice([-1.0, 1.0], bank.shape[1]) * rng.uniform(0.5, 1, bank.shape[1])
        keys = bank @ self._weights
        self._order = np.argsort(keys, kind="stable")
        self._keys = keys[self._order]

    def find(self, wanted: Values) -> tuple[Index, Index]:
        """Return which of the wanted vectors, ``(vectors, points)``, have which rows of the bank within tolerance."""
        numbers = np.flatnonzero(np.isfinite(wanted).all(axis=1))
        wanted = wanted[numbers]
        keys = wanted @ self._weights
        reach = self._tolerance * (np.abs(wanted) @ np.abs(self._weights))
        low = np.searchsorted(self._keys, keys - reach)
        counts = np.searchsorted(self._keys, keys + reach, side="right") - low
        owners = np.repeat(np.arange(len(numbers)), counts)
        offsets = np.arange(len(owners)) - np.repeat(np.cumsum(counts) - counts, counts)
        rows = self._order[low[owners] + offsets]
        return numbers[owners], rows
