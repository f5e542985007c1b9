"""What a table knows of a search before it starts: the best there is, and what random search can expect to find."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import moocore
import numpy as np
import numpy.typing as npt

from coeval.evaluate.table import Floats, Table
from coeval.space.protocol import Candidate
from coeval.trial import Limit, Objective, Trial

REFERENCE = 1.1
"""Where hypervolume ends, in costs scaled to 0..1: beyond the worst, so that the ends of a front count."""


@dataclass(frozen=True, slots=True)
class Truth:
    """The members of a table under objectives and limits.

    Attributes:
        objectives: What is optimised. With one, regret is how far a value is from the best feasible one; with
            several, which share of the best hypervolume is missing, costs scaled to 0..1 over the feasible.
        costs: ``(rows, objectives)`` to be minimised.
        feasible: ``(rows,)``.
        test: ``(rows,)`` test score, if it belongs to the only objective.
        low: ``(objectives,)`` least cost of a feasible row.
        high: ``(objectives,)`` greatest cost of a feasible row.
        volume: Hypervolume of all feasible rows; 0 with one objective.
        within: The regret that counts as near the best.
    """

    objectives: tuple[Objective, ...]
    costs: Floats
    feasible: npt.NDArray[np.bool_]
    test: Floats | None
    low: Floats
    high: Floats
    volume: float
    within: float

    @property
    def best_test(self) -> float | None:
        """Return the best test score of a feasible member."""
        return None if self.test is None else float(self._tests().max())

    @property
    def worst_test_regret(self) -> float:
        """Return the regret of the feasible member of the worst test score; NaN without test scores."""
        return math.nan if self.test is None else float(np.ptp(self._tests()))

    def _tests(self) -> Floats:
        assert self.test is not None
        return self.test[self.feasible]


class Standing:
    """Where a search stands: the regret of its incumbent, or of its front.

    Before the first feasible trial it stands where the worst feasible member would.

    Args:
        truth: Of the table.
        test: The test score of a candidate as trained in this search.
    """

    def __init__(self, truth: Truth, test: Callable[[Candidate], float]) -> None:
        self._truth, self._test = truth, test
        single = len(truth.objectives) == 1
        worst = float(truth.high[0] - truth.low[0]) if single else 1.0
        self.worst = worst, truth.worst_test_regret
        self._now = self.worst
        self._front: list[list[float]] = []

    def after(self, trial: Trial) -> tuple[float, float]:
        """Take a finished trial; return the regret and the test regret (NaN if there is none)."""
        if not trial.is_comparable:
            return self._now
        costs = np.array([one.cost(trial) for one in self._truth.objectives])
        if not np.isfinite(costs).all():
            return self._now
        if len(costs) > 1:
            self._now = self._missing(costs), math.nan
        elif (regret := float(costs[0] - self._truth.low[0])) < self._now[0] or not self._front:
            self._front = [[regret]]
            self._now = regret, self._tested(trial)
        return self._now

    def _missing(self, costs: Floats) -> float:
        """Return which share of the best hypervolume the front still misses with a further point."""
        point = scaled(self._truth, costs[None])[0]
        if any(all(a <= b for a, b in zip(one, point, strict=True)) for one in self._front):
            return self._now[0]
        self._front.append(point.tolist())
        found = float(
            moocore.hypervolume(np.array(self._front), ref=np.full(len(point), REFERENCE))
        )
        return max(0.0, 1.0 - found / self._truth.volume)

    def _tested(self, trial: Trial) -> float:
        best = self._truth.best_test
        return math.nan if best is None else best - self._test(trial.proposal.candidate)


def truth_of(table: Table, objectives: tuple[Objective, ...], limits: tuple[Limit, ...]) -> Truth:
    """Return the truth of a table.

    Raises:
        SpaceError: The table lacks a value, or no member keeps the limits.
    """
    feasible = table.feasible(limits, objectives)
    costs = np.stack([_costs(one, table.column(one.name)) for one in objectives], axis=1)
    allowed = costs[feasible]
    own = len(objectives) == 1 and objectives[0].name == table.objective.name
    low, high = allowed.min(axis=0), allowed.max(axis=0)
    truth = Truth(objectives, costs, feasible, table.test if own else None, low, high, 0.0, 0.0)
    volume = 0.0 if len(objectives) == 1 else _volume(truth, allowed)
    customary = own and not limits and objectives[0].goal is None
    within = table.within if customary and table.within is not None else _near(truth, allowed)
    return Truth(objectives, costs, feasible, truth.test, low, high, volume, within)


def _near(truth: Truth, allowed: Floats) -> float:
    """Return the regret of a member that one in a thousand reaches; 0.05 of the hypervolume for several objectives."""
    if len(truth.objectives) > 1:
        return 0.05
    ranked = np.sort(allowed[:, 0])
    return float(ranked[math.ceil(len(ranked) / 1000) - 1] - ranked[0])


def _costs(objective: Objective, values: Floats) -> Floats:
    goal = objective.goal
    if goal is not None:
        values = np.minimum(values, goal) if objective.maximise else np.maximum(values, goal)
    return -values if objective.maximise else values


def scaled(truth: Truth, costs: Floats) -> Floats:
    """Return ``(points, objectives)`` costs as shares of the way from the best to the worst feasible one."""
    span = np.where(truth.high > truth.low, truth.high - truth.low, 1.0)
    shares: Floats = (costs - truth.low) / span
    return shares


def _volume(truth: Truth, allowed: Floats) -> float:
    points = np.unique(scaled(truth, allowed), axis=0)
    return float(moocore.hypervolume(points, ref=np.full(points.shape[1], REFERENCE)))
