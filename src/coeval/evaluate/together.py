"""Trials that train together in one tensor, and the proposals that may.

Whether a batch pays is told from symbolic facts alone: numbers must not depend on what a clock said. Who cannot be
trained together (an heir, a continued trial of another age, an architecture without a tape) is left to be trained alone.

This file imports no torch: the driver asks for buckets.
"""

import platform
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from coeval.build.tape import tape_of
from coeval.evaluate.afford import check_memory
from coeval.evaluate.cost import TimeModel
from coeval.evaluate.failure import failed
from coeval.evaluate.folds import FoldCache
from coeval.evaluate.job import Job
from coeval.evaluate.measured import measured
from coeval.evaluate.plan import Refusal
from coeval.evaluate.protocol import Report
from coeval.evaluate.watch import Limits, Watch
from coeval.space.digest import candidate_digest
from coeval.space.narrow import narrowed
from coeval.space.protocol import CandidateSpace
from coeval.space.recipe import Recipe
from coeval.train.population_values import has_idle_steps, structure
from coeval.trial import Artifacts, Measurement, Proposal

if TYPE_CHECKING:
    from coeval.evaluate.trainer import Trained

Joint = Literal["auto", "always", "never"]
"""When trials of a batch train in one tensor: ``"auto"`` where that is known to be the faster way."""


BATCH = 16
"""Trials at once: as many launches for sixteen networks as for one, and a strategy still hears of results often."""
NVIDIA = Path("/dev/nvidiactl")


@dataclass(frozen=True, slots=True)
class Together:
    """How trials that share a batch are trained.

    Attributes:
        device: A name for ``train.device.resolve``.
        seed: The run's.
        signals: Whether untrained networks are scored.
        limits: Of one trial.
        artifacts: Where weights and states go.
        folds: Prepared rows.
        times: Learns how long it took.
    """

    device: str
    seed: int
    signals: bool
    limits: Limits
    artifacts: Artifacts | None
    folds: FoldCache
    times: TimeModel


def joins(device: str, joint: Joint) -> bool:
    """Return whether the trials of a batch train in one tensor, by the device alone.

    On a CPU a compiled loop trains one network after the other faster than PyTorch trains them together
    (benchmarks.population); on an accelerator the batch hides what starting an operation costs.
    """
    return joint == "always" or (joint == "auto" and is_accelerator(device))


def is_accelerator(device: str) -> bool:
    """Return whether a name means an accelerator; of ``"auto"`` it is guessed without torch, which the driver lacks."""
    if device != "auto":
        return device != "cpu"
    is_apple = (platform.system(), platform.machine()) == ("Darwin", "arm64")
    return is_apple or NVIDIA.exists()


def batch_for(device: str, joint: Joint = "auto") -> int:
    """Return how many trials a batch holds at most: one where each trains by itself."""
    return BATCH if joins(device, joint) else 1


def bucket_of(
    space: CandidateSpace,
    proposal: Proposal,
    *,
    joins: bool,
    inherits: bool = False,
) -> str:
    """Return a key that proposals share which may train together, and gain by it.

    One structure and preparation, one fidelity, one batch size and optimiser, and each width within a factor of 2 of
    the widest: padding is paid in full.

    Args:
        space: Turns a candidate into its architecture.
        proposal: What is to be trained.
        joins: Whether anything trains together, see ``joins``.
        inherits: Whether a proposal with a parent begins with its weights; heirs train alone.
    """
    candidate, fidelity = proposal.candidate, proposal.fidelity
    spent = (fidelity.epochs, fidelity.rows, fidelity.width)
    tape = None
    if joins and fidelity.epochs > 0 and not (inherits and proposal.parent is not None):
        tape = tape_of(narrowed(space.architecture(candidate), fidelity.width))
    if tape is None or tape.votes:
        return f"alone/{candidate_digest(candidate)}/{spent}/{proposal.repeat}"
    recipe = Recipe.of(candidate.settings("recipe"))
    shared = (
        structure(tape),
        tuple((width - 1).bit_length() for width in tape.widths),
        candidate.part("preparation"),
        (recipe.optimizer, recipe.batch_size, recipe.class_weights),
        spent,
        proposal.continues is None,
    )
    return f"together/{shared!r}"


def split(jobs: Sequence[Job], limits: Limits) -> tuple[list[list[Job]], list[Job]]:
    """Return the groups of jobs that train together, and those that train alone.

    Args:
        jobs: Any.
        limits: A group's memory stays within them; what does not fit at once trains in several groups.
    """
    groups: dict[object, list[Job]] = {}
    alone: list[Job] = []
    for job in jobs:
        plan, recipe = job.plan, job.plan.recipe
        tape = tape_of(plan.architecture)
        is_heir = job.legacy is not None or "inherited" in job.beginning.data
        is_alone = tape is None or tape.votes or is_heir or not plan.epochs
        if tape is None or is_alone or has_idle_steps(plan.architecture.body):
            alone.append(job)
            continue
        alike = (recipe.optimizer, recipe.batch_size, recipe.class_weights)
        shared = (plan.preparation, plan.rows_share, alike)
        groups.setdefault((structure(tape), shared), []).append(job)
    parts = [part for group in groups.values() for part in _fitting(group, limits)]
    alone += [part[0] for part in parts if len(part) == 1]
    return [part for part in parts if len(part) > 1], alone


def _fitting(group: Sequence[Job], limits: Limits) -> Iterator[list[Job]]:
    part: list[Job] = []
    for job in group:
        together = sum(one.plan.memory_bytes for one in (*part, job))
        try:
            check_memory(replace(job.plan, memory_bytes=together), limits)
        except Refusal:
            if part:
                yield part
            part = []
        part.append(job)
    yield part


def measure_together(
    jobs: Sequence[Job], how: Together, report: Report
) -> Iterator[tuple[int, Measurement]]:
    """Train a group of ``split``; yield each trial's number and measurement, at the end: all of them, or an error.

    Each is charged its share of the seconds, and its data name all that trained with it.

    Args:
        jobs: The group.
        how: Device, seed, limits and what is kept.
        report: The driver's ear.
    """
    started = time.monotonic()
    limits = how.limits
    if limits.seconds is not None:  # each may take its time, and all take it at once
        limits = replace(limits, seconds=limits.seconds * len(jobs))
    watched = [
        replace(job, watch=Watch(report, job.trial.number, started, limits, job.plan.folds))
        for job in jobs
    ]
    results = _trained(watched, how)
    done: list[Measurement] = []
    for job, result in zip(watched, results, strict=True):
        try:
            if isinstance(result, Exception):
                raise result
            done.append(measured(job, result, how.artifacts))
        except Exception as error:  # noqa: BLE001 - the contract: a failure is a value
            done.append(failed(error, started))
    own = [
        0.0 if isinstance(one, Exception) else sum(fold.fitted.seconds for fold in one)
        for one in results
    ]
    rest = max(time.monotonic() - started - sum(own), 0.0) / len(jobs)
    numbers = [job.trial.number for job in jobs]
    for job, measurement, seconds in zip(watched, done, own, strict=True):
        before = sum(job.slicer.seconds(fold) for fold in range(job.plan.folds))
        cost = {**measurement.cost, "seconds": seconds + rest + before}
        data = {**measurement.data, "batch": numbers}
        yield job.trial.number, replace(measurement, cost=cost, data=data)


def _trained(jobs: Sequence[Job], how: Together) -> list["list[Trained] | Exception"]:
    """Return each job's trained folds, or what went wrong."""
    found: list[list[Trained] | Exception] = [[] for _ in jobs]
    for fold in range(jobs[0].plan.folds):
        left = [number for number, one in enumerate(found) if isinstance(one, list)]
        trained = _train_fold([jobs[number] for number in left], fold, how)
        for number, result in zip(left, trained, strict=True):
            known = found[number]
            if isinstance(result, Exception) or isinstance(known, Exception):
                found[number] = result if isinstance(result, Exception) else known
            else:
                known.append(result)
    return found


def _train_fold(jobs: Sequence[Job], fold: int, how: Together) -> list["Trained | Exception"]:
    from coeval.evaluate.together_trainer import train_fold_together  # noqa: PLC0415 - loads torch

    plan, last = jobs[0].plan, jobs[0].plan.folds - 1
    rows = how.folds.get(jobs[0].task, plan.preparation, fold, share=plan.rows_share, seed=how.seed)
    starts = [job.begin_fold(fold) for job in jobs]
    # A killed sitting may have left states of different epochs: those of one age train together.
    ages = [0 if one is None else int(one["epochs"]) for one in starts]
    found: dict[int, Trained | Exception] = {}
    for age in sorted(set(ages)):
        chosen = [number for number, one in enumerate(ages) if one == age]
        trained = train_fold_together(
            [jobs[number] for number in chosen],
            rows,
            fold,
            starts=[one for number in chosen if (one := starts[number]) is not None],
            device=how.device,
            signals=how.signals and fold == 0,
        )
        found |= dict(zip(chosen, trained, strict=True))
    for number, job in enumerate(jobs):
        result = found[number]
        if isinstance(result, Exception):
            continue
        fitted = result.fitted
        if (answer := job.too_early(fold, fitted.epochs)) is not None:
            found[number] = answer
            continue
        if fold < last:
            job.slicer.end(fold, fitted.state, among=len(jobs))
        how.times.observe(job.plan.work, fitted.epochs - ages[number], fitted.seconds)
    return [found[number] for number in range(len(jobs))]
