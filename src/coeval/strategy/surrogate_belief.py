"""What a surrogate search believes of candidates: one model for each objective, and one for the limits."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from coeval.seed import entropy
from coeval.space.features import Features
from coeval.strategy.acquisition import feasibility_targets, squashed
from coeval.strategy.objectives import Objectives, violation
from coeval.strategy.signals import Signals, Trust, combined
from coeval.strategy.surrogate_model import Fitted, Model
from coeval.trial import Trial

Floats = npt.NDArray[np.float64]
Prediction = tuple[Floats, Floats]

LEAST = 5
"""Finished trials before anything is fitted."""
_EVERY, _GROWTH = 5, 10
_EXAMINED = 20
MOST_FITTED, MOST_KNOWN = 160, 400
"""Trials for the choice of a kernel, and for a prediction: bounds of the time that asking takes."""
_WORST = 1e300
LIMITS = -1
"""Stands for the limits where an objective has its index."""


class Belief:
    """Models that are fitted anew at fixed counts of trials, so that a replay fits the same.

    Args:
        model: Learns values from features.
        objectives: What is modelled.
        seed: For the models' draws.
        signals: What else is said about candidates.
    """

    def __init__(self, model: Model, objectives: Objectives, seed: int, signals: Signals) -> None:
        self._model = model
        self._objectives = objectives
        self._seed = seed
        self._trials: list[Trial] = []
        self._features: list[Features] = []
        self._scores: list[Floats] = []
        self._signals = signals
        self._trusts: dict[int, tuple[int, Trust]] = {}
        self._fitted: dict[int, tuple[int, Fitted]] = {}

    @property
    def trials(self) -> Sequence[Trial]:
        """Return the trials that were learnt from, in the order in which they finished."""
        return self._trials

    def add(self, trial: Trial, found: Features, scores: Floats) -> None:
        """Learn from a judged trial, given its features and the scores of the signals."""
        self._trials.append(trial)
        self._features.append(found)
        self._scores.append(scores)

    def cost(
        self, index: int, pending: Sequence[Features], pool: Sequence[Features], scores: Floats
    ) -> tuple[Prediction, float]:
        """Return what is expected of an objective in the pool, and the least known cost, on the same scale.

        What the signals say is the prior mean; the model learns how the trials differ from it.

        Args:
            index: Of the objective.
            pending: Features of trials that run.
            pool: ``(pool,)`` features of candidates.
            scores: ``(pool, signals)`` theirs.
        """
        chosen = self._chosen(len(self._trials), MOST_KNOWN)
        known = [self._features[place] for place in chosen]
        targets = self._costs(index, chosen)
        said = self._said(index, np.array([self._scores[place] for place in chosen]))
        fitted = self._fit(index, self._residuals)
        mean, deviation = fitted.predict(known, targets + said, pending, pool)
        return (mean - self._said(index, scores), deviation), float(targets.min())

    def gain(self, scores: Floats) -> Floats | None:
        """Return by how much the signals expect candidates to be better, over all objectives; ``None`` if they are not believed.

        Args:
            scores: ``(candidates, signals)``.
        """
        indices = range(len(self._objectives))
        if not self._signals or not any(self._trust(index).slope > 0 for index in indices):
            return None
        return np.asarray(sum(self._said(index, scores) for index in indices))

    def _said(self, index: int, scores: Floats) -> Floats:
        """Return the part of an objective's standardised gain that is the signals' to foretell."""
        if not self._signals:
            return np.zeros(len(scores))
        trust = self._trust(index)
        return trust.slope * combined(scores, trust.weights)

    def _trust(self, index: int) -> Trust:
        count = trusting_count(len(self._trials))
        before = self._trusts.get(index)
        if before is None or before[0] != count:
            costs = [self._objectives.all[index].cost(one) for one in self._trials[:count]]
            scores = np.array(self._scores[:count])
            before = count, self._signals.trust(scores, np.array(costs))
            self._trusts[index] = before
        return before[1]

    def _residuals(self, index: int, chosen: list[int]) -> Floats:
        scores = np.array([self._scores[place] for place in chosen])
        return self._costs(index, chosen) + self._said(index, scores)

    def limits(self, pending: Sequence[Features], pool: Sequence[Features]) -> Prediction | None:
        """Return what is expected of ``feasibility_targets``; ``None`` where no trial broke a limit."""
        if not any(violation(one) > 0 for one in self._trials):
            return None
        chosen = self._chosen(len(self._trials), MOST_KNOWN)
        known = [self._features[place] for place in chosen]
        fitted = self._fit(LIMITS, self._violations)
        return fitted.predict(known, self._violations(LIMITS, chosen), pending, pool)

    def _fit(self, index: int, targets: Callable[[int, list[int]], Floats]) -> Fitted:
        count = fitting_count(len(self._trials))
        before = self._fitted.get(index)
        if before is None or before[0] != count:
            chosen = self._chosen(count, MOST_FITTED)
            known = [self._features[place] for place in chosen]
            seed = entropy(self._seed, "surrogate", "fit", index, count)
            before = count, self._model.fit(known, targets(index, chosen), seed)
            self._fitted[index] = before
        return before[1]

    def _chosen(self, count: int, most: int) -> list[int]:
        """Return places of at most so many of the first ``count`` trials: half of them the best, then the latest."""
        if count <= most:
            return list(range(count))
        places = {one.number: place for place, one in enumerate(self._trials[:count])}
        best = [places[one.number] for one in self._objectives.order(self._trials[:count])]
        chosen = set(best[: most // 2])
        for place in range(count - 1, -1, -1):
            if len(chosen) == most:
                break
            chosen.add(place)
        return sorted(chosen)

    def _costs(self, index: int, chosen: list[int]) -> Floats:
        trials = [self._trials[place] for place in chosen]
        costs = np.array([self._objectives.all[index].cost(one) for one in trials])
        return squashed(costs, np.array([violation(one) == 0 for one in trials]))

    def _violations(self, index: int, chosen: list[int]) -> Floats:
        del index
        broken = [violation(self._trials[place]) for place in chosen]
        return feasibility_targets(np.array([min(one, _WORST) for one in broken]))


def fitting_count(trials: int) -> int:
    """Return at which count of trials the models in use were fitted: every 5 at first, later every tenth more.

    Example:
        >>> [fitting_count(trials) for trials in (5, 9, 10, 100, 1000)]
        [5, 5, 10, 94, 972]
    """
    count = LEAST
    while count + max(_EVERY, count // _GROWTH) <= trials:
        count += max(_EVERY, count // _GROWTH)
    return count


def trusting_count(trials: int) -> int:
    """Return at which count of trials the signals were last examined: at each up to 20, then with every fit."""
    return trials if trials <= _EXAMINED else max(_EXAMINED, fitting_count(trials))
