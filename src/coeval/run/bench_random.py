"""What random search can expect on a table, exactly: it needs no run, and no seed can flatter it.

Draws are members without replacement. A search that recognises copies draws their classes instead, which has no closed
form; it is a little faster.
"""

from dataclasses import dataclass

import numpy as np

from coeval.evaluate.table import Floats
from coeval.run.bench_truth import REFERENCE, Truth, scaled


@dataclass(frozen=True, slots=True)
class Expectation:
    """The mean over all orders of drawing.

    Attributes:
        regret: ``(evaluations,)`` of the incumbent; empty for three or more objectives.
        test_regret: ``(evaluations,)``; empty without test scores.
        median: Evaluations after which half of all searches are within ``Truth.within`` of the best; NaN for
            several objectives.
    """

    regret: tuple[float, ...]
    test_regret: tuple[float, ...]
    median: float


def expectation(truth: Truth, evaluations: int) -> Expectation:
    """Return what random search expects after 1, 2, … evaluations.

    Args:
        truth: Of the table.
        evaluations: How many; beyond the number of members nothing changes.
    """
    counts = np.minimum(np.arange(1, evaluations + 1), len(truth.feasible))
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, len(truth.feasible) + 1)))])
    if len(truth.objectives) > 2:
        return Expectation((), (), np.nan)
    if len(truth.objectives) == 2:
        return Expectation(tuple(_missing(truth, counts, logs).tolist()), (), np.nan)
    worst = float(truth.high[0])
    costs = np.where(truth.feasible, truth.costs[:, 0], worst) - truth.low[0]
    near = int((truth.feasible & (costs <= truth.within)).sum())
    order = np.lexsort((~truth.feasible, costs))
    regret = _means(costs[order], counts, logs)
    tested: list[float] = []
    if truth.test is not None and truth.best_test is not None:
        # Among equal costs any may come first, so each stands for their mean.
        missed = np.where(truth.feasible, truth.best_test - truth.test, truth.worst_test_regret)
        tested = _means(_mean_of_equals(costs[order], missed[order]), counts, logs)
    return Expectation(tuple(regret), tuple(tested), _median(near, logs))


def _means(ranked: Floats, counts: Floats, logs: Floats) -> list[float]:
    """Return the mean over the member of least rank among ``n``: the i-th with ``C(m - i, n - 1) / C(m, n)``."""
    m = len(ranked)
    found = []
    for n in counts.astype(int).tolist():
        behind = np.arange(m - 1, n - 2, -1)
        ways = logs[behind] - logs[n - 1] - logs[behind - (n - 1)]
        shares = np.exp(ways - (logs[m] - logs[n] - logs[m - n]))
        found.append(float(shares @ ranked[: len(behind)]))
    return found


def _mean_of_equals(costs: Floats, values: Floats) -> Floats:
    _, group, sizes = np.unique(costs, return_inverse=True, return_counts=True)
    means: Floats = (np.bincount(group, weights=values) / sizes)[group]
    return means


def _median(near: int, logs: Floats) -> float:
    """Return after how many draws one of ``near`` members was found by half of all searches."""
    m = len(logs) - 1
    n = np.arange(1, m - near + 1)
    missed = logs[m - near] - logs[m - near - n] - (logs[m] - logs[m - n])
    late = int((missed > np.log(0.5) + 1e-9).sum())
    return float(late + 1)


def _missing(truth: Truth, counts: Floats, logs: Floats) -> Floats:
    """Return the expected share of the hypervolume that is missing, for two objectives.

    A point of the plane is dominated after ``n`` draws unless all ``n`` missed the ``k`` members that dominate it; so
    the area of the plane is summed by ``k``.
    """
    points = scaled(truth, truth.costs[truth.feasible])
    (xs, x), (ys, y) = (np.unique(column, return_inverse=True) for column in points.T)
    members = np.zeros((len(xs), len(ys)))
    np.add.at(members, (x, y), 1)
    dominating = members.cumsum(axis=0).cumsum(axis=1).astype(np.int64)
    areas = np.outer(np.diff(xs, append=REFERENCE), np.diff(ys, append=REFERENCE))
    by_count = np.bincount(dominating.ravel(), weights=areas.ravel())
    m = len(truth.feasible)
    k = np.flatnonzero(by_count)
    found = []
    for n in counts.astype(int).tolist():
        left = m - k - n
        missed = np.where(
            left >= 0,
            np.exp(logs[m - k] - logs[np.maximum(left, 0)] - (logs[m] - logs[m - n])),
            0.0,
        )
        found.append(1.0 - float(((1.0 - missed) * by_count[k]).sum()) / truth.volume)
    return np.array(found)
