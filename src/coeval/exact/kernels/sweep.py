"""All pairs of two sets of rows, block by block: a bulk filter first, its survivors computed directly.

A block of 512 x 512 and its operands stay in the processor's second cache (blocks of 2,048 with fresh
arrays took ten times as long). Rows that the fast arithmetic cannot carry are given to the next
filter, and in the end to direct computation, so that no pair is judged by a product that may overflow.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from coeval.exact.kernels.filters import Filter, Operands
from coeval.exact.kernels.models import Index, Leader, Stop, Values

BLOCK = 512
PANEL = 32 * BLOCK
"""Right rows whose operands are made at once."""
CHUNK = 1 << 18
"""Entries that direct computation takes at once."""
CROWD = 2048
"""A block that keeps more pairs than this first lowers the bar with its most promising ones."""

Reading = Callable[[Values], Values]
Compute = Callable[[Index, Index], tuple[Values, Values]]
"""From row numbers of both sides, ``(models,)`` each, to direct errors and weights."""


@dataclass(frozen=True, slots=True)
class Side:
    """The rows of one side.

    Attributes:
        values: ``(rows, points)``.
        reading: What the filters see of a block of rows: the values, their negatives or reciprocals.
        order: Row numbers in the order of the sweep.
        bounds: Where the rows of each filter begin and end in that order; the last stretch is for none.
    """

    values: Values
    reading: Reading
    order: Index
    bounds: tuple[int, ...]

    def stretches(self, size: int) -> Iterator["Stretch"]:
        """Yield stretches of at most ``size`` rows, none across two filters."""
        for grade, (low, high) in enumerate(zip(self.bounds, self.bounds[1:], strict=False)):
            for start in range(low, high, size):
                yield Stretch(self, start, min(start + size, high), grade)


def make_side(values: Values, reading: Reading, filters: Sequence[Filter], rows: Index) -> Side:
    """Return rows in an order in which each filter's rows lie together.

    Args:
        values: ``(all rows, points)``.
        reading: See ``Side``.
        filters: From the fastest to the one that carries most.
        rows: Numbers of the rows that take part.
    """
    grades = np.full(len(rows), len(filters))
    for start in range(0, len(rows), PANEL):
        seen = reading(values[rows[start : start + PANEL]])
        for grade in range(len(filters) - 1, -1, -1):
            grades[start : start + PANEL][filters[grade].admits(seen)] = grade
    order = np.argsort(grades, kind="stable")
    bounds = np.searchsorted(grades[order], np.arange(len(filters) + 2))
    return Side(values, reading, rows[order], tuple(bounds.tolist()))


@dataclass(slots=True)
class Stretch:
    """Consecutive rows of a side, with operands that are made again when the filter or the bar is another."""

    side: Side
    start: int
    stop: int
    grade: int
    _seen: Values | None = None
    _made: dict[str, tuple[int, float, Operands]] = field(default_factory=dict)

    def left(self, grade: int, one: Filter, bar: float) -> Operands:
        """Return what the filter of this grade makes of the rows on the left."""
        return self._operands("left", one.left, grade, bar)

    def right(self, grade: int, one: Filter, bar: float) -> Operands:
        """Return what the filter of this grade makes of the rows on the right."""
        return self._operands("right", one.right, grade, bar)

    def _operands(
        self, face: str, make: Callable[[Values, float], Operands], grade: int, bar: float
    ) -> Operands:
        known = self._made.get(face)
        if known is None or known[:2] != (grade, bar):
            if self._seen is None:
                self._seen = self.side.reading(
                    self.side.values[self.side.order[self.start : self.stop]]
                )
            known = self._made[face] = (grade, bar, make(self._seen, bar))
        return known[2]


class PairSweep:
    """Passes over pairs: their leader, and the arrays that every block uses again.

    Args:
        filters: From the fastest to the one that carries most.
        compute: Direct errors of pairs.
        leader: Takes in what is computed.
        unordered: Both sides are of one set, and a pair is named by its smaller row first.
    """

    def __init__(
        self, filters: Sequence[Filter], compute: Compute, leader: Leader, *, unordered: bool
    ) -> None:
        self._unordered = unordered
        self._filters = filters
        self._compute = compute
        self._leader = leader
        self._buffers = [
            {name: np.empty(BLOCK * BLOCK, name) for name in ("float32", "float64")}
            for _ in range(2)
        ]

    def run(self, left: Side, right: Side, triangle: int | None, stop: Stop) -> tuple[int, bool]:
        """Cover the pairs; return how many, and whether that was all.

        Args:
            left: One side.
            right: The other; the same object for pairs within one set.
            triangle: Within one set, 0 for pairs i <= j and 1 for i < j in the sweep's order; ``None``
                for all of left x right.
            stop: Asked between panels.
        """
        covered = 0
        for panel in right.stretches(PANEL):
            for rows in left.stretches(BLOCK):
                if triangle is not None and rows.start >= panel.stop:
                    break
                if stop():
                    return covered, False
                for start in range(panel.start, panel.stop, BLOCK):
                    columns = (start, min(start + BLOCK, panel.stop))
                    if triangle is None or rows.start < columns[1]:
                        self._block(rows, panel, columns, triangle)
                        covered += _pairs((rows.start, rows.stop), columns, triangle)
        return covered, True

    def _block(
        self, rows: Stretch, panel: Stretch, columns: tuple[int, int], triangle: int | None
    ) -> None:
        grade = max(rows.grade, panel.grade)
        if grade == len(self._filters):
            size = (rows.stop - rows.start) * (columns[1] - columns[0])
            self._offer(rows, panel, columns, np.arange(size), triangle)
            return
        for _ in range(8):
            kept, promise = self._filter(rows, panel, columns, grade)
            if len(kept) <= CROWD:
                break
            first = kept[np.argpartition(promise, CROWD // 8)[: CROWD // 8]]
            if not self._offer(rows, panel, columns, first, triangle):
                break
        if len(kept):
            self._offer(rows, panel, columns, kept, triangle)

    def _filter(
        self, rows: Stretch, panel: Stretch, columns: tuple[int, int], grade: int
    ) -> tuple[Index, Values]:
        one, bar = self._filters[grade], self._leader.bar
        left = rows.left(grade, one, bar)
        low, high = columns[0] - panel.start, columns[1] - panel.start
        right = tuple(each[:, low:high] for each in panel.right(grade, one, bar))
        shape = (rows.stop - rows.start, high - low)
        name = left[0].dtype.name
        buffers = tuple(each[name][: shape[0] * shape[1]].reshape(shape) for each in self._buffers)
        return one.test(left, right, bar, buffers)

    def _offer(
        self,
        rows: Stretch,
        panel: Stretch,
        columns: tuple[int, int],
        positions: Index,
        triangle: int | None,
    ) -> bool:
        """Compute pairs at flat positions of a block directly; return whether the bar was lowered."""
        i, j = np.divmod(positions, columns[1] - columns[0])
        i, j = i + rows.start, j + columns[0]
        if triangle is not None:
            i, j = i[i + triangle <= j], j[i + triangle <= j]
        lowered = False
        batch = max(1, CHUNK // rows.side.values.shape[1])
        for start in range(0, len(i), batch):
            first = rows.side.order[i[start : start + batch]]
            second = panel.side.order[j[start : start + batch]]
            if self._unordered:  # the sweep's order is not the bank's
                first, second = np.minimum(first, second), np.maximum(first, second)
            errors, weights = self._compute(first, second)
            lowered |= self._leader.offer((first, second), errors, weights)
        return lowered


def _pairs(rows: tuple[int, int], columns: tuple[int, int], triangle: int | None) -> int:
    """Return how many pairs of a block count; a block of a triangle is on the diagonal or above it."""
    size = rows[1] - rows[0], columns[1] - columns[0]
    if triangle is None or rows[1] + triangle <= columns[0]:
        return size[0] * size[1]
    return int((np.arange(*rows)[:, None] + triangle <= np.arange(*columns)).sum())
