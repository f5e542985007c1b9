"""The streamed last level for operations without a closed form: every tuple of rows, point after point.

Unary functions, and min, max, pow, comparisons, select: nothing but evaluation tells their errors. So a
block of candidates is evaluated at one point, the hopeless are dropped (``bounds``), the rest at the next;
what survives all points is computed directly. A candidate with a value that is not finite is dropped.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from coeval.exact.kernels import direct
from coeval.exact.kernels.bounds import Abandoning, SubsetBound, TestOrder
from coeval.exact.kernels.models import Constants, Index, Leader, Stop, Sweep, Values
from coeval.exact.kernels.pairs import check_banks

FIRST, BLOCK = 64, 1 << 16
"""Candidates of the first block, which sets a bar, and of the largest."""
PANEL = 1 << 14
"""Rows of the last bank that are laid out point by point at once."""
SAMPLE = 8
"""Candidates of a block that are computed whole at first: they set a bar, and teach the order of the points."""
CHUNK = 1 << 18
"""Entries that direct computation takes at once."""


def best_application(
    function: Callable[..., Values],
    banks: Sequence[Values],
    target: Values,
    *,
    constants: Constants = "none",
    commutative: bool = False,
    incumbent: float = np.inf,
    ties: int = 0,
    order: TestOrder | None = None,
    stop: Stop = lambda: False,
) -> Sweep:
    """Return the best of function(a, b …) over all rows a of the first bank, b of the second and so on.

    Args:
        function: Vectorised over arrays that broadcast; the identity scores the rows themselves.
        banks: One matrix of ``(rows, points)`` finite values for each operand.
        target: ``(points,)``.
        constants: ``"none"`` or ``"linear"`` (y ~ c0 + c1 function(a, b …)).
        commutative: With twice the same matrix, only pairs i <= j.
        incumbent: Models with a greater error are of no interest.
        ties: How many models of equal error to list at most.
        order: What was learnt about the points so far; goes on learning.
        stop: Asked between blocks; ``True`` ends the sweep.

    Returns:
        One row a bank. ``touched`` counts the evaluations at single points.

    Raises:
        ValueError: The arrays do not fit each other or hold a value that is not finite.
    """
    check_banks(tuple(banks), target)
    kind = Abandoning(target) if constants == "none" else SubsetBound(target)
    search = _Search(
        function=function,
        banks=tuple(banks),
        target=target,
        fit=direct.raw if constants == "none" else direct.scaled,
        pruning=kind,
        leader=Leader(target, incumbent, ties),
        order=order or TestOrder(len(target)),
        triangle=commutative and len(banks) == 2 and banks[0] is banks[1],
    )
    complete = True
    with np.errstate(all="ignore"):
        for block in search.blocks():
            if stop():
                complete = False
                break
            search.cover(block)
    return search.leader.sweep(search.covered, complete=complete, touched=search.touched)


@dataclass(frozen=True, slots=True)
class _Block:
    """Candidates: every tuple of ``lead`` (rows of all banks but the last) with rows of the last from ``start``.

    Attributes:
        columns: ``(points, rows)`` of the last bank's panel.
    """

    lead: tuple[Index, ...]
    start: int
    columns: Values


@dataclass(slots=True)
class _Search:
    function: Callable[..., Values]
    banks: tuple[Values, ...]
    target: Values
    fit: Callable[[Values, Values], tuple[Values, Values]]
    pruning: Abandoning | SubsetBound
    leader: Leader
    order: TestOrder
    triangle: bool
    covered: int = 0
    touched: int = 0

    def blocks(self) -> Iterator[_Block]:
        """Yield all candidates, few at first."""
        size, last = FIRST, self.banks[-1]
        sizes = tuple(len(one) for one in self.banks[:-1])
        leads = int(np.prod(sizes, dtype=np.int64))
        for panel in range(0, len(last), PANEL):
            columns = np.ascontiguousarray(last[panel : panel + PANEL].T)
            width, first = columns.shape[1], 0
            while first < leads:
                count = max(1, size // width)
                numbers = np.arange(first, min(first + count, leads))
                lead = tuple(np.unravel_index(numbers, sizes)) if sizes else ()
                start = 0
                while start < width:
                    part = columns[:, start:] if count > 1 else columns[:, start : start + size]
                    yield _Block(lead, panel + start, part)
                    start += part.shape[1]
                    size = min(2 * size, BLOCK)
                first += count

    def cover(self, block: _Block) -> None:
        """Cover one block."""
        shape = (len(block.lead[0]) if block.lead else 1, block.columns.shape[1])
        self.covered += self._count(block, shape)
        if self.triangle and block.start + shape[1] <= block.lead[0][0]:
            return
        sample = np.linspace(0, shape[0] * shape[1] - 1, SAMPLE).astype(np.intp)
        self._finish(block, np.divmod(np.unique(sample), shape[1]), teach=True)
        order, bar = self.order.order, self.leader.bar
        sums = self.pruning.start(shape)
        alive: tuple[Index, ...] = ()
        done = 0
        for size in self.pruning.steps():
            for seen in range(done, done + size):
                values = self._at(block, order[seen], alive)
                self.touched += sums[0].size
                self.pruning.add(sums, np.broadcast_to(values, sums[0].shape), order[: seen + 1])
            done += size
            kept = np.nonzero(self.pruning.keep(sums, order[:done], bar))
            sums = tuple(one[kept] for one in sums)
            alive = tuple(one[kept] for one in alive) if alive else kept
            if not len(alive[0]):
                break
        self._finish(block, alive)

    def _at(self, block: _Block, point: int, alive: tuple[Index, ...]) -> Values:
        """Return candidates' values at one point: the whole block's at first, then those still alive."""
        lead = [bank[rows, point] for bank, rows in zip(self.banks, block.lead, strict=False)]
        if not alive:
            return self.function(*(one[:, None] for one in lead), block.columns[point][None])
        return self.function(*(one[alive[0]] for one in lead), block.columns[point][alive[1]])

    def _finish(self, block: _Block, alive: tuple[Index, ...], *, teach: bool = False) -> None:
        rows = (*(one[alive[0]] for one in block.lead), alive[1] + block.start)
        if self.triangle:
            rows = tuple(one[rows[0] <= rows[1]] for one in rows)
        batch = max(1, CHUNK // len(self.target))
        for start in range(0, len(rows[0]), batch):
            part = tuple(one[start : start + batch] for one in rows)
            taken = [bank[index] for bank, index in zip(self.banks, part, strict=True)]
            values = np.broadcast_to(self.function(*taken), taken[-1].shape)
            errors, weights = self.fit(values, self.target)
            if teach:
                found = weights[:, :1] + weights[:, 1:] * values if weights.size else values
                self.order.learn(np.square(self.target - found))
                self.touched += values.size
            self.leader.offer(part, errors, weights)

    def _count(self, block: _Block, shape: tuple[int, int]) -> int:
        if not self.triangle:
            return shape[0] * shape[1]
        tail = block.start + shape[1] - np.maximum(block.lead[0], block.start)
        return int(np.maximum(tail, 0).sum())
