"""Sound bounds from a part of the points, and the order in which points are visited.

* **Early abandoning**: partial sums of squares only grow, so a candidate whose partial sum exceeds the bar
  is out, whatever the remaining points say. The answer does not depend on the order of the points, the
  work does: ``TestOrder`` visits first the points that have killed most.
* **Subset lower bound**: the least error over scale and offset on a subset of the points is at most that on
  all of them (the minimiser for all points is a candidate for the subset). Weak under noise by the share of
  points left out; never wrong.
"""

import itertools
from collections.abc import Iterator

import numpy as np

from coeval.exact.kernels.filters import slack
from coeval.exact.kernels.models import Index, Values, tie_bound

DECAY = 0.9


class TestOrder:
    """A learnt order of test points: the largest decayed share of recent candidates' errors first.

    Args:
        points: How many there are.
        seed: Order before anything was learnt; ``None`` for the points' own order.
        decay: What remains of the old shares at each lesson; 1 for an order that learns nothing.
    """

    __test__ = False  # not a test case of pytest's

    def __init__(self, points: int, seed: int | None = None, decay: float = DECAY) -> None:
        self._decay = decay
        self._share = np.zeros(points)
        first = np.arange(points)
        self._first = first if seed is None else np.random.default_rng(seed).permutation(points)

    @property
    def order(self) -> Index:
        """Return ``(points,)`` numbers of the points, the deadliest first."""
        return self._first[np.argsort(-self._share[self._first], kind="stable")]

    def learn(self, errors: Values) -> None:
        """Take in squared errors of a sample of candidates.

        Args:
            errors: ``(candidates, points)``; a candidate with a value that is not finite teaches nothing.
        """
        with np.errstate(all="ignore"):
            shares = errors / errors.sum(axis=1, keepdims=True)
        shares = shares[np.isfinite(shares).all(axis=1)]
        if len(shares):
            self._share = self._decay * self._share + (1 - self._decay) * shares.mean(axis=0)


class Abandoning:
    """Raw candidates: out as soon as the partial sum of squares exceeds the bar."""

    def __init__(self, target: Values) -> None:
        self._target = target

    def steps(self) -> Iterator[int]:
        """Yield how many points to visit before each test: one by one at first, then in growing groups."""
        yield from _growing(len(self._target), (1, 1, 1, 1))

    def start(self, shape: tuple[int, ...]) -> tuple[Values, ...]:
        """Return the running sums of a block of candidates."""
        return (np.zeros(shape),)

    def add(self, sums: tuple[Values, ...], values: Values, points: Index) -> None:
        """Add the candidates' values at one point.

        Args:
            sums: What ``start`` made.
            values: One value a candidate.
            points: All points visited so far, this one last.
        """
        error = self._target[points[-1]] - values
        np.multiply(error, error, out=error)
        np.add(sums[0], error, out=sums[0])

    def keep(self, sums: tuple[Values, ...], points: Index, bar: float) -> np.ndarray:
        """Return which candidates may still be at or below the bar.

        The bar is raised by the rounding of the sum, and by that of a value that depends on how many
        are computed at once (vectorised and scalar libraries differ in the last bits).
        """
        limit = tie_bound(bar, self._target) * (1 + slack(len(self._target), "float64"))
        return np.asarray(sums[0] <= min(limit, np.finfo(np.float64).max))


class SubsetBound:
    """Candidates with scale and offset: out as soon as their least error on the visited points exceeds the bar.

    On m points with f and y centred there, the least error is |y|^2 - (f.y)^2 / |f|^2, so a candidate is out
    when |f|^2 (|y|^2 - bar) > (f.y)^2. Both |f|^2 and f.y come from plain sums; eps f.f |y|^2 (``filters``)
    pays for their rounding, and the smallest normal number for underflow. A candidate that is constant there, to the last bit, has the least error |y|^2.
    """

    def __init__(self, target: Values) -> None:
        self._given = target
        self._target = target - target.mean()

    def steps(self) -> Iterator[int]:
        """Yield how many points to visit before each test."""
        yield from _growing(len(self._target), (4, 2, 2))

    def start(self, shape: tuple[int, ...]) -> tuple[Values, ...]:
        """Return the running sums of a block of candidates: f, f^2, f y; the first f, and whether another differs."""
        return (*np.zeros((4, *shape)), np.zeros(shape))

    def add(self, sums: tuple[Values, ...], values: Values, points: Index) -> None:
        """Add the candidates' values at one point; see ``Abandoning.add``."""
        values = values / len(self._target)  # so that a sum of finite values is finite
        if len(points) == 1:
            sums[3][...] = values
        np.maximum(sums[4], values != sums[3], out=sums[4])
        for total, factor in (
            (sums[0], 1.0),
            (sums[1], values),
            (sums[2], self._target[points[-1]]),
        ):
            np.add(total, values * factor, out=total)

    def keep(self, sums: tuple[Values, ...], points: Index, bar: float) -> np.ndarray:
        """Return which candidates may still be at or below the bar; an overflow of f^2 decides nothing."""
        y = self._target[points]
        mean = y.mean()
        total = float(np.square(y - mean).sum())
        own = tie_bound(bar, self._given)
        eps = slack(len(self._target), "float64")
        finite: np.ndarray = np.isfinite(sums[0])
        if total <= own:
            return finite
        centred = sums[1] - sums[0] * sums[0] / len(points)
        along = sums[2] - sums[0] * mean
        slope = centred * (total - own) - along * along
        underflow = np.finfo(np.float64).tiny * (1 + total + np.abs(along))
        out = slope > eps * sums[1] * (total + len(y) * mean * mean) + underflow
        return np.asarray(finite & (sums[4] > 0) & ~out)


def subset_bound(values: Values, target: Values, points: Index) -> Values:
    """Return lower bounds on the errors of y ~ c0 + c1 f from some of the points.

    Args:
        values: ``(candidates, points)`` of f, finite.
        target: ``(points,)``.
        points: Numbers of the points to look at.

    Returns:
        ``(candidates,)`` least sums of squared errors on those points: at most those on all points.
    """
    f, y = values[:, points], target[points]
    f, y = f - f.mean(axis=1, keepdims=True), y - y.mean()
    norm = np.square(f).sum(axis=1)
    with np.errstate(all="ignore"):
        slope = np.where(norm > 0, (f * y).sum(axis=1) / norm, 0.0)
    bound: Values = np.square(y - slope[:, None] * f).sum(axis=1)
    return bound


def _growing(points: int, first: tuple[int, ...]) -> Iterator[int]:
    doubling = (2 ** (k // 2) * first[-1] for k in itertools.count(2))
    left = points
    for size in itertools.chain(first, doubling):
        yield min(size, left)
        left -= size
        if left <= 0:
            return
