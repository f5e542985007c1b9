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


def noise_floor(trials: Iterable[Trial], objective: Objective) -> NoiseFloor | None:
    """Return the standard deviation between trainings of one candidate; ``None`` before one was repeated.

    Counted are whole evaluations from scratch; copies from the cache are no second measurement.

    Args:
        trials: Of one search.
        objective: Whose value is meant, with the sign a user reads.
    """
    groups: dict[str, list[float]] = {}
    repeated: set[str] = set()
    for trial in trials:
        proposal = trial.proposal
        if _is_draw(trial, objective):
            name = candidate_digest(proposal.candidate)
            groups.setdefault(name, []).append(objective.cost(trial))
            if proposal.repeat:
                repeated.add(name)
    return pooled([groups[name] for name in sorted(repeated)])


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
