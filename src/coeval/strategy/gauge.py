"""The trust gauge: how far each cheap signal is to be believed, by this run's own finished trials.

A signal may rank architectures well on one task and backwards on the next (Krishnakumar et al. 2022,
NAS-Bench-Suite-Zero, arXiv:2210.03230). So each is set against what finished trials reached: its rank
correlation with a bootstrap interval. The lower bound is its weight while it is above zero; noise, and a sign
that turned, weigh nothing. More is better for every signal: a negative correlation is never used the other way.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from coeval.seed import entropy
from coeval.statistics import spearman, spearman_interval
from coeval.strategy.gauge_columns import columns
from coeval.strategy.objectives import violation
from coeval.trial import Objective, State, Trial

Floats = npt.NDArray[np.float64]

LEAST = 8
"""Pairs below which a signal is not believed, whatever its interval."""
WINDOW = 64
"""Only the latest trials count: a signal is asked about candidates like theirs, and old ones would hide that its sign
has turned."""
LATEST = 16
"""Trials among which the sign must still hold: with ``WINDOW`` alone a turn is noticed after 30, with both after 12."""
_RESAMPLES = 200
_EACH, _EVERY = 32, 4


@dataclass(frozen=True, slots=True)
class Gauge:
    """How far a signal is believed.

    Attributes:
        name: Of the signal.
        pairs: Finished trials with a value of it, among the latest.
        rho: Their rank correlation with the score, more being better; NaN where it is not defined.
        low: Lower bound of the 95 % bootstrap interval.
        high: Upper bound.
        weight: The lower bound while the signal is believed, else 0.
        epochs: Share of the recipe's epochs that the trials were trained for: 1 once enough were trained whole.
    """

    name: str
    pairs: int
    rho: float
    low: float
    high: float
    weight: float
    epochs: float = 1.0

    @property
    def is_used(self) -> bool:
        """Return whether the signal is believed at all."""
        return self.weight > 0


def gauge(trials: Sequence[Trial], objective: Objective, seed: int = 0) -> tuple[Gauge, ...]:
    """Return the gauges of all signals that trials carry.

    They are the scores of the untrained network (``data["signals"]``), the counts of parameters and
    multiply-accumulates, the score early on each trial's own curve and what that foretells, and a surrogate's
    one-step-ahead predictions. They are set against whole trainings; before there are enough of these, against those
    that were trained for the greatest share of the epochs of which there are.

    Args:
        trials: In the order in which they finished, best so; those that a signal cannot be set against are left out.
        objective: What the signals should foretell.
        seed: For the bootstrap.
    """
    recent = _alike([one for one in trials if is_judged(one, objective)])
    gains = np.array([-objective.cost(one) for one in recent])
    latest = slice(-WINDOW, None)
    said = {name: values[latest] for name, values in columns(recent, objective).items()}
    epochs = recent[0].proposal.fidelity.epochs if recent else 1.0
    return tuple([replace(one, epochs=epochs) for one in gauges(said, gains[latest], seed)])


def is_judged(trial: Trial, objective: Objective) -> bool:
    """Return whether a signal can be set against a trial: really measured, once, on all rows, within all limits."""
    measured, proposal = trial.measurement, trial.proposal
    if trial.state is not State.DONE or measured is None or measured.cached_from is not None:
        return False
    whole = proposal.fidelity.rows == proposal.fidelity.width == 1.0 and proposal.cases is None
    is_own = whole and proposal.repeat == 0 and not violation(trial)
    return is_own and math.isfinite(objective.cost(trial))


def gauges(said: Mapping[str, Floats], gains: Floats, seed: int = 0) -> tuple[Gauge, ...]:
    """Return the gauge of each signal.

    Args:
        said: By signal, ``(trials,)`` what it says; NaN or infinite where it says nothing.
        gains: ``(trials,)`` what was reached, more is better, the latest last.
        seed: For the bootstrap.
    """
    return tuple([_gauge(name, values, gains, seed) for name, values in said.items()])


def examined_count(judged: int) -> int:
    """Return after how many judged trials a strategy last examined its signals: at each up to 32, then at every fourth.

    Example:
        >>> [examined_count(judged) for judged in (7, 32, 35, 36)]
        [7, 32, 32, 36]
    """
    return judged if judged <= _EACH else judged - judged % _EVERY


def weight_of(found: Iterable[Gauge], name: str) -> float:
    """Return how much a signal weighs; 0 for one that has no gauge."""
    return next((one.weight for one in found if one.name == name), 0.0)


def _alike(trials: Sequence[Trial]) -> list[Trial]:
    """Return the latest trials of the greatest share of the epochs of which there are enough; of 1 where of none."""
    shares: dict[float, list[Trial]] = {1.0: []}
    for one in reversed(trials):
        found = shares.setdefault(one.proposal.fidelity.epochs, [])
        if len(found) < 2 * WINDOW:
            found.append(one)
    enough = [share for share, found in shares.items() if len(found) >= LEAST]
    return shares[max(enough, default=1.0)][::-1]


def _gauge(name: str, values: Floats, gains: Floats, seed: int) -> Gauge:
    known = np.isfinite(values)
    said, reached = values[known], gains[known]
    pairs = len(said)
    if pairs < LEAST:
        rho = spearman(said, reached)
        return Gauge(name, pairs, rho, math.nan, math.nan, 0.0)
    drawn = entropy(seed, "gauge", name, pairs)
    found = spearman_interval(said, reached, seed=drawn, resamples=_RESAMPLES)
    holds = spearman(said[-LATEST:], reached[-LATEST:]) > 0 and not _hangs_on_few(said)
    weight = found.low if holds and found.low > 0 else 0.0
    return Gauge(name, pairs, found.value, found.low, found.high, weight)


def _hangs_on_few(said: Floats) -> bool:
    """Return whether all but a few values are equal.

    Resamples without the few have no correlation and are left out of an interval, which then says nothing of them.
    """
    _, counts = np.unique(said, return_counts=True)
    return bool(len(said) - counts.max() < LEAST // 2)
