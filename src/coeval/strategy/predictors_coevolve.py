"""Fitness predictors: few rows on which a candidate's error tells its error on all (Schmidt & Lipson 2008).

"Coevolution of fitness predictors", IEEE Trans. Evol. Comput. 12(6), doi:10.1109/TEVC.2008.919006. A predictor is an
array of row indices. It is good when, over trainers whose error on all rows is known row by row, the logarithm of
the error on its rows is near that of the whole error. Everything here is arithmetic on errors that were paid for.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]
_FLOOR = 1e-30
SWAPS = 2
"""Indices that a mutation redraws on average: an eighth of 16."""


def draw_predictors(count: int, size: int, rows: int, rng: np.random.Generator) -> Indices:
    """Return ``(count, size)`` row indices, distinct within a predictor."""
    return np.stack([rng.choice(rows, size=size, replace=False) for _ in range(count)])


def predicted(predictors: Indices, errors: Floats) -> Floats:
    """Return what each predictor says of each trainer.

    Args:
        predictors: ``(predictors, size)`` row indices.
        errors: ``(trainers, rows)`` squared errors.

    Returns:
        ``(predictors, trainers)`` mean squared errors on the predictors' rows.
    """
    found: Floats = errors[:, predictors].mean(axis=2).T
    return found


def mismatch(predictors: Indices, errors: Floats) -> Floats:
    """Return each predictor's mean |log predicted - log exact| over the trainers.

    Args:
        predictors: ``(predictors, size)`` row indices.
        errors: ``(trainers, rows)`` squared errors.
    """
    exact = np.log(errors.mean(axis=1) + _FLOOR)
    found: Floats = np.abs(np.log(predicted(predictors, errors) + _FLOOR) - exact).mean(axis=1)
    return found


def evolve_predictors(
    predictors: Indices,
    errors: Floats,
    rows: int,
    rng: np.random.Generator,
    *,
    generations: int = 8,
) -> Indices:
    """Return the predictors after some generations of crossover, mutation and truncation, best first.

    Args:
        predictors: ``(predictors, size)``.
        errors: ``(trainers, rows)``; at least one trainer.
        rows: How many rows there are.
        rng: Where the draws come from.
        generations: Of as many children as there are predictors.
    """
    count, size = predictors.shape
    for _ in range(generations):
        first, second = rng.integers(count, size=(2, count))
        mixed = np.where(rng.random((count, size)) < 0.5, predictors[first], predictors[second])
        redrawn = rng.random((count, size)) < SWAPS / size
        children = np.where(redrawn, rng.integers(rows, size=(count, size)), mixed)
        pool = np.concatenate([predictors, children])
        kept = np.argsort(mismatch(pool, errors), kind="stable")
        predictors = _apart(pool[kept])[:count]
    return predictors


def most_disputed(estimates: Floats) -> int:
    """Return the candidate on which predictors disagree most.

    Args:
        estimates: ``(candidates, predictors)`` errors; not finite where unknown.

    Returns:
        The index of the largest spread of the logarithms; -1 where no candidate has two estimates.
    """
    logs = np.where(np.isfinite(estimates), np.log(np.maximum(estimates, _FLOOR)), np.nan)
    known = np.isfinite(logs).sum(axis=1) >= 2
    if not known.any():
        return -1
    spread = np.full(len(logs), -np.inf)
    spread[known] = np.nanstd(logs[known], axis=1)
    return int(np.argmax(spread))


def with_random_half(rows_of: Sequence[int], rows: int, rng: np.random.Generator) -> list[int]:
    """Return a predictor's rows with every second one drawn at random: under noise it may not chase outliers.

    Args:
        rows_of: The predictor's rows.
        rows: How many rows there are.
        rng: Where the draws come from.
    """
    kept = list(dict.fromkeys(rows_of))[::2]
    others = np.setdiff1d(np.arange(rows), kept)
    missing = min(len(rows_of) - len(kept), len(others))
    return [*kept, *rng.choice(others, size=missing, replace=False).tolist()]


def noise_share(columns: Sequence[npt.ArrayLike], target: npt.ArrayLike) -> float:
    """Estimate which share of the target's variance no smooth function of the inputs explains.

    The Gamma test (Stefánsson, Končar & Jones 1997, doi:10.1007/BF01413858): half the mean squared difference of
    targets of k-th neighbours, against their distance for k = 1 … 10; the line's value at distance 0.

    Args:
        columns: ``(rows,)`` for each input; at most 2,000 rows are looked at.
        target: ``(rows,)``.

    Returns:
        0 to 1; 0 with fewer than 20 rows, where there is nothing to tell by.
    """
    points = np.stack([np.asarray(one, dtype=np.float64) for one in columns], axis=1)[:2000]
    values = np.asarray(target, dtype=np.float64)[:2000]
    scale, variance = points.std(axis=0), values.var()
    points = points[:, scale > 0] / scale[scale > 0]
    if len(values) < 20 or not points.shape[1] or variance == 0:
        return 0.0
    squares = (points**2).sum(axis=1)
    distances = np.maximum(squares[:, None] + squares - 2 * points @ points.T, 0.0)
    np.fill_diagonal(distances, np.inf)
    near = np.argsort(distances, axis=1, kind="stable")[:, :10]
    apart = np.take_along_axis(distances, near, axis=1).mean(axis=0)
    differ = ((values[near] - values[:, None]) ** 2).mean(axis=0) / 2
    spread = apart - apart.mean()
    slope = float(spread @ differ / (spread @ spread)) if spread.any() else 0.0
    return float(np.clip((differ.mean() - slope * apart.mean()) / variance, 0.0, 1.0))


def _apart(ordered: Indices) -> Indices:
    """Return predictors with those that are the same set of rows as a better one moved to the end."""
    seen: set[tuple[int, ...]] = set()
    first: list[int] = []
    again: list[int] = []
    for row, one in enumerate(np.sort(ordered, axis=1).tolist()):
        (again if tuple(one) in seen else first).append(row)
        seen.add(tuple(one))
    return ordered[first + again]
