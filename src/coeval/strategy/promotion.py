"""Who goes on from a rung: the early values decide, and signals that this run has borne out move who is close.

The place by the early value counts fully, that by the signals by their weight over the early value's own, at most half: learnt from
whole trainings, and the early value alone before there are enough. Of 40 candidates of each of four tables, 12, 20 or 28 were told as
trained whole and the others stood on a rung after a ninth of their epochs: the best that went on stood 0.33, 0.37 or 0.41 places
below the best of all by early values, and 0.28, 0.32 or 0.38 with signals too; noise and flipped signs in their place cost
nothing (``benchmarks.promotion``).
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from coeval.statistics import mean_ranks
from coeval.strategy.gauge import WINDOW, examined_count, gauges, is_judged
from coeval.strategy.gauge_columns import early, zero_cost
from coeval.strategy.objectives import Objectives, violation
from coeval.trial import Objective, Trial

Floats = npt.NDArray[np.float64]

MOST = 0.5
"""Of the early value's say, what all signals together have at most."""


class PromotionOrder:
    """The order of a rung's trials; it learns from the trials that it is told.

    Args:
        objective: What promotions compare.
        seed: For the bootstrap.
    """

    def __init__(self, objective: Objective, seed: int = 0) -> None:
        self._objective = objective
        self._objectives = Objectives(objective)
        self._seed = seed
        self._whole: list[Trial] = []
        self._weights: dict[float, tuple[int, dict[str, float]]] = {}

    @property
    def version(self) -> int:
        """Return a number that changes with what was learnt: orders of one version are the same."""
        return examined_count(len(self._whole))

    def tell(self, trial: Trial) -> None:
        """Learn from a trial, if it was trained whole and carries signals."""
        if trial.is_comparable and is_judged(trial, self._objective) and zero_cost([trial]):
            self._whole.append(trial)

    def order(self, trials: Sequence[Trial]) -> list[Trial]:
        """Return the measured trials of one rung, who should go on first first."""
        known = self._objectives.order(trials)
        feasible = [one for one in known if not violation(one)]
        if not feasible:
            return known
        weights = self.weights(feasible[0].proposal.fidelity.epochs)
        said = zero_cost(feasible)
        places = mean_ranks(np.array([self._objective.cost(one) for one in feasible]))
        for name, weight in weights.items():
            if name in said:
                places = places + weight * _places(said[name])
        numbers = np.array([one.number for one in feasible])
        ranked = [feasible[int(place)] for place in np.lexsort((numbers, places))]
        return [*ranked, *known[len(feasible) :]]

    def weights(self, share: float) -> dict[str, float]:
        """Return the say of each signal that is believed, the early value after a share of the epochs having 1."""
        count, found = self._weights.get(share, (-1, {}))
        if count != self.version:
            found = self._learnt(share)
            self._weights[share] = self.version, found
        return found

    def _learnt(self, share: float) -> dict[str, float]:
        latest = self._whole[: self.version][-WINDOW:]
        gains = np.array([-self._objective.cost(one) for one in latest])
        before = {"early": np.array([early(one, self._objective, share) for one in latest])}
        (own,) = gauges(before, gains, self._seed)
        believed = [one for one in gauges(zero_cost(latest), gains, self._seed) if one.is_used]
        if not own.is_used or not believed:
            return {}
        total = sum(one.weight for one in believed)
        say = min(MOST, max(one.weight for one in believed) / own.weight)
        return {one.name: say * one.weight / total for one in believed}


def _places(said: Floats) -> Floats:
    """Return places by a signal, the greatest value first; in the middle where it says nothing."""
    known = np.isfinite(said)
    middle = float(np.median(said[known])) if known.any() else 0.0
    return mean_ranks(-np.where(known, said, middle))
