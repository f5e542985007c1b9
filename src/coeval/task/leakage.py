"""What makes a score better than the model: columns that hold the answer in disguise, and test rows that were learnt from."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from coeval.task.table import Column, Kind, Table
from coeval.task.task import Index, Problem, Target, Task

THRESHOLD = 0.99
_SAMPLE = 5000
_BINS = 64
_FEWEST = 50  # with fewer rows a perfect column is no surprise
COPIES = 0.01
"""Share of the test rows from which on it is said that they are copies."""
COARSE = 0.1
"""Different rows, as a share of all, below which equal ones are no surprise."""


def leaks(table: Table, target: Target, problem: Problem, rng: np.random.Generator) -> list[str]:
    """Return a warning for each column that alone explains 99 % of the target.

    Half of (at most 5,000) rows says what each level or bin predicts, the other half is scored: the share
    of the majority's errors, or of the variance, that is removed. A level seen once proves nothing this way.
    """
    if table.rows < _FEWEST:
        return []
    rows = rng.permutation(table.rows)[:_SAMPLE]
    learn, score = rows[: len(rows) // 2], rows[len(rows) // 2 :]
    warnings = []
    for column in table.columns:
        if column.kind is Kind.TEXT:
            continue
        share = _explained(column, target, problem, learn, score)
        if share >= THRESHOLD:
            warnings.append(
                f"column {column.name!r} alone explains {share:.1%} of the target: is it known before the "
                f"target is? If not, leave it out with kinds {column.name}=drop"
            )
    return warnings


def copied(task: Task, *, is_own: bool = False) -> list[str]:
    """Return a warning where test rows stand among the others too, with the same target; none of images.

    Args:
        task: With or without test rows.
        is_own: Whether these are the user's own, which coeval cannot deal otherwise.
    """
    test = task.splits.test
    if task.is_image or not len(test):
        return []
    marks = _marks([*(one.values for one in task.table.columns), task.target.values])
    known: Index = np.concatenate(
        [task.splits.train, task.splits.validation, task.splits.selection]
    )
    count = int(np.isin(marks[test], marks[known]).sum())
    if count < COPIES * len(test) or len(np.unique(marks)) < COARSE * len(marks):
        return []
    mend = "" if is_own else ", or keep them together with --group"
    return [
        f"{count:,} of {len(test):,} test rows equal a row that the search sees, in every column and the target: if these are copies "
        f"and not chance, their score says what was remembered. Leave copies out{mend}"
    ]


def _marks(columns: Iterable[npt.NDArray[Any]]) -> npt.NDArray[np.uint64]:
    """Return ``(rows,)`` numbers that are equal where all columns are (mixed as by SplitMix64, doi:10.1145/2714064.2660195)."""
    mixed = np.zeros(1, np.uint64)
    for values in columns:
        numbers = values.astype(np.float64) + 0.0  # -0.0 is 0.0
        numbers[np.isnan(numbers)] = np.nan  # the same one
        mixed = (mixed ^ numbers.view(np.uint64)) + np.uint64(0x9E3779B97F4A7C15)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed


def _explained(
    column: Column,
    target: Target,
    problem: Problem,
    learn: npt.NDArray[np.intp],
    score: npt.NDArray[np.intp],
) -> float:
    codes = _bins(column, learn)
    seen, asked = codes[learn], codes[score]
    size = int(codes.max()) + 1
    if problem is not Problem.REGRESSION:
        classes = len(target.classes)
        table = np.zeros((size, classes))
        np.add.at(table, (seen, target.values[learn].astype(np.int64)), 1)
        fallback = int(table.sum(axis=0).argmax())
        likely = np.where(table.sum(axis=1) > 0, table.argmax(axis=1), fallback)[asked]
        wrong = float((target.values[score] != likely).mean())
        base = float((target.values[score] != fallback).mean())
        return 1 - wrong / base if base > 0 else 0.0
    values = target.values.astype(np.float64)
    spread = float(((values[score] - values[score].mean()) ** 2).sum())
    if spread == 0:
        return 0.0
    weight = np.bincount(seen, minlength=size)
    mean = np.bincount(seen, weights=values[learn], minlength=size) / np.maximum(weight, 1)
    guess = np.where(weight > 0, mean, values[learn].mean())[asked]
    binned = 1 - float(((values[score] - guess) ** 2).sum()) / spread
    return max(binned, _linear(column, values, score))


def _bins(column: Column, learn: npt.NDArray[np.intp]) -> npt.NDArray[np.int64]:
    """Return ``(rows,)`` levels, or quantile bins of numbers; missing values are a bin of their own."""
    if column.values.dtype == np.int32:
        return column.values.astype(np.int64) + 1
    known = np.unique(column.values[learn].astype(np.float64))
    known = known[~np.isnan(known)]
    if len(known) > _BINS:
        known = np.unique(np.quantile(known, np.linspace(0, 1, _BINS + 1)[1:-1]))
    edges = (known[1:] + known[:-1]) / 2 if len(known) > 1 else known
    codes = np.searchsorted(edges, column.values, side="right").astype(np.int64) + 1
    return np.where(np.isnan(column.values), 0, codes)


def _linear(column: Column, values: npt.NDArray[np.float64], rows: npt.NDArray[np.intp]) -> float:
    """Return the squared correlation with the target: a rescaled copy is a straight line, however long its tails."""
    if column.values.dtype == np.int32:
        return 0.0
    a, b = column.values[rows].astype(np.float64), values[rows]
    both = ~np.isnan(a)
    a, b = a[both] - a[both].mean() if both.any() else a[both], b[both]
    if both.mean() < 0.9 or not a.any() or np.ptp(b) == 0:
        return 0.0
    b = b - b.mean()
    return float((a @ b) ** 2 / ((a @ a) * (b @ b)))
