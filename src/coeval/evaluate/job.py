"""One trial on its way through training: what is known before its first epoch."""

from dataclasses import dataclass

from coeval.evaluate.beginning import Beginning
from coeval.evaluate.inherit import Legacy
from coeval.evaluate.plan import Plan
from coeval.evaluate.slices import Slicer
from coeval.evaluate.watch import Watch
from coeval.task.task import Task
from coeval.trial import Trial


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A trial that may be trained: it was planned, and neither memory nor time forbid it.

    Attributes:
        trial: The trial, with its kin.
        task: What it is to solve.
        plan: What it asks for.
        beginning: From where it is trained.
        seed: Of all its draws; fold ``k`` draws below ``entropy(seed, k)``.
        watch: Reports its epochs and keeps its time.
        slicer: Keeps its state while it runs.
        legacy: The weights that it may begin with, if any.
    """

    trial: Trial
    task: Task
    plan: Plan
    beginning: Beginning
    seed: int
    watch: Watch
    slicer: Slicer
    legacy: Legacy | None = None

    @property
    def is_paused(self) -> bool:
        """Return whether a later trial may go on from where this one ends."""
        return self.trial.proposal.fidelity.epochs < 1

    def seconds(self, fold: int) -> float:
        """Return what the chain and killed sittings spent on a fold before."""
        before = self.beginning.seconds[fold] if self.beginning.seconds else 0.0
        return before + self.slicer.seconds(fold)
