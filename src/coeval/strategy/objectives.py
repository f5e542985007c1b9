"""Which trial is better, with several objectives and limits: the one rule that all strategies share.

Feasibility rules (Deb 2000, section 3, doi:10.1016/S0045-7825(99)00389-8): a feasible trial is better than an
infeasible one; of two feasible ones the objectives decide; of two infeasible ones the smaller violation. No
penalty mixes the two, so that a limit never teaches that small is good.
"""

import math
from collections.abc import Iterable, Sequence

import numpy as np

from coeval.pareto import crowding, pareto_ranks
from coeval.trial import Objective, State, Trial


class Objectives:
    """The objectives of a search, and the order of trials under them.

    Args:
        objectives: One or more; their names must differ.

    Raises:
        TypeError: One is no ``Objective``.
        ValueError: There is none, or two have one name.
    """

    def __init__(self, objectives: Objective | Sequence[Objective]) -> None:
        self.all = (objectives,) if isinstance(objectives, Objective) else tuple(objectives)
        if not all(isinstance(one, Objective) for one in self.all):
            raise TypeError(
                f"Objectives must be Objective(name, maximise=...), got {objectives!r:.80}. A name alone "
                "does not say whether more is better."
            )
        names = [one.name for one in self.all]
        if not names or len(set(names)) < len(names):
            raise ValueError(
                f"A search needs one or more objectives of different names, got {names}."
            )

    def __len__(self) -> int:
        return len(self.all)

    def costs(self, trial: Trial) -> tuple[float, ...]:
        """Return the trial's costs, to be minimised, one an objective; infinite where it has no value."""
        return tuple([one.cost(trial) for one in self.all])

    def is_measured(self, trial: Trial) -> bool:
        """Return whether the trial can be learnt from: DONE, every objective finite, feasible or not."""
        return trial.state is State.DONE and all(map(math.isfinite, self.costs(trial)))

    def is_judged(self, trial: Trial) -> bool:
        """Return whether the trial may compete: measured at full fidelity on all cases, no repeat."""
        proposal = trial.proposal
        whole = proposal.fidelity.is_full and proposal.cases is None and proposal.repeat == 0
        return whole and self.is_measured(trial)

    def order(self, trials: Iterable[Trial]) -> list[Trial]:
        """Return measured trials, best first; those that are not measured are left out.

        Feasible ones by front, then the lonely before the crowded; then infeasible ones by their
        violation; equals by number. Trials of different fidelities are compared as they stand.
        """
        known = [trial for trial in trials if self.is_measured(trial)]
        if len(self) == 1:
            return sorted(known, key=self.key)
        feasible = [trial for trial in known if violation(trial) == 0]
        others = [trial for trial in known if violation(trial) > 0]
        others.sort(key=self.key)
        return [*self._by_costs(feasible), *others]

    def best(self, trials: Iterable[Trial]) -> Trial | None:
        """Return the first of ``order``, in linear time for one objective; ``None`` if none is measured."""
        if len(self) > 1:
            return next(iter(self.order(trials)), None)
        known = [trial for trial in trials if self.is_measured(trial)]
        return min(known, key=self.key, default=None)

    def key(self, trial: Trial) -> tuple[float, float, int]:
        """Return what ``order`` sorts by under one objective; what is infeasible has no cost to speak of."""
        excess = violation(trial)
        return excess, 0.0 if excess else self.costs(trial)[0], trial.number

    def _by_costs(self, trials: list[Trial]) -> list[Trial]:
        if len(trials) < 2:
            return trials
        costs = np.array([self.costs(trial) for trial in trials])
        ranks = pareto_ranks(costs)
        lonely = np.zeros(len(trials))
        for rank in np.unique(ranks):
            lonely[ranks == rank] = crowding(costs[ranks == rank])
        numbers = np.array([trial.number for trial in trials])
        return [trials[int(index)] for index in np.lexsort((numbers, -lonely, ranks))]


def violation(trial: Trial) -> float:
    """Return by how much the trial exceeds its hard limits, summed; 0 when feasible or not measured."""
    if trial.measurement is None:
        return 0.0
    return sum(excess for excess in trial.measurement.violations.values() if excess > 0)
