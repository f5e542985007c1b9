"""One trial on its way through training: what is known before its first epoch."""

from dataclasses import dataclass

from coeval.evaluate.beginning import Arrays, Beginning
from coeval.evaluate.inherit import Legacy
from coeval.evaluate.plan import Plan
from coeval.evaluate.slices import Slicer
from coeval.evaluate.watch import NothingLearnt, Watch
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

    def begin_fold(self, fold: int) -> Arrays | None:
        """Start a fold's clock; return the state to go on from, if there is one."""
        self.watch.begin_fold()
        before = self.beginning.states
        return self.slicer.begin(fold) or (before[fold] if before else None)

    def too_early(self, fold: int, epochs: int) -> NothingLearnt | None:
        """Return the answer to a trial that was stopped in a fold, after so many epochs of it, before there was a score; else ``None``."""
        folds = self.plan.folds
        if not self.watch.is_stopped or (epochs and fold == folds - 1):
            return None
        return NothingLearnt(
            f"stopped after {epochs} epochs of fold {fold + 1} of {folds}, too early to score the trial."
        )

    def seconds(self, fold: int) -> float:
        """Return what the chain and killed sittings spent on a fold before."""
        before = self.beginning.seconds[fold] if self.beginning.seconds else 0.0
        return before + self.slicer.seconds(fold)
