"""Trains several candidates on one fold in one tensor: the torch part of ``evaluate.together``, imported by workers only."""

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np

from coeval.build.network import Network
from coeval.build.weights import arrays
from coeval.evaluate.folds import Fold
from coeval.evaluate.job import Job
from coeval.evaluate.trainer import Trained, untrained
from coeval.evaluate.zero_cost import signals_of
from coeval.seed import entropy
from coeval.train.population import train_population
from coeval.train.population_engine import Member
from coeval.train.predict import predict


def train_fold_together(
    jobs: Sequence[Job],
    rows: Fold,
    fold: int,
    *,
    starts: Sequence[Mapping[str, np.ndarray]],
    device: str,
    signals: bool,
) -> list[Trained | Exception]:
    """Train each job's network on a fold, and predict the judged rows; return what came of each, or what went wrong.

    Args:
        jobs: One group of ``together.split``.
        rows: The prepared rows of all of them.
        fold: Its number.
        starts: Each job's state to go on from, of one age; none for a training from scratch.
        device: A name for ``train.device.resolve``.
        signals: Whether untrained networks are scored.
    """
    task = jobs[0].task
    seeds = [entropy(job.seed, fold) for job in jobs]
    made = [
        untrained(task, job.plan.architecture, rows, seed=seed)
        for job, seed in zip(jobs, seeds, strict=True)
    ]
    scored = [
        signals_of(network, data, seed) if signals and not starts else {}
        for (network, data), seed in zip(made, seeds, strict=True)
    ]
    members = [
        # Only networks over rows have a tape, and so a group.
        Member(cast(Network, network), job.plan.recipe, seed, job.plan.recipe.epochs)
        for (network, _), job, seed in zip(made, jobs, seeds, strict=True)
    ]
    is_kept = jobs[0].slicer.is_on

    def keep(number: int, state: Mapping[str, np.ndarray]) -> None:
        jobs[number].slicer.keep(fold, state, among=len(jobs))

    last = jobs[0].plan.folds - 1
    fitted = train_population(
        members,
        made[0][1],
        metric=task.metric,
        device=device,
        stop_after=[job.plan.epochs for job in jobs],
        on_epoch=lambda number, epoch, values: jobs[number].watch.epoch(epoch, values),
        # A list: every watch is asked, so that each knows that it was stopped.
        should_stop=lambda: all([job.watch.should_stop() for job in jobs]),  # noqa: C419
        on_slice=keep if is_kept else None,
        start=starts or None,
        keep_state=any(job.is_paused for job in jobs) or (is_kept and fold < last),
    )
    found: list[Trained | Exception] = []
    for member, one, said in zip(members, fitted, scored, strict=True):
        if isinstance(one, Exception):
            found.append(one)
            continue
        predictions = predict(member.network, rows.judged, task.problem, one.scale)
        found.append(Trained(one, predictions, arrays(member.network), said))
    return found
