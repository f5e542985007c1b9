"""Many searches of a strategy in a few numbers, with how sure they are."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coeval.evaluate.table import Floats
from coeval.run.bench import Search
from coeval.seed import generator
from coeval.statistics import Interval

RESAMPLES = 2000
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Summary:
    """A strategy's searches.

    Attributes:
        strategy: Its name.
        searches: How many, one a seed.
        regret: ``(evaluations,)`` the mean.
        low: ``(evaluations,)`` of its 95 % bootstrap interval over the seeds.
        high: Likewise.
        test_regret: ``(evaluations,)`` the mean; empty without test scores.
        test_error: ``(evaluations,)`` its standard error; NaN with one search.
        median: Evaluations by which half of the searches are near the best; infinite if fewer ever are.
        reached: Share of the searches that get there.
        asked: Mean trials of a search.
        distinct: Mean distinct architectures of a search.
        seconds: Mean CPU time of asking and telling in a search.
    """

    strategy: str
    searches: int
    regret: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    test_regret: tuple[float, ...]
    test_error: tuple[float, ...]
    median: float
    reached: float
    asked: float
    distinct: float
    seconds: float

    def at(self, evaluations: int) -> Interval:
        """Return the mean regret after so many evaluations with its interval."""
        place = evaluations - 1
        return Interval(self.regret[place], self.low[place], self.high[place])


def summarise(searches: Sequence[Search], within: float) -> Summary:
    """Return the summary of one strategy's searches, at least one.

    Args:
        searches: Under different seeds.
        within: The regret that counts as near the best.
    """
    regrets = np.array([one.regret for one in searches])
    low, high = mean_interval(regrets)
    tests = np.array([one.test_regret for one in searches])
    count = len(searches)
    error = tests.std(axis=0, ddof=1) / math.sqrt(count) if count > 1 else tests[0] * math.nan
    when = [first_within(one.regret, within) for one in searches]
    return Summary(
        strategy=searches[0].strategy,
        searches=count,
        regret=tuple(regrets.mean(axis=0).tolist()),
        low=tuple(low.tolist()),
        high=tuple(high.tolist()),
        test_regret=tuple(tests.mean(axis=0).tolist()),
        test_error=tuple(error.tolist()),
        median=float(np.sort(when)[(count - 1) // 2]),
        reached=float(np.isfinite(when).mean()),
        asked=float(np.mean([one.asked for one in searches])),
        distinct=float(np.mean([one.distinct for one in searches])),
        seconds=float(np.mean([one.seconds for one in searches])),
    )


def first_within(regret: Sequence[float], within: float) -> float:
    """Return after how many evaluations the regret is at most ``within``; infinity if it never is.

    Example:
        >>> first_within([3.0, 1.0, 0.5], 1.0)
        2.0
    """
    near = np.flatnonzero(np.asarray(regret) <= within + 1e-9)
    return float(near[0] + 1) if len(near) else math.inf


def mean_interval(values: Floats, level: float = LEVEL) -> tuple[Floats, Floats]:
    """Return the percentile bootstrap interval of the mean over rows (Efron & Tibshirani 1993, chapter 13).

    Args:
        values: ``(rows, columns)``; rows are drawn, columns are judged each for itself.
        level: Share of the resampled means inside.

    Returns:
        ``(columns,)`` bounds; both NaN with one row, of which nothing can be said.
    """
    rows = len(values)
    if rows < 2:
        nothing = np.full(values.shape[1], math.nan)
        return nothing, nothing
    drawn = generator(0, "bench").multinomial(rows, np.full(rows, 1 / rows), size=RESAMPLES)
    low, high = np.quantile(drawn @ values / rows, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return low, high
