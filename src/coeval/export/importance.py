"""Permutation importance: how much worse a model scores once a column's values are dealt out among other rows.

Breiman 2001 (doi:10.1023/A:1010933404324, section 10); as a difference of scores on rows that the model has not learnt
from, Fisher, Rudin & Dominici 2019 (arXiv:1801.01489, section 3). Raw columns are dealt out, as a user knows them, before
any preparation. Every row gets another row's value, never its own, so that the difference is not watered down.

What it does not say: two columns that tell the same stand in for each other, and then neither is missed. Nor does it say
what causes the target.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from coeval.export.judged import Judged
from coeval.seed import generator
from coeval.task.table import Column, Kind, Table

Floats = npt.NDArray[np.float64]
Predict = Callable[[Table], Floats]

BLOCKS = 10
"""Blocks of rows within which values are dealt out, so that nothing ties them together: from how they differ follows the
standard error. Dealt out among all rows it came out too small: an interval held the truth in 82 of 100 cases, not 95."""
LEAST = 3 * BLOCKS
"""Rows below which nothing is said."""
T_QUANTILE = 2.262
"""Two-sided 95 % quantile of Student's t with ``BLOCKS - 1`` degrees of freedom."""
REPEATS = 5
"""Times that each column is dealt out, at most."""
LEAST_REPEATS = 2
"""The same, wished for: where time does not suffice for it, fewer rows are used."""
LEAST_ROWS = 300
"""Rows that are used however many columns there are."""
TOGETHER = 4000
"""Rows that are predicted at once: with few rows the columns share what a call costs."""
_BINS = 10
_NONE = -1


@dataclass(frozen=True, slots=True)
class ColumnImportance:
    """What a model loses without what a column says.

    Attributes:
        name: The column's.
        loss: By how much the score gets worse, in the metric's units: positive where the column is of use.
        low: Lower bound of the 95 % interval, over rows and dealings; NaN where it is undefined.
        high: Upper bound.
        repeats: Times that the column was dealt out.
    """

    name: str
    loss: float
    low: float
    high: float
    repeats: int


@dataclass(frozen=True, slots=True)
class Importance:
    """The columns of a table by their importance.

    Attributes:
        columns: Those that there was time for, the most important first.
        left: How many were left out, for want of time those that the predictions go along with least.
        score: On the same rows, nothing dealt out.
        rows: How many.
    """

    columns: tuple[ColumnImportance, ...]
    left: int
    score: float
    rows: int

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; undefined bounds are left out."""
        return {
            "columns": [_plain(one) for one in self.columns],
            "left": self.left,
            "score": self.score,
            "rows": self.rows,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """Rows that the model has not learnt from.

    Attributes:
        table: Their raw columns.
        judged: What is known of them.
    """

    table: Table
    judged: Judged

    def take(self, rows: npt.NDArray[np.intp]) -> "Held":
        """Return the given rows."""
        return Held(self.table.take(rows), self.judged.take(rows))

    def scores(self, predictions: Floats) -> Floats:
        """Return ``(1 + BLOCKS,)`` scores, less is better: of all rows, then without each block of them."""
        sign = -1.0 if self.judged.metric.maximise else 1.0
        blocks = _blocks(self.table.rows)
        kept = [np.flatnonzero(blocks != block) for block in (_NONE, *range(BLOCKS))]
        return np.array([sign * self.judged.take(one).score(predictions[one]) for one in kept])


def permutation_importance(
    predict: Predict, held: Held, *, seconds: float = math.inf, seed: int = 0
) -> Importance | None:
    """Return by how much the model's score gets worse without each column.

    The columns are dealt out in rounds, one after the other, until each had ``REPEATS`` turns or the time is over. With
    many columns fewer rows are used; with very many only those are measured that the predictions go along with most.

    Args:
        predict: From raw rows to probabilities ``(rows, classes)`` or values ``(rows,)``.
        held: Rows that the model has not learnt from, in random order.
        seconds: About how long it may take.
        seed: Every dealing has its address below it.

    Returns:
        ``None`` where there are fewer rows than ``LEAST``, only one column, no time for a single one, or no score.
    """
    end = time.monotonic() + seconds
    if held.table.rows < LEAST or len(held.table.columns) < 2:
        return None
    held, known = _affordable(predict, held, seconds)
    before = held.scores(known)
    if not math.isfinite(before[0]):
        return None
    columns = _by_association(held.table, known)
    worse: dict[str, list[Floats]] = {}
    for repeat in range(REPEATS):
        turn = columns if not repeat else [one for one in columns if one.name in worse]
        for batch in _batches(turn, held.table.rows):
            if time.monotonic() >= end:
                break
            drawn = [generator(seed, "importance", one.name, repeat) for one in batch]
            found = predict(_dealt_out(held.table, batch, drawn))
            for column, predictions in zip(batch, np.split(found, len(batch)), strict=True):
                worse.setdefault(column.name, []).append(held.scores(predictions) - before)
    summaries = (_summary(name, np.array(found)) for name, found in worse.items())
    measured = [one for one in summaries if math.isfinite(one.loss)]
    if not measured:
        return None
    measured.sort(key=lambda one: (-one.loss, one.name))
    score = -before[0] if held.judged.metric.maximise else before[0]
    left = len(columns) - len(measured)
    return Importance(tuple(measured), left, float(score), held.table.rows)


def _affordable(predict: Predict, held: Held, seconds: float) -> tuple[Held, Floats]:
    """Return as many of the rows as there is time to deal every column out on, and their predictions."""
    started = time.monotonic()
    known = predict(held.table)
    took = time.monotonic() - started
    needed = LEAST_REPEATS * took * len(held.table.columns)
    if needed <= seconds or held.table.rows <= LEAST_ROWS:
        return held, known
    rows = max(LEAST_ROWS, int(held.table.rows * seconds / needed))
    return held.take(np.arange(rows)), known[:rows]


def _batches(columns: Sequence[Column], rows: int) -> Iterator[Sequence[Column]]:
    """Yield the columns in their order, as many together as there is room for."""
    size = max(1, TOGETHER // rows)
    for start in range(0, len(columns), size):
        yield columns[start : start + size]


def _blocks(rows: int) -> npt.NDArray[np.intp]:
    """Return each row's block."""
    return np.arange(rows) % BLOCKS


def _dealt_out(
    table: Table, columns: Sequence[Column], drawn: Sequence[np.random.Generator]
) -> Table:
    """Return a copy of the rows for each of some columns, one behind the other, in which it is dealt out."""
    copies = np.tile(np.arange(table.rows), len(columns))
    found = {one.name: one for one in table.take(copies).columns}
    for place, (column, rng) in enumerate(zip(columns, drawn, strict=True)):
        values = found[column.name].values  # a copy of the table's
        values[place * table.rows : (place + 1) * table.rows] = _dealt(column, rng)
    return Table(tuple(found.values()), len(copies))


def _dealt(column: Column, rng: np.random.Generator) -> npt.NDArray[np.generic]:
    """Return a column's values, dealt out within each block so that every row gets another row's."""
    rows, values = len(column.values), column.values.copy()
    drawn = rng.permutation(rows)
    blocks = _blocks(rows)[drawn]
    for block in range(BLOCKS):
        order = drawn[blocks == block]
        values[order] = column.values[np.roll(order, 1)]
    return values


def _summary(name: str, worse: Floats) -> ColumnImportance:
    """Return a column's importance from ``(repeats, 1 + BLOCKS)`` losses: all rows, then without each block.

    The standard error is the jackknife's over blocks (Efron & Tibshirani 1993, chapter 11): each has rows and dealings of
    its own, so it covers both.
    """
    loss, without = float(worse[:, 0].mean()), worse[:, 1:].mean(axis=0)
    spread = math.sqrt((BLOCKS - 1) / BLOCKS * float(np.sum((without - without.mean()) ** 2)))
    reach = T_QUANTILE * spread
    return ColumnImportance(name, loss, loss - reach, loss + reach, len(worse))


def _by_association(table: Table, predictions: Floats) -> list[Column]:
    """Return the columns, those first whose values go along with the predictions most (correlation ratio)."""
    outputs = predictions.reshape(table.rows, -1)
    shares = [_correlation_ratio(_groups(column), outputs) for column in table.columns]
    return [table.columns[int(place)] for place in np.argsort(-np.array(shares), kind="stable")]


def _groups(column: Column) -> npt.NDArray[np.int64]:
    """Return ``(rows,)`` group numbers: levels, or tenths of a column of numbers."""
    if column.kind in (Kind.CATEGORICAL, Kind.TEXT):
        return column.values.astype(np.int64) + 1
    values = np.nan_to_num(column.values.astype(np.float64), nan=-np.inf)
    ranks = np.searchsorted(np.sort(values), values, side="left")
    tenths: npt.NDArray[np.int64] = ranks.astype(np.int64) * _BINS // len(values)
    return tenths


def _correlation_ratio(groups: npt.NDArray[np.int64], outputs: Floats) -> float:
    """Return the share of the outputs' variance that lies between groups, that of the output with the greatest."""
    sizes = np.bincount(groups)
    best = 0.0
    for output in outputs.T:
        total = float(np.sum((output - output.mean()) ** 2))
        sums = np.bincount(groups, weights=output - output.mean())
        if total > 0:
            best = max(best, float(np.sum(sums**2 / np.maximum(sizes, 1))) / total)
    return best


def _plain(one: ColumnImportance) -> Mapping[str, Any]:
    bounds = {"low": one.low, "high": one.high}
    finite = {name: value for name, value in bounds.items() if math.isfinite(value)}
    return {"name": one.name, "loss": one.loss, **finite, "repeats": one.repeats}
