"""What teams are worth where most of them were trained in part: one order of all, from values of every rung.

Under rungs (``asha``) each team has a value on the lowest rung, fewer on the next, few are trained whole. Values of different rungs
are not compared. Instead all teams are placed by the lowest rung; those that went on are then placed anew among
themselves, by their later values, on the places that they had together; and so on up to the top. So every trial gives
credit, a later value overrules an earlier one, and to be promoted is neither a gain nor a loss.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from coeval.strategy.coevolution_archive import Served
from coeval.strategy.coevolution_species import Team
from coeval.strategy.gauge_columns import early
from coeval.strategy.objectives import Objectives, violation
from coeval.trial import Fidelity, Trial

Floats = npt.NDArray[np.float64]


def places_over_rungs(values: Floats) -> Floats:
    """Return the places of teams, 0 for the best.

    Args:
        values: ``(teams, rungs)`` costs, the whole training last; NaN where a team was not judged. Each has one at least.

    Returns:
        ``(teams,)`` different whole numbers.

    Example:
        >>> nan = float("nan")
        >>> places_over_rungs(np.array([[1.0, nan], [2.0, 0.5], [3.0, 0.4]])).tolist()
        [0.0, 2.0, 1.0]
    """
    known = values.copy()
    for rung in reversed(
        range(values.shape[1] - 1)
    ):  # who never was on a rung stands there as above
        missing = np.isnan(known[:, rung])
        known[missing, rung] = known[missing, rung + 1]
    places = np.empty(len(known))
    places[np.argsort(known[:, 0], kind="stable")] = np.arange(len(known))
    for column in known.T[1:]:
        reached = np.flatnonzero(~np.isnan(column))
        best_first = reached[np.argsort(column[reached], kind="stable")]
        places[best_first] = np.sort(places[reached])
    return places


class RungArchive:
    """Judged teams with their values on every rung; as ``TeamArchive``, for one objective.

    A whole training also says what it had reached on each lower rung.

    Args:
        objectives: One, whose values are compared.
        size: Teams at most; half of the room is for the best, half for the latest.
        shares: Of the epochs, rising, the last 1.

    Raises:
        ValueError: There are several objectives.
    """

    def __init__(self, objectives: Objectives, size: int, shares: Sequence[float]) -> None:
        if len(objectives) > 1:
            raise ValueError(
                f"Rungs compare one objective, got {len(objectives)}. Search without rungs: rungs=(1.0,)."
            )
        self.objectives = objectives
        self.size = size
        self._shares = tuple(shares)
        self._fidelities = [Fidelity(epochs=one) for one in shares]
        self._values: dict[Team, list[float]] = {}
        self._trials: dict[Team, Trial] = {}  # the most thorough, in the order of the latest news

    def __len__(self) -> int:
        return len(self._values)

    def takes(self, trial: Trial) -> bool:
        """Return whether a trial tells something: measured on a rung, on all cases, no repeat."""
        proposal = trial.proposal
        plain = proposal.cases is None and proposal.repeat == 0
        on_a_rung = proposal.fidelity in self._fidelities
        return plain and on_a_rung and self.objectives.is_measured(trial)

    def add(self, trial: Trial, team: Team) -> None:
        """Take in what a trial says; over a quarter above ``size`` the worse of the older teams leave."""
        rung = self._fidelities.index(trial.proposal.fidelity)
        values = self._values.setdefault(team, [math.nan] * len(self._shares))
        values[rung] = self.objectives.costs(trial)[0]
        if rung == len(self._shares) - 1:
            for below in range(rung):
                if math.isnan(values[below]):
                    values[below] = -early(trial, self.objectives.all[0], self._shares[below])
        before = self._trials.pop(team, trial)
        thorough = before.proposal.fidelity.share > trial.proposal.fidelity.share
        self._trials[team] = before if thorough else trial
        if len(self) >= self.size + self.size // 4:
            self._forget()

    def ranked(self) -> list[Served]:
        """Return the teams, best first: feasible ones by their places, then by how much they break limits."""
        found = [Served(trial, team) for team, trial in self._trials.items()]
        if not found:
            return []
        places = places_over_rungs(np.array([self._values[one.team] for one in found]))
        keys = [(violation(one.trial), place) for one, place in zip(found, places, strict=True)]
        return [found[place] for place in sorted(range(len(found)), key=lambda at: keys[at])]

    def learnable(self) -> tuple[list[Served], Floats]:
        """Return whom credit is learnt from, best first, and their places.

        These are the feasible teams; where there is none, all, by how much they break limits.
        """
        ranked = self.ranked()
        feasible = [one for one in ranked if violation(one.trial) == 0]
        if not feasible:
            return ranked, np.array([violation(one.trial) for one in ranked])
        return feasible, np.arange(len(feasible), dtype=np.float64)

    def feasibility(self) -> Floats | None:
        """Return 1 for each feasible team of ``ranked`` and -1 for the others; ``None`` where all are alike."""
        broken = np.array([violation(one.trial) > 0 for one in self.ranked()])
        if broken.all() or not broken.any():
            return None
        return np.where(broken, -1.0, 1.0)

    def _forget(self) -> None:
        best = [one.team for one in self.ranked()[: self.size // 2]]
        kept = {*best, *list(self._trials)[-(self.size // 2) :]}
        self._trials = {team: one for team, one in self._trials.items() if team in kept}
        self._values = {team: self._values[team] for team in self._trials}
