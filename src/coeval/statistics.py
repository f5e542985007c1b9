"""How sure a number is: bootstrap intervals, rank correlation, and what random search can be expected to reach.

Percentile intervals follow Efron & Tibshirani 1993, *An Introduction to the Bootstrap*, chapter 13; those of scores are in ``coeval.bootstrap``.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coeval.seed import generator

Floats = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]
Targets = npt.NDArray[np.int64] | npt.NDArray[np.float64]

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and its confidence interval; the bounds are NaN where nothing can be said."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class NoiseFloor:
    """By how much one architecture's score differs from seed to seed; a difference below it is a tie.

    Attributes:
        standard_deviation: Between trainings of one architecture under different seeds, pooled over architectures.
        freedom: Degrees of freedom behind it: trainings less architectures.
        trainings: How many were compared.
        low: Lower bound of the 95 % interval of the true standard deviation, for scores that are normal.
        high: Upper bound; with few trainings several times the estimate.
    """

    standard_deviation: float
    freedom: int
    trainings: int
    low: float
    high: float

    def ties(self, first: float, second: float) -> bool:
        """Return whether two scores differ by no more than the floor."""
        return abs(first - second) <= self.standard_deviation


def noise_floor(groups: Iterable[Sequence[float]]) -> NoiseFloor | None:
    """Return the pooled standard deviation within groups; ``None`` where no group has two values.

    Args:
        groups: Scores of trainings that differ in nothing but the seed, one group an architecture.

    Example:
        >>> found = noise_floor([[1.0, 3.0], [5.0, 7.0], [9.0]])
        >>> round(found.standard_deviation, 3), found.freedom, found.trainings
        (1.414, 2, 4)
    """
    repeated = [np.asarray(one, dtype=np.float64) for one in groups if len(one) > 1]
    freedom = sum(len(one) - 1 for one in repeated)
    if not freedom:
        return None
    squares = sum(float(np.sum((one - one.mean()) ** 2)) for one in repeated)
    return _floor(squares, freedom, sum(map(len, repeated)))


def pooled_floor(floors: Iterable[NoiseFloor | None]) -> NoiseFloor | None:
    """Return one floor from floors of disjoint groups; ``None`` where there is none.

    Example:
        >>> one = noise_floor([[1.0, 3.0]])
        >>> pooled_floor([one, None, one]).freedom
        2
    """
    found = [one for one in floors if one is not None]
    if not found:
        return None
    squares = sum(one.standard_deviation**2 * one.freedom for one in found)
    return _floor(squares, sum(one.freedom for one in found), sum(one.trainings for one in found))


def _floor(squares: float, freedom: int, trainings: int) -> NoiseFloor:
    """Return the floor of a sum of squares, which is chi-squared in units of the variance."""
    tail = (1 - LEVEL) / 2
    low, high = (
        math.sqrt(squares / chi_squared_quantile(share, freedom)) for share in (1 - tail, tail)
    )
    return NoiseFloor(math.sqrt(squares / freedom), freedom, trainings, low, high)


def chi_squared_quantile(share: float, freedom: int) -> float:
    """Return the value below which a share of the chi-squared distribution lies.

    Bisection over the series of the incomplete gamma function (Abramowitz & Stegun 1964, 6.5.29), whose terms
    are all positive. SciPy knows it too, but the core does without.

    Args:
        share: Between 0 and 1, both excluded.
        freedom: Degrees of freedom, 1 or more.

    Example:
        >>> round(chi_squared_quantile(0.95, 2), 3)
        5.991
    """
    low, high = 0.0, 2.0 * freedom
    while _chi_squared_share(high, freedom) < share:
        high *= 2
    for _ in range(100):
        middle = (low + high) / 2
        if _chi_squared_share(middle, freedom) < share:
            low = middle
        else:
            high = middle
    return high


def _chi_squared_share(value: float, freedom: int) -> float:
    half, x = freedom / 2, value / 2
    if x == 0:
        return 0.0
    term = math.exp(half * math.log(x) - x - math.lgamma(half + 1))
    total, number = 0.0, half
    while term > 1e-15 * total:
        total += term
        number += 1
        term *= x / number
    return total


def spearman(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    """Return Spearman's rank correlation (ties get their mean rank); NaN for fewer than 2 pairs or a constant.

    Raises:
        ValueError: The two differ in length, or hold a NaN.

    Example:
        >>> spearman([1.0, 2.0, 3.0], [10.0, 30.0, 20.0])
        0.5
    """
    x, y = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    paired(len(x), len(y))
    if np.isnan(x).any() or np.isnan(y).any():
        raise ValueError(
            "Ranks need numbers, got NaN. Leave out the pairs that have no value, failed trials for instance."
        )
    return _pearson(mean_ranks(x), mean_ranks(y))


def spearman_interval(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    *,
    seed: int = 0,
    resamples: int = 1000,
    level: float = LEVEL,
) -> Interval:
    """Return Spearman's rank correlation with its percentile bootstrap interval over the pairs.

    A cheap signal (a proxy, an early epoch) may be used while ``low`` is above zero.

    Args:
        first: ``(pairs,)`` numbers.
        second: ``(pairs,)`` numbers.
        seed: The draws are addressed by it.
        resamples: How many.
        level: Share of the resamples inside the interval.

    Raises:
        ValueError: The two differ in length, or hold a NaN.
    """
    value = spearman(first, second)
    x, y = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if len(x) < 2:
        return Interval(value, math.nan, math.nan)
    draws = generator(seed, "pairs").integers(len(x), size=(resamples, len(x)))
    return Interval(value, *percentiles(_resampled_spearman(x, y, draws), level))


def mean_ranks(values: Floats) -> Floats:
    """Return the rank of each value from 1; equal values share the mean of their ranks.

    Example:
        >>> mean_ranks(np.array([5.0, 1.0, 5.0])).tolist()
        [2.5, 1.0, 2.5]
    """
    _, positions, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: Floats = (last - (counts - 1) / 2)[positions]
    return ranks


def expected_best(costs: npt.ArrayLike, counts: Sequence[int] | None = None) -> Floats:
    """Return the expected least cost of ``n`` draws without replacement from a finite sample of costs.

    From the trials of a random search this is the curve that random search is expected to follow,
    free of the luck of its one order. With the costs sorted, ``P(i-th is the least) =
    C(m - i, n - 1) / C(m, n)`` for ``m`` costs (Dodge et al. 2019, arXiv:1909.03004, without replacement).

    Args:
        costs: ``(m,)`` costs, less is better; an infinite one (a failed trial) counts as the worst finite.
        counts: The ``n`` of interest, each in ``1..m``; by default all of them.

    Returns:
        ``(len(counts),)``; NaN everywhere if no cost is finite.

    Raises:
        ValueError: There is no cost, one is NaN, or a count is not in ``1..m``.

    Example:
        >>> expected_best([3.0, 1.0, 2.0]).round(3).tolist()
        [2.0, 1.333, 1.0]
    """
    sample = np.sort(np.asarray(costs, dtype=np.float64))
    m = len(sample)
    if m == 0 or np.isnan(sample).any():
        raise ValueError(f"expected_best needs at least one cost and no NaN, got {m} costs.")
    wanted = range(1, m + 1) if counts is None else counts
    if any(not 1 <= n <= m for n in wanted):
        raise ValueError(f"counts must lie in 1..{m}, the number of costs, got {list(wanted)}.")
    finite = sample[np.isfinite(sample)]
    if not len(finite):
        return np.full(len(wanted), math.nan)
    sample = np.minimum(sample, finite[-1])
    factorials = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, m + 1)))])
    return np.array([_expected_least(sample, n, factorials) for n in wanted])


def _expected_least(sample: Floats, n: int, log_factorials: Floats) -> float:
    """Return the expected least of ``n`` from an ascending sample, given ``log k!`` for ``k`` up to its size."""
    m = len(sample)
    behind = np.arange(m - 1, n - 2, -1)  # how many are no better than the i-th, for i = 1..m-n+1
    log_ways = log_factorials[behind] - log_factorials[n - 1] - log_factorials[behind - (n - 1)]
    shares = np.exp(log_ways - log_ways.max())
    return float(shares @ sample[: len(behind)] / shares.sum())


def _resampled_spearman(x: Floats, y: Floats, draws: npt.NDArray[np.int64]) -> Floats:
    """Return Spearman's rank correlation of each ``(resamples, pairs)`` draw; NaN where one side does not vary.

    Ranks follow from sums of how often each pair occurs, in the order of the whole sample: nothing is sorted anew.
    """
    resamples, pairs = draws.shape
    places = np.arange(resamples)[:, None] * pairs + draws
    counts = np.bincount(places.ravel(), minlength=draws.size).reshape(draws.shape).astype(float)
    first, second = (_resampled_ranks(side, counts) - (pairs + 1) / 2 for side in (x, y))
    both, *sides = [(counts * one).sum(axis=1) for one in (first * second, first**2, second**2)]
    scale = np.sqrt(sides[0] * sides[1])
    return np.asarray(both / np.where(scale > 0, scale, math.nan))


def _resampled_ranks(values: Floats, counts: Floats) -> Floats:
    """Return the mean rank of each pair in each resample, given how often it occurs there."""
    _, groups, known = np.unique(values, return_inverse=True, return_counts=True)
    rising = counts[:, np.argsort(groups, kind="stable")]
    sizes = np.add.reduceat(rising, np.cumsum(known) - known, axis=1)
    return np.asarray((np.cumsum(sizes, axis=1) - (sizes - 1) / 2)[:, groups])


def percentiles(found: Floats, level: float) -> tuple[float, float]:
    """Return the bounds of the middle ``level`` of what is defined, NaN if nothing is."""
    defined = found[np.isfinite(found)]
    if not len(defined):
        return math.nan, math.nan
    tail = (1 - level) / 2
    low, high = np.quantile(defined, [tail, 1 - tail])
    return float(low), float(high)


def _pearson(x: Floats, y: Floats) -> float:
    """Return the linear correlation, NaN where one side does not vary."""
    x, y = x - x.mean() if len(x) else x, y - y.mean() if len(y) else y
    scale = math.sqrt(float(x @ x) * float(y @ y))
    return float(x @ y) / scale if scale > 0 else math.nan


def paired(*lengths: int) -> int:
    """Return the common length.

    Raises:
        ValueError: They differ.
    """
    if len(set(lengths)) > 1:
        raise ValueError(f"Arrays must be of equal length, one entry a row, got {list(lengths)}.")
    return lengths[0]
