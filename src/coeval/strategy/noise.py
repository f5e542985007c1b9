"""How much of a score is only the seed's, told from the repeats in the log.

A repeat is trained from scratch under a seed of its own. It measures the noise and nothing else: it never becomes
the best, a parent or a member of a population (``Trial.is_comparable``, ``Objectives.is_judged``), since whoever
is measured more often would have the better chance of a lucky value. The first measurement of a candidate is
the one that competes, so each has one draw; which of the best are better than luck is decided among the finalists.
"""

import math
from collections.abc import Iterable

from coeval.space.digest import candidate_digest
from coeval.statistics import NoiseFloor
from coeval.statistics import noise_floor as pooled
from coeval.trial import Objective, State, Trial, best

INHERITED = "inherited"
"""In a measurement's data: it began from a parent's weights, so it is no draw from trainings from scratch."""


class Repeated:
    """Follows a log and keeps the noise floor, at the cost of one digest a trial.

    Counted are whole evaluations from scratch; copies from the cache are no second measurement.

    Args:
        objective: Whose value is meant, with the sign a user reads.

    Attributes:
        floor: The standard deviation between trainings of one candidate; ``None`` before one was repeated.
    """

    def __init__(self, objective: Objective) -> None:
        self.floor: NoiseFloor | None = None
        self._objective = objective
        self._groups: dict[str, list[float]] = {}
        self._repeated: set[str] = set()

    def record(self, trial: Trial) -> None:
        """Take a finished trial into account."""
        if not _is_draw(trial, self._objective):
            return
        name = candidate_digest(trial.proposal.candidate)
        self._groups.setdefault(name, []).append(self._objective.cost(trial))
        if trial.proposal.repeat:
            self._repeated.add(name)
        if name in self._repeated:
            self.floor = pooled([self._groups[one] for one in sorted(self._repeated)])


def noise_floor(trials: Iterable[Trial], objective: Objective) -> NoiseFloor | None:
    """Return the standard deviation between trainings of one candidate; ``None`` before one was repeated.

    Args:
        trials: Of one search.
        objective: Whose value is meant.
    """
    found = Repeated(objective)
    for trial in trials:
        found.record(trial)
    return found.floor


def ties(
    trials: Iterable[Trial], objective: Objective, floor: NoiseFloor | None
) -> tuple[Trial, ...]:
    """Return the comparable trials that the noise floor cannot tell from the best, the best first; none without a floor.

    Trials that were answered by another's result are left out: they are the same network.
    """
    known = [one for one in trials if one.is_comparable]
    first = best(known, objective)
    if first is None or floor is None:
        return ()
    least = objective.cost(first)
    found = [one for one in known if floor.ties(objective.cost(one), least) and _is_own(one)]
    found.sort(key=lambda one: (objective.cost(one), one.number))
    return (first, *(one for one in found if one is not first))


def _is_draw(trial: Trial, objective: Objective) -> bool:
    measured, proposal = trial.measurement, trial.proposal
    whole = proposal.fidelity.is_full and proposal.cases is None
    if trial.state is not State.DONE or measured is None or not whole or not _is_own(trial):
        return False
    return not measured.data.get(INHERITED) and math.isfinite(objective.cost(trial))


def _is_own(trial: Trial) -> bool:
    return trial.measurement is not None and trial.measurement.cached_from is None
