"""What the driver knows of the time and memory that trainings take: learnt from the finished trials of all its workers."""

import time
from dataclasses import replace

from coeval.architecture.component import Cost
from coeval.component.solved import ENGINES
from coeval.evaluate.afford import check_memory, check_time
from coeval.evaluate.cost import MemoryModel, TimeModel, Work
from coeval.evaluate.plan import make_plan
from coeval.evaluate.watch import Limits
from coeval.space.protocol import CandidateSpace
from coeval.task.task import Task
from coeval.trial import Measurement, Trial

_HORIZON = 4.0
"""Only what is handed out so many longest trials before the deadline, or later, may not fit any more."""
_LEAST_HORIZON = 5.0


class Forecast:
    """Says whether a trial can still be trained; kept by the driver, fed with every measurement of the run.

    Args:
        task: What is trained on.
        space: Turns a candidate into its architecture.
        memory_bytes: Most that one training may need; ``None`` leaves that to the workers.
    """

    def __init__(
        self, task: Task, space: CandidateSpace, *, memory_bytes: int | None = None
    ) -> None:
        self.times = TimeModel()
        self.memory = MemoryModel()
        self._limits = Limits(memory_bytes=memory_bytes)
        self._task = task
        self._space = space
        self._longest = 0.0

    def observe(self, measurement: Measurement) -> None:
        """Learn from a finished trial, of this sitting or an earlier one; copies and failures teach nothing."""
        found = work_of(measurement)
        if found is None or measurement.cached_from is not None:
            return
        self._longest = max(self._longest, measurement.cost.get("seconds", 0.0))
        data = measurement.data
        self.memory.observe(measurement.cost["memory_bytes"], data.get("memory_growth", 0))
        for epochs, seconds in zip(data["spent_epochs"], data["spent_seconds"], strict=True):
            if epochs:
                self.times.observe(found, epochs, seconds)

    def check(self, trial: Trial, deadline: float | None) -> None:
        """Check that a trial can be trained, for as long as it takes to learn anything, within the memory there is.

        Args:
            trial: With its kin.
            deadline: ``time.monotonic()`` seconds.

        Raises:
            Refusal: It almost surely cannot.
        """
        is_tight = self._limits.memory_bytes is not None and self.memory.factor > 1
        if not is_tight and not self._is_late(deadline):
            return
        plan = make_plan(self._task, self._space, trial.proposal)
        if is_tight:
            needed = int(self.memory.predict(plan.memory_bytes))
            check_memory(replace(plan, memory_bytes=needed), self._limits)
        if plan.epochs and deadline is not None:
            check_time(plan, Limits(deadline=deadline), self.times, trained=_trained(trial))

    def _is_late(self, deadline: float | None) -> bool:
        horizon = max(_HORIZON * self._longest, _LEAST_HORIZON)
        return deadline is not None and deadline - time.monotonic() <= horizon


def work_of(measurement: Measurement) -> Work | None:
    """Return what a measured trial's epochs consisted of; ``None`` where that was not recorded, or they were none."""
    facts = measurement.data.get("work")
    if measurement.failure is not None or facts is None or measurement.data["engine"] in ENGINES:
        return None
    cost = measurement.cost
    return Work(
        Cost(int(cost["parameters"]), int(cost["macs"]), int(facts["activations"])),
        layers=facts["layers"],
        rows=int(measurement.data["train_rows"]),
        judged=facts["judged"],
        batch_size=facts["batch_size"],
        columns=facts["columns"],
    )


def _trained(trial: Trial) -> int:
    """Return the epochs that the trial goes on from, as far as its kin says."""
    continues = trial.proposal.continues
    before = None if continues is None else trial.kin.get(continues)
    if before is None or before.measurement is None:
        return 0
    return min(before.measurement.data.get("fold_epochs", [0]), default=0)
