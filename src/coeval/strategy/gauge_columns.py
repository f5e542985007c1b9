"""What cheap signals said of finished trials, read off the trials alone."""

import functools
import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from coeval.statistics import mean_ranks
from coeval.strategy.curves import LEAST_POINTS, extrapolate
from coeval.strategy.gauge_surrogate import described, fit
from coeval.trial import Objective, Trial

Floats = npt.NDArray[np.float64]

COUNTS = ("parameters", "macs")
"""The rivals that every signal has to beat: larger networks are often better ones."""
SHARES: Mapping[str, float] = {"1/9": 1 / 9, "1/3": 1 / 3}
"""Of the recipe's epochs, after which the score is looked at."""
SURROGATE = "surrogate"
REMEMBERED = 1024
"""Curves whose end is kept: each takes about 1 ms to foretell, and is asked about again and again."""


def columns(trials: Sequence[Trial], objective: Objective) -> dict[str, Floats]:
    """Return what each signal says, more being better; NaN where it says nothing.

    Args:
        trials: Finished, in the order in which they finished.
        objective: What the signals should foretell.

    Returns:
        ``(trials,)`` by signal; those that say nothing of any trial are left out.
    """
    found = zero_cost(trials)
    for name in COUNTS:
        if name != objective.name:
            found[name] = np.array([_cost(one, name) for one in trials])
    for label, share in SHARES.items():
        found[f"early {label}"] = np.array([early(one, objective, share) for one in trials])
        ahead = np.array([extrapolated(one, objective, share) for one in trials])
        found[f"extrapolated {label}"] = ahead
    found[SURROGATE] = foretold(trials, objective)
    return {name: values for name, values in found.items() if np.isfinite(values).any()}


def zero_cost(trials: Sequence[Trial]) -> dict[str, Floats]:
    """Return ``(trials,)`` the scores of the untrained networks by name; NaN where a trial has none."""
    return {name: np.array([_signal(one, name) for one in trials]) for name in _names(trials)}


def early(trial: Trial, objective: Objective, share: float) -> float:
    """Return the best score up to a share of the recipe's epochs, more being better, as a trial paused there would have it.

    NaN where the trial ended there or before, with no more to foretell.
    """
    prefix, _ = _prefix(trial, objective, share)
    known = [value for value in prefix if math.isfinite(value)]
    if not known:
        return math.nan
    return max(known) if objective.maximise else -min(known)


def extrapolated(trial: Trial, objective: Objective, share: float) -> float:
    """Return the score that the curve up to a share of the recipe's epochs foretells, more being better.

    NaN where the trial ended there or before, or where its curve is too short by then.
    """
    prefix, whole = _prefix(trial, objective, share)
    if sum(map(math.isfinite, prefix)) < LEAST_POINTS:
        return math.nan
    foretold = _at_the_end(prefix, whole)
    return foretold if objective.maximise else -foretold


@functools.lru_cache(maxsize=REMEMBERED)
def _at_the_end(prefix: tuple[float, ...], whole: int) -> float:
    return extrapolate(prefix, whole)[0]


def foretold(trials: Sequence[Trial], objective: Objective) -> Floats:
    """Return what the surrogate expected of each trial from those before it; NaN of the first."""
    if len(trials) < 2:
        return np.full(len(trials), math.nan)
    gains = standardised(np.array([-objective.cost(one) for one in trials]))
    said = fit([described(one.proposal.candidate) for one in trials], gains).ahead.copy()
    said[0] = math.nan
    return said


def standardised(gains: Floats) -> Floats:
    """Return the mean ranks of gains, spread over -1.7 to 1.7: of unit variance, whatever their scale.

    Example:
        >>> standardised(np.array([5.0, 1e9, 2.0])).round(2).tolist()
        [0.0, 1.15, -1.15]
    """
    ranks = (mean_ranks(gains) - 0.5) / len(gains) - 0.5
    return np.asarray(math.sqrt(12) * ranks)


def _prefix(trial: Trial, objective: Objective, share: float) -> tuple[tuple[float, ...], int]:
    """Return a trial's curve up to a share of its recipe's epochs, and these; nothing where it ended there."""
    measured = trial.measurement
    if measured is None:
        return (), 1
    curve = tuple(measured.curve.get(objective.name, ()))
    said = measured.data.get("schedule_epochs")
    whole = said if isinstance(said, int) and said > 0 else max(len(curve), 1)
    reached = max(round(share * whole), 1)
    return (curve[:reached], whole) if len(curve) > reached else ((), whole)


def _names(trials: Sequence[Trial]) -> list[str]:
    names: dict[str, None] = {}
    for one in trials:
        names.update(dict.fromkeys(_signals(one)))
    return sorted(names)


def _signals(trial: Trial) -> Mapping[str, object]:
    said = {} if trial.measurement is None else trial.measurement.data.get("signals")
    return said if isinstance(said, Mapping) else {}


def _signal(trial: Trial, name: str) -> float:
    value = _signals(trial).get(name)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else math.nan  # type: ignore[arg-type]


def _cost(trial: Trial, name: str) -> float:
    return math.nan if trial.measurement is None else trial.measurement.cost.get(name, math.nan)
