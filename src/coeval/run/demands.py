"""A sitting's constraints at work: the limited space, candidates' costs, and who measures latency."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from coeval.run.constraints import LATENCY, Constraints, Costs, limited
from coeval.run.latency import CandidateLatency, calibrating
from coeval.run.pool import Here, Jobs, Pool
from coeval.space.protocol import CandidateSpace
from coeval.store.protocol import Note
from coeval.task.memory import TaskSource, load_task
from coeval.task.task import Task

CALIBRATION_SHARE = 0.1
"""Share of the budget that measuring whole models may take, at about a second each with their pieces."""

MEASURING_SECONDS = 3.0
"""Of the end, for the latency of finalists; about half a second each."""
SCORING_SECONDS = 3.0
"""Of the end, for the intervals of the front's points."""


@dataclass(frozen=True, slots=True)
class Demands:
    """What a sitting knows of its constraints.

    Attributes:
        constraints: What the user demands.
        space: Its members that keep the limits: what strategies draw from.
        costs: Of candidates.
        latency: Predicts and measures milliseconds; ``None`` where nobody asks for them.
        notes: What the journal should say of the prediction.
        pool: Where latency is measured; ``None`` without.
    """

    constraints: Constraints
    space: CandidateSpace
    costs: Costs
    latency: CandidateLatency | None = None
    notes: tuple[Note, ...] = ()
    pool: Jobs | None = None

    @property
    def is_plain(self) -> bool:
        """Return whether nothing is demanded."""
        return not self.constraints.limits and not self.constraints.minimised

    @property
    def closing_seconds(self) -> float:
        """Return what the end of a run takes more: finalists are measured, the front's points are scored again."""
        measured = MEASURING_SECONDS if self.latency is not None else 0.0
        return measured + (SCORING_SECONDS if self.constraints.minimised else 0.0)

    def __enter__(self) -> "Demands":
        """Begin a sitting."""
        return self

    def __exit__(self, *raised: object) -> None:
        """Keep what was measured, and end the process that measures."""
        if self.latency is not None:
            self.latency.keep()
        if self.pool is not None:
            self.pool.close()

    def facts(self) -> dict[str, Any]:
        """Return the limits and objectives as plain JSON values, for the capsule."""
        limits: Mapping[str, float] = {one.name: one.most for one in self.constraints.limits}
        return {"limits": limits, "minimised": list(self.constraints.minimised)}


def demands_of(
    constraints: Constraints,
    space: CandidateSpace,
    source: TaskSource,
    seed: int = 0,
    seconds: float | None = None,
) -> Demands:
    """Return a sitting's constraints at work; with a limit on latency, or latency to be minimised, whole models are measured.

    Args:
        constraints: What the user demands.
        space: The task's.
        source: The folder in which the task is kept, or the task: then all is measured in this process, and nothing kept.
        seed: Of the candidates that the prediction is calibrated on.
        seconds: The run's budget.

    Raises:
        BudgetError: No member of the space keeps the limits.
        ExportError: Latency cannot be measured.
    """
    costs = Costs(space, constraints)
    if not constraints.needs_latency:
        return Demands(constraints, limited(space, costs), costs)
    symbolic = tuple(one for one in constraints.limits if one.name != LATENCY)
    bounded = limited(space, Costs(space, replace(constraints, limits=symbolic)))
    pool: Jobs = Here() if isinstance(source, Task) else Pool(1)
    try:
        latency = CandidateLatency(space, source, pool)
        notes: tuple[Note, ...] = ()
        if not latency.is_calibrated:
            most = math.inf if seconds is None else CALIBRATION_SHARE * seconds
            notes = (latency.calibrate(calibrating(bounded, seed), most),)
        measured = latency.whole if load_task(source).is_image else None
        costs = Costs(space, constraints, latency, measured)
        return Demands(constraints, limited(space, costs), costs, latency, notes, pool)
    except BaseException:
        pool.close()
        raise
