"""The final training of a sitting: the finalists in its processes, within its time, whatever dies and whoever interrupts."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Any

from coeval.export.distil import with_student
from coeval.export.ensemble_final import with_ensemble
from coeval.export.final import FinalModel, Resources, make_final
from coeval.export.retrain import Finalist, Retrained
from coeval.export.seeds import with_seeds
from coeval.run.contest import with_default
from coeval.run.interrupt import Interrupt
from coeval.run.pool import Pool
from coeval.run.reserve import ending_seconds, most_walking, walking_seconds
from coeval.run.run import Run
from coeval.run.site import Site
from coeval.run.verified import finalists_within, together_within
from coeval.store.protocol import Note

EARLY_ROUNDS = 5
"""Trainings of each finalist at most where the search left time."""


def train_final(
    site: Site, run: Run, pool: Pool, due: float, ending: float, interrupt: Interrupt
) -> tuple[FinalModel, float]:
    """Return the final model, and until when it may be made.

    An interruption draws that nearer, for the trainings that run too, and no more is begun than a model needs.

    Args:
        site: Where the sitting works.
        run: The finished search.
        pool: Trains.
        due: ``time.monotonic()`` seconds by which the model can be written in time, whoever it may consist of.
        ending: Seconds that this takes.
        interrupt: Of the sitting.

    Raises:
        ExportError: No trial can be made into a model.
        RunError: The journal cannot be written.
    """
    started = time.monotonic()
    interrupt.then(lambda: pool.end_by(interrupt.end - ending))
    within = finalists_within(site, run, due)
    finalists = with_default(site, run, within)
    resources = Resources(
        source=site.folder.cache,
        seed=site.options.seed,
        device=site.options.device,
        deadline=None if due == math.inf else due,
        latest=lambda: interrupt.end - ending,
        workers=site.workers,
        mapped=pool.map,
        together=site.options.ensemble and not site.task.is_image,
        seeded=site.options.ensemble and site.demands.is_plain,
    )
    if run.why == "early":
        resources = replace(resources, rounds=EARLY_ROUNDS)
    final, until = _trained(site, finalists, resources, pool), due
    if site.options.ensemble:
        # From here on nobody who interrupts waits for a training.
        interrupt.then(lambda: pool.end_by(interrupt.at))
        final, until = _together(
            site,
            final,
            finalists,
            resources,
            due + ending,
            lambda: interrupt.at if interrupt.came_after(started) else interrupt.end - ending,
        )
    site.record(
        *(
            Note(
                "finalist",
                {
                    "trial": one.trial,
                    "selection": one.selection if math.isfinite(one.selection) else None,
                    "epochs": one.epochs,
                    "seconds": one.seconds,
                    "failure": one.failure,
                },
            )
            for one in final.finalists
        )
    )
    return final, until


def _trained(
    site: Site, finalists: Sequence[Finalist], resources: Resources, pool: Pool
) -> FinalModel:
    """Return the best finalist alone.

    After a worker died, most likely for want of memory, they are trained one at a time, in what time there is; after another
    death the best is what the search stored.
    """

    def one_by_one(job: Callable[[Any], Retrained], inputs: Sequence[Any]) -> Iterator[Retrained]:
        return (pool.submit(job, one).result() for one in inputs)

    ways = (
        resources,
        replace(resources, mapped=one_by_one, workers=1),
        replace(resources, mapped=map, deadline=time.monotonic()),  # which needs no training
    )
    for way in ways[:-1]:
        with suppress(BrokenExecutor):
            return make_final(finalists, way, site.artifacts)
    return make_final(finalists, ways[-1], site.artifacts)


def _together(
    site: Site,
    final: FinalModel,
    finalists: Sequence[Finalist],
    resources: Resources,
    end: float,
    latest: Callable[[], float],
) -> tuple[FinalModel, float]:
    """Return the final model with the finalists that cannot be told from it, each trained several times, and until when it may be made.

    Whatever is added keeps the user's limits, and the time to write it, which is known better once the members are; ``latest`` says
    by when further trainings end if somebody interrupts.
    """
    most = most_walking(site, finalists)
    until = end if resources.deadline is None else resources.deadline

    def allowed(members: Sequence[Finalist]) -> bool:
        return walking_seconds(site.task, members) <= most and together_within(site, members)

    try:
        final = with_ensemble(final, finalists, resources, allowed, site.artifacts)
        resources = replace(resources, latest=latest)
        if site.demands.constraints.limits and not site.demands.constraints.minimised:
            taught = with_student(final, finalists, resources, site.artifacts)
            if taught is not final:
                return taught, until
        trials = {one.trial for one in final.members} or {final.trial}
        chosen = [one for one in finalists if one.trial in trials]
        until = max(until, end - ending_seconds(site, chosen))
        resources = replace(resources, deadline=None if until == math.inf else until)
        return with_seeds(final, finalists, resources, allowed), until
    except BrokenExecutor:  # a worker died: the best alone is there
        return final, until
