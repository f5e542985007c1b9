"""What a search hands back."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from coeval.errors import RunError, did_you_mean
from coeval.pareto import nondominated
from coeval.store.queries import Counts, counts
from coeval.trial import Objective, Trial
from coeval.trial import best as best_of


@dataclass(frozen=True, slots=True)
class Run:
    """The outcome of a search.

    Attributes:
        trials: Every trial as it stands, by number; RUNNING ones were interrupted.
        objective: What was optimised, the first of several.
        why: Why the search ended: ``"time"``, ``"trials"``, ``"interrupted"``, ``"stopped"`` (the caller's
            ``stop``), ``"early"`` (more was not worth its time), ``"exhausted"`` (nothing new to ask) or ``"failing"`` (nothing works).
        seconds: Active time over all sittings.
        finish: Makes the final model of this run, if the caller gave one to ``search``.
        further: Objectives beside the first.
    """

    trials: tuple[Trial, ...]
    objective: Objective
    why: str
    seconds: float
    finish: "Callable[[Run], Any] | None" = None
    further: tuple[Objective, ...] = ()

    @property
    def best(self) -> Trial | None:
        """Return the best comparable trial, the earliest of equals; ``None`` if there is none."""
        return best_of(self.trials, self.objective)

    @property
    def front(self) -> tuple[Trial, ...]:
        """Return the trials that no other beats in every objective, best in the first one first.

        With one objective the number of parameters is the second; a trial that records none counts as
        having none fewer than any other.
        """
        second = self.further or (Objective("parameters"),)
        return front(self.trials, [one.cost for one in (self.objective, *second)])

    @property
    def counts(self) -> Counts:
        """Return how many trials stand where."""
        return counts(self.trials)

    @property
    def first_failure(self) -> str:
        """Return what the first trial that failed says, as a sentence that follows another; empty where none did."""
        measured = (one.measurement for one in self.trials)
        failures = (one.failure for one in measured if one is not None)
        found = next((one for one in failures if one is not None), None)
        return "" if found is None else f" The first says: {found.reason}, {found.detail}"

    def model(self) -> Any:
        """Return the finished model of this run.

        Raises:
            RunError: The search was started without a way to finish, or no trial can be finished.
        """
        if self.finish is None:
            raise RunError(
                "This run cannot make a model: its search was given no 'finish'. "
                "Pass search(..., finish=function of the run), or train run.best's candidate yourself."
            )
        if self.best is None:
            raise RunError(self._why_none())
        return self.finish(self)

    def _why_none(self) -> str:
        """Return why no trial is the best."""
        rivals = [trial for trial in self.trials if trial.is_comparable]
        if rivals:
            names = {
                name
                for trial in rivals
                if trial.measurement is not None
                for name in (*trial.measurement.values, *trial.measurement.cost)
            }
            return (
                f"{len(rivals)} trials of this run succeeded, but none has a finite {self.objective.name!r}, so there is "
                f"no model. They measured {sorted(names)}.{did_you_mean(self.objective.name, names)} "
                "Name one of these as the objective, or mend the evaluator."
            )
        return (
            f"No trial of this run succeeded, so there is no model: {self.counts}. "
            "Read the failures in run.trials, or give the search more time."
        )


def front(trials: tuple[Trial, ...], costs: list[Callable[[Trial], float]]) -> tuple[Trial, ...]:
    """Return the comparable trials that no other dominates under ``costs``, all minimised, in order of the first.

    A trial without a finite first cost is left out, and one with a cost of minus infinity, which is no measurement.
    """
    found = [
        trial
        for trial in trials
        if trial.is_comparable
        and math.isfinite(costs[0](trial))
        and all(cost(trial) > -math.inf for cost in costs)
    ]
    table = np.array([[cost(trial) for cost in costs] for trial in found]).reshape(-1, len(costs))
    kept = [trial for trial, keep in zip(found, nondominated(table), strict=True) if keep]
    return tuple(sorted(kept, key=lambda trial: (costs[0](trial), trial.number)))
