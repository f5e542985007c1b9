"""The evaluator that trains: prepare, build, train with early stopping, score out of fold.

This file imports no torch: the driver makes the evaluator and sends it to workers, and only a worker
that evaluates needs one. What goes wrong becomes a failed measurement with a reason, never an exception.
"""

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from coeval.component.solved import ENGINES
from coeval.evaluate.afford import check_memory, check_time
from coeval.evaluate.beginning import beginning_of
from coeval.evaluate.cost import TimeModel
from coeval.evaluate.failure import failed
from coeval.evaluate.folds import FoldCache
from coeval.evaluate.inherit import Inherit, checked, legacy_of
from coeval.evaluate.job import Job
from coeval.evaluate.measured import measured, measured_untrained
from coeval.evaluate.plan import make_plan
from coeval.evaluate.protocol import Report
from coeval.evaluate.slices import Slicer, Slices, identity_of
from coeval.evaluate.together import Joint, Together, bucket_of, joins, measure_together, split
from coeval.evaluate.watch import NO_LIMITS, Limits, NothingLearnt, Watch
from coeval.seed import entropy
from coeval.space.protocol import CandidateSpace
from coeval.task.memory import TaskSource, load_task
from coeval.trial import Artifacts, Measurement, Proposal, Trial

if TYPE_CHECKING:
    from coeval.evaluate.trainer import Trained


class TrainingEvaluator:
    """Trains each candidate and measures it on validation.

    A trial that ``continues`` another goes on from that one's checkpoint; in what it measures it equals, bit for
    bit, one that was trained in one go below the first one's seed.

    Args:
        source: The task, or the folder that ``task.memory`` wrote it to (for workers).
        space: Turns a candidate into its architecture.
        seed: The run's; each trial's draws are addressed by its number below it.
        device: A name for ``train.device.resolve``.
        threads: That one operation may use.
        artifacts: Where weights and checkpoints go; without it they are dropped.
        slices: Where the state of a running trial goes; without it a killed trial begins anew.
        inherit: Which children start with their parent's weights: ``"none"``, ``"exact"`` (those that then
            compute the parent's function) or ``"any"``.
        signals: Whether each trial's untrained network is scored (``evaluate.zero_cost``), for ``data["signals"]``.
        joint: Whether the trials of a batch train in one tensor: ``"always"``, ``"never"``, or ``"auto"``, where
            that is the faster way.
        engine: What trains one network, as ``train.fit.fit`` takes it: ``"auto"``, ``"eager"`` or ``"compiled"``.
        limits: When a trial is refused or stopped.
    """

    def __init__(
        self,
        source: TaskSource,
        space: CandidateSpace,
        *,
        seed: int = 0,
        device: str = "cpu",
        threads: int = 1,
        artifacts: Artifacts | None = None,
        slices: Slices | None = None,
        inherit: Inherit = "none",
        signals: bool = True,
        joint: Joint = "auto",
        engine: str = "auto",
        limits: Limits = NO_LIMITS,
    ) -> None:
        self.source = source
        self.space = space
        self.seed = seed
        self.device = device
        self.threads = threads
        self.artifacts = artifacts
        self.slices = slices
        self.inherit = checked(inherit)
        self.signals = signals
        self.joint: Joint = joint
        self.engine = engine
        self.limits = limits
        self._folds = FoldCache(limits.cache_bytes)
        self._times = TimeModel()

    def bucket(self, proposal: Proposal) -> str:
        """Return a key that proposals share which train together, in one tensor; others have keys of their own."""
        inherits = self.inherit != "none"
        joint = joins(self.device, self.joint)
        return bucket_of(self.space, proposal, joins=joint, inherits=inherits)

    def evaluate(
        self, trials: Sequence[Trial], report: Report
    ) -> Iterator[tuple[int, Measurement]]:
        """Yield each trial's number and measurement as it finishes."""
        if len(trials) > 1 and joins(self.device, self.joint):
            trials = yield from self._measure_together(trials, report)
        for trial in trials:
            yield trial.number, self._measure(trial, report)

    def _measure_together(
        self, trials: Sequence[Trial], report: Report
    ) -> Generator[tuple[int, Measurement], None, list[Trial]]:
        """Measure those that train in one tensor; return the others."""
        from coeval.train.device import resolve  # noqa: PLC0415 - loads torch

        if self.joint == "auto" and resolve(self.device).type == "cpu":
            return list(trials)  # the accelerator that was guessed is none of torch's
        jobs: list[Job] = []
        for trial in trials:
            started = time.monotonic()
            try:
                jobs.append(self._job(trial, report, started))
            except Exception as error:  # noqa: BLE001 - the contract: a failure is a value
                yield trial.number, failed(error, started)
        groups, alone = split(jobs, self.limits)
        for group in groups:
            how = Together(
                self.device,
                self.seed,
                self.signals,
                self.limits,
                self.artifacts,
                self._folds,
                self._times,
            )
            try:
                yield from measure_together(group, how, report)
            except Exception:  # noqa: BLE001 - what fails in company, of lack of memory say, may succeed alone
                alone += group
        return [job.trial for job in alone]

    def _measure(self, trial: Trial, report: Report) -> Measurement:
        started = time.monotonic()
        try:
            job = self._job(trial, report, started)
            if not job.plan.epochs:
                return measured_untrained(job, self._signals(job))
            trained = [self._train_fold(job, fold) for fold in range(job.plan.folds)]
            return measured(job, trained, self.artifacts)
        except Exception as error:  # noqa: BLE001 - the contract: a failure is a value
            return failed(error, started)

    def _job(self, trial: Trial, report: Report, started: float) -> Job:
        """Return the trial with all that is decided before its first epoch.

        Raises:
            Refusal: It cannot be trained here, or there is no memory or no time for it.
            NothingLearnt: It is told to stop before it began.
        """
        from coeval.train.device import configure  # noqa: PLC0415 - loads torch

        if not report(trial.number, 0, {}):
            raise NothingLearnt("told to stop before training began.")
        configure(self.threads)
        task = load_task(self.source)
        proposal = trial.proposal
        plan = make_plan(task, self.space, proposal)
        beginning = beginning_of(trial, plan, self.artifacts)
        legacy, why = legacy_of(trial, plan, self.space, self.artifacts, self.inherit)
        if why:
            beginning = replace(beginning, data={**beginning.data, **why})
        check_memory(plan, self.limits)
        check_time(plan, self.limits, self._times, trained=beginning.epochs(0))
        identity = identity_of(
            proposal,
            seed=self.seed,
            number=trial.number,
            root=beginning.root,
            task=task.fingerprint,
        )
        return Job(
            trial=trial,
            task=task,
            plan=plan,
            beginning=beginning,
            seed=entropy(self.seed, "trial", beginning.root),
            watch=Watch(report, trial.number, started, self.limits, plan.folds),
            slicer=Slicer(self.slices, trial.number, identity),
            legacy=legacy,
        )

    def _signals(self, job: Job) -> dict[str, float]:
        from coeval.evaluate.trainer import score_untrained  # noqa: PLC0415 - loads torch

        plan = job.plan
        rows = self._folds.get(job.task, plan.preparation, 0, share=plan.rows_share, seed=self.seed)
        return score_untrained(job.task, plan.architecture, rows, seed=entropy(job.seed, 0))

    def _train_fold(self, job: Job, fold: int) -> "Trained":
        from coeval.evaluate.trainer import train_fold  # noqa: PLC0415 - loads torch

        plan, beginning, watch, last = job.plan, job.beginning, job.watch, job.plan.folds - 1
        before = time.monotonic()
        start = job.begin_fold(fold)
        rows = self._folds.get(
            job.task, plan.preparation, fold, share=plan.rows_share, seed=self.seed
        )
        trained = train_fold(
            job.task,
            plan.architecture,
            plan.recipe,
            rows,
            epochs=plan.epochs,
            seed=entropy(job.seed, fold),
            device=self.device,
            on_epoch=watch.epoch,
            should_stop=watch.should_stop,
            on_slice=partial(job.slicer.keep, fold) if job.slicer.is_on else None,
            legacy=job.legacy,
            number=fold,
            is_heir="inherited" in beginning.data,
            start=start,
            keep_state=job.is_paused or (job.slicer.is_on and fold < last),
            signals=self.signals and fold == 0 and not beginning.states,
            engine=self.engine,
        )
        fitted = trained.fitted
        # A trial that its own limits cut inside its first epoch still has a score: on a table so large
        # it may be the only model there will be.
        if (answer := job.too_early(fold, fitted.epochs)) is not None:
            raise answer
        if fold < last:
            job.slicer.end(fold, fitted.state)
        done = 0 if start is None else int(start["epochs"])
        if fitted.engine not in ENGINES:  # their rounds have nothing to do with epochs
            self._times.observe(plan.work, fitted.epochs - done, time.monotonic() - before)
        return trained
