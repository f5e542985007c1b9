"""One strategy for all rungs, told each candidate at the highest rung it reached: by rung, then by value.

The alternative to ``ModelPerRung`` for strategies that only rank, such as evolution: parents come from everyone who
was measured, those on higher rungs first. Values of different rungs are never compared: what was measured below full
fidelity is told with a violation, its distance to the top and, within a rung, its place among the values. So by the
feasibility rules (Deb 2000, section 3, doi:10.1016/S0045-7825(99)00389-8) it loses against everything measured higher.
A strategy that models values would take those for limits; give it ``ModelPerRung``.
"""

import math
from dataclasses import replace

from coeval.strategy.fidelity_models import checked
from coeval.strategy.objectives import Objectives, violation
from coeval.strategy.protocol import Strategy
from coeval.trial import Failure, Measurement, Proposal, Reason, State, Trial, finish

RUNG = "rung"
"""Name of the violation that stands for a low rung."""


class HighestRung:
    """The inner strategy, once; a promoted candidate is told again, under a new number.

    Args:
        inner: A fresh strategy, told nothing yet.
        objectives: What a value is.
        rungs: How many.
        enough: Not used: every value is learnt from at once.
    """

    def __init__(self, inner: Strategy, objectives: Objectives, rungs: int, enough: int) -> None:
        del enough
        self._inner, self._objectives, self._top = inner, objectives, rungs - 1
        self._running: dict[int, Trial] = {}
        self._told = 0

    def ask(self, count: int) -> list[Proposal]:
        """Return the inner strategy's proposals."""
        return [checked(proposal) for proposal in self._inner.ask(count)]

    def start(self, proposal: Proposal) -> int:
        """Tell that a proposal of the inner strategy, or a trial of another, runs; return its number."""
        trial = Trial(self._told, proposal)
        self._told += 1
        self._running[trial.number] = trial
        self._inner.tell(trial)
        return trial.number

    def waits(self, number: int, rung: int) -> bool:
        """Return whether a value of the number is still expected: the first one closes it."""
        del rung
        return number in self._running

    def measure(self, number: int, rung: int, measurement: Measurement) -> None:
        """Tell what was measured on a rung."""
        trial = finish(self._running.pop(number), measurement)
        if trial.state is State.DONE:
            trial = finish(trial, replace(measurement, violations=self._distance(trial, rung)))
        self._inner.tell(trial)

    def give_up(self, number: int, rungs: range) -> None:
        """Note that the number will have no value on some rungs; nothing to tell while others may come."""
        if number in self._running and len(rungs) == self._top + 1:
            failure = Failure(Reason.REFUSED, "not evaluated")
            self._inner.tell(finish(self._running.pop(number), Measurement(failure=failure)))

    def _distance(self, trial: Trial, rung: int) -> dict[str, float]:
        """Return the trial's violations: what breaks a limit loses against all that does not, on any rung."""
        known = trial.measurement.violations if trial.measurement is not None else {}
        excess = violation(trial)
        if excess:
            return {**known, RUNG: self._top + 1.0}
        if rung == self._top:
            return dict(known)
        places = [0.5 + math.atan(cost) / math.pi for cost in self._objectives.costs(trial)]
        return {**known, RUNG: self._top - rung + sum(places) / len(places)}
