"""Problems with several objectives whose Pareto front is known, over spaces of whole numbers."""

import math
from dataclasses import dataclass

import moocore
import numpy as np

from coeval.testing.fakes import drive, ladder_space
from coeval.trial import Limit, Measurement, Objective, State

CHOICES = 8
SPACE = ladder_space(settings=5, choices=CHOICES, parts=2)
TWO = (Objective("f1"), Objective("f2"))
THREE = (*TWO, Objective("f3"))


def shares(candidate):
    """Return the candidate's numbers as shares of the greatest."""
    return [value / (CHOICES - 1) for _, part in candidate.parts for _, value in part]


def convex(x):
    """Return the two costs of ZDT1 (Zitzler, Deb & Thiele 2000): the front is f2 = 1 - sqrt(f1), where x[1:] is 0."""
    beside = 1 + 9 * sum(x[1:]) / (len(x) - 1)
    return x[0], beside * (1 - math.sqrt(x[0] / beside))


def sphere(x):
    """Return the three costs of DTLZ2 (Deb et al. 2002): the front is the unit sphere's octant, where x[2:] is 0."""
    radius = 1 + sum(value**2 for value in x[2:])
    first, second = (value * math.pi / 2 for value in x[:2])
    return (
        radius * math.cos(first) * math.cos(second),
        radius * math.cos(first) * math.sin(second),
        radius * math.sin(first),
    )


@dataclass(frozen=True)
class FrontEvaluator:
    """Measures the costs of a problem, and by how much ``f2`` exceeds a limit."""

    problem: object = convex
    limit: Limit | None = None

    def evaluate(self, trials, report):
        for trial in trials:
            costs = self.problem(shares(trial.proposal.candidate))
            values = {f"f{place}": cost for place, cost in enumerate(costs, 1)}
            excess = self.limit.violation(values[self.limit.name]) if self.limit else 0.0
            yield trial.number, Measurement(values, {self.limit.name: excess} if excess else {})

    def bucket(self, proposal):
        return "all"


def search(strategy, evaluator, trials, batch=1):
    """Return the trials that a search finished."""
    log = drive(strategy, evaluator, trials, batch=batch)
    return [one for one in log if one.state is not State.RUNNING]


def hypervolume(trials, objectives, reference):
    """Return the volume that the feasible trials dominate below a reference point."""
    costs = [[one.cost(trial) for one in objectives] for trial in trials if trial.is_comparable]
    inside = np.array([row for row in costs if all(np.array(row) < reference)])
    return (
        float(moocore.hypervolume(inside, ref=[reference] * len(objectives)))
        if len(inside)
        else 0.0
    )
