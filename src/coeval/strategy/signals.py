"""Cheap signals about candidates, believed only as far as this run's own results bear them out.

A signal, such as a score of the untrained network, may rank architectures well on one task and backwards on the next
(Krishnakumar et al. 2022, NAS-Bench-Suite-Zero, arXiv:2210.03230). So its rank correlation with finished
trials is watched, with a bootstrap interval, and the lower end of the interval is its weight: noise, and a sign
that turned, weigh nothing. Before there are results only the first trial is the signals' choice: it costs one
evaluation if they lie.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from coeval.seed import entropy
from coeval.space.protocol import Candidate
from coeval.statistics import spearman_interval

Signal = Callable[[Candidate], float | None]
"""More is better, as far as known; ``None`` where it has nothing to say."""
Floats = npt.NDArray[np.float64]

FIRST = (1.0,)
"""Where in the range of the signals the first trials lie: at the upper end. Five trials over the whole range (both
ends, then between) found the truth no sooner on NAS-Bench-201, and took more evaluations where signals lied."""
LEAST_TRUST = 0.2
"""A lower end below this is as good as none (a rank correlation of noise reaches it now and then)."""
_LEVEL, _RESAMPLES = 0.8, 100


@dataclass(frozen=True, slots=True)
class Trust:
    """How far signals are believed.

    Attributes:
        weights: ``(signals,)`` lower ends of the intervals; 0 for a signal that is not believed.
        slope: By how many deviations of cost a candidate is expected to be better, for each by which the
            weighted signals are above their mean; 0 believes nothing.
    """

    weights: tuple[float, ...]
    slope: float


class Signals:
    """Signals as normal scores among a sample of the space, and how far they are to be trusted.

    Args:
        signals: By name.
        reference: Candidates among which a value is ranked.
        seed: For the bootstrap.
    """

    def __init__(
        self, signals: Mapping[str, Signal], reference: Sequence[Candidate], seed: int
    ) -> None:
        self._signals = tuple(signals.values())
        self._seed = seed
        columns = [[_value(signal, one) for one in reference] for signal in self._signals]
        self._sorted = [np.sort([one for one in values if one is not None]) for values in columns]

    def __len__(self) -> int:
        return len(self._signals)

    def scores(self, candidate: Candidate) -> Floats:
        """Return the normal score of each signal: 0 in the middle of the sample, and where a signal is silent."""
        return np.array(
            [
                _score(_value(signal, candidate), ranked)
                for signal, ranked in zip(self._signals, self._sorted, strict=True)
            ]
        )

    def trust(self, scores: Floats, costs: Floats) -> Trust:
        """Return how far the signals are believed after some trials.

        Args:
            scores: ``(trials, signals)`` of the finished trials.
            costs: ``(trials,)`` theirs, less is better.
        """
        count = len(costs)
        weights = [
            self._believed(scores[:, column], costs, f"{column}/{count}")
            for column in range(len(self._signals))
        ]
        if not any(weights):
            return Trust(tuple(weights), 0.0)
        joined = combined(scores, tuple(weights))
        return Trust(tuple(weights), self._believed(joined, costs, f"all/{count}"))

    def _believed(self, scores: Floats, costs: Floats, address: str) -> float:
        seed = entropy(self._seed, "signals", address)
        found = spearman_interval(scores, -costs, seed=seed, resamples=_RESAMPLES, level=_LEVEL)
        return found.low if math.isfinite(found.low) and found.low >= LEAST_TRUST else 0.0


def combined(scores: Floats, weights: tuple[float, ...]) -> Floats:
    """Return the weighted mean of scores.

    Args:
        scores: ``(candidates, signals)``.
        weights: ``(signals,)``; all 0 gives zeros.
    """
    total = sum(weights)
    return scores @ np.array(weights) / total if total else np.zeros(len(scores))


def place_of(rank: float, scores: Floats) -> int:
    """Return the place of the candidate at a share of the range of mean scores.

    Args:
        rank: 0 is the least, 1 the greatest.
        scores: ``(candidates, signals)``, one candidate at least.
    """
    order = np.argsort(scores.mean(axis=1), kind="stable")
    return int(order[round(rank * (len(order) - 1))])


def _value(signal: Signal, candidate: Candidate) -> float | None:
    value = signal(candidate)
    return None if value is None or not math.isfinite(value) else float(value)


def _score(value: float | None, ranked: Floats) -> float:
    """Return the normal score of a value's mid-rank; beyond the ends of the sample no further than these."""
    if value is None or len(ranked) < 2:
        return 0.0
    low, high = np.searchsorted(ranked, value, "left"), np.searchsorted(ranked, value, "right")
    return NormalDist().inv_cdf((float(low + high) / 2 + 0.5) / (len(ranked) + 1))
