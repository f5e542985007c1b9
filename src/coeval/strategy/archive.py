"""The trials that nothing known is better than, under several objectives and hard limits."""

import numpy as np

from coeval.strategy.objectives import Objectives, violation
from coeval.trial import Trial


def improves(objectives: Objectives, trial: Trial, on: Trial) -> bool:
    """Return whether a measured trial is better than another: constrained domination.

    Deb et al. 2002, definition 1 (doi:10.1109/4235.996017): feasible beats infeasible, of two infeasible
    trials the smaller violation wins, of two feasible ones that which is nowhere worse and somewhere better.
    """
    mine, other = violation(trial), violation(on)
    if mine > 0 or other > 0:
        return mine < other
    costs, held = objectives.costs(trial), objectives.costs(on)
    return costs != held and all(a <= b for a, b in zip(costs, held, strict=True))


class Archive:
    """All trials that no other improves on; of equal ones the first.

    While nothing is feasible it holds the one trial of least violation.

    Args:
        objectives: By which trials are compared.
    """

    def __init__(self, objectives: Objectives) -> None:
        self._objectives = objectives
        self._trials: list[Trial] = []
        self._costs = np.empty((0, len(objectives)))
        self._violation = np.inf

    @property
    def trials(self) -> list[Trial]:
        """Return the members in the order in which they came."""
        return list(self._trials)

    def add(self, trial: Trial) -> bool:
        """Take a measured trial in, and out what it improves on; return whether it is a member now."""
        excess = violation(trial)
        costs = np.array(self._objectives.costs(trial))
        if self._trials and excess == self._violation:
            if excess > 0 or (self._costs <= costs).all(axis=1).any():
                return False
            stays = np.asarray(~(costs <= self._costs).all(axis=1))
        elif self._trials and excess > self._violation:
            return False
        else:
            stays = np.zeros(len(self._trials), dtype=np.bool_)
        self._violation = excess
        self._trials = [one for one, keep in zip(self._trials, stays, strict=True) if keep]
        self._trials.append(trial)
        self._costs = np.vstack([self._costs[stays], costs])
        return True
