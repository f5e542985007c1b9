"""Which candidates weigh more in a mean, and how probabilities are calibrated, decided on held-out rows.

Greedy selection with replacement follows Caruana et al. 2004 (doi:10.1145/1015330.1015432, section 2): the candidate that lowers
the mean's cost the most is added, again and again, and the best of all these means is taken. It begins with those that would be
taken otherwise ("sorted ensemble initialization", section 2.2): left out, one of them would be another choice of a model. A temperature may
suit these rows only. So it is fitted anew on random halves of them and compared on the other halves: only what wins on most of them is taken.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from coeval.export.ensemble import tempered
from coeval.export.judged import Floats, Judged
from coeval.seed import generator
from coeval.task.metrics import LOG_LOSS
from coeval.task.task import Index

STEPS = 12
"""Additions at most."""
HALVES = 20
"""Comparisons on rows that nothing was chosen on."""
WON = 0.75
"""Share of them that must be won. Gains of two thirds of a standard error of the rows' score pass, smaller ones do not."""
ROWS = 4000
"""Rows that are looked at; more would take seconds and say no more."""
HOTTEST = 10.0
"""Temperature at most; at least its inverse."""


@dataclass(frozen=True, slots=True)
class Guarded:
    """What was chosen on held-out rows, and what it was worth on rows that it was not chosen on.

    Attributes:
        gain: Mean cost of what would be taken otherwise less its own, over the halves.
        won: Halves on which it was better.
        halves: Compared.
    """

    gain: float
    won: int
    halves: int

    @property
    def is_accepted(self) -> bool:
        """Return whether it is clearly better."""
        return self.gain > 0 and self.won >= WON * self.halves


def greedy(predictions: Floats, judged: Judged, start: Sequence[int]) -> Floats:
    """Return the weights of greedy selection with replacement.

    Args:
        predictions: ``(candidates, rows, ...)``.
        judged: The rows.
        start: Those that are members whatever the rows say, with equal weights at first.

    Returns:
        ``(candidates,)``, not negative, with a sum of 1.
    """
    counts = np.zeros(len(predictions))
    counts[list(start)] = 1
    total = predictions[list(start)].sum(axis=0)
    best, best_cost = counts, judged.cost(total / len(start))
    for size in range(len(start) + 1, len(start) + 1 + STEPS):
        costs = [judged.cost((total + one) / size) for one in predictions]
        added = int(np.argmin(costs))
        counts = counts.copy()
        counts[added] += 1
        total = total + predictions[added]
        if costs[added] < best_cost:
            best, best_cost = counts, costs[added]
    shares: Floats = best / best.sum()
    return shares


def calibrate(probabilities: Floats, judged: Judged, seed: int) -> tuple[float, Guarded] | None:
    """Return a temperature that lowers log loss, as far as the rows tell, without harm to the task's own metric.

    Args:
        probabilities: ``(rows, classes)`` on the selection rows, of a model that has not seen them.
        judged: The selection rows.
        seed: Of the draws.

    Returns:
        The temperature and what it was worth; ``None`` where it is not clearly better than 1.
    """
    losses, own = [], []
    for chosen_on, compared_on in halves(len(judged.targets), seed):
        found = temperature_of(probabilities[chosen_on], judged.take(chosen_on))
        others, before = judged.take(compared_on), probabilities[compared_on]
        after = tempered(before, found)
        losses.append((_log_loss(before, others), _log_loss(after, others)))
        own.append((others.cost(before), others.cost(after)))
    guarded = _guarded(losses)
    if not guarded.is_accepted or _guarded(own).gain < 0:
        return None
    return temperature_of(probabilities, judged), guarded


def temperature_of(probabilities: Floats, judged: Judged) -> float:
    """Return the temperature of least log loss, by golden section; log loss is convex in its inverse.

    Example:
        >>> sure = np.array([[0.99, 0.01]] * 4)
        >>> judged = Judged(LOG_LOSS, np.array([0, 0, 0, 1]), None)
        >>> round(float(tempered(sure, temperature_of(sure, judged))[0, 0]), 3)
        0.75
    """
    ratio = (math.sqrt(5) - 1) / 2
    low, high = 1 / HOTTEST, HOTTEST

    def loss(inverse: float) -> float:
        return _log_loss(tempered(probabilities, 1 / inverse), judged)

    inner, outer = high - ratio * (high - low), low + ratio * (high - low)
    at_inner, at_outer = loss(inner), loss(outer)
    while high - low > 1e-3:
        if at_inner <= at_outer:
            high, outer, at_outer = outer, inner, at_inner
            inner = high - ratio * (high - low)
            at_inner = loss(inner)
        else:
            low, inner, at_inner = inner, outer, at_outer
            outer = low + ratio * (high - low)
            at_outer = loss(outer)
    return 2 / (low + high)


def halves(rows: int, seed: int) -> Iterator[tuple[Index, Index]]:
    """Yield ``HALVES`` splits of so many rows into the rows to choose on and the rows to compare on."""
    rng = generator(seed, "halves")
    for _ in range(HALVES // 2):
        order = rng.permutation(rows)
        first, second = np.sort(order[: rows // 2]), np.sort(order[rows // 2 :])
        yield first, second
        yield second, first


def thinned(rows: int, seed: int) -> Index:
    """Return which of so many rows are looked at."""
    if rows <= ROWS:
        return np.arange(rows)
    return np.sort(generator(seed, "selection rows").choice(rows, ROWS, replace=False))


def _guarded(costs: Sequence[tuple[float, float]]) -> Guarded:
    """Return what pairs of costs, before and after, say; halves on which either is undefined are not won."""
    gains = np.array([before - after if before < math.inf else math.nan for before, after in costs])
    known = gains[np.isfinite(gains)]
    gain = float(known.mean()) if len(known) else 0.0
    return Guarded(gain, int((known > 0).sum()), len(costs))


def _log_loss(probabilities: Floats, judged: Judged) -> float:
    return float(LOG_LOSS.score(judged.targets, probabilities, judged.weights))
