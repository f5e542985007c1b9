"""What the journal says of a run's front at its end: every point with its costs and its score's interval."""

import math
import time
from typing import Any

from coeval.evaluate.beginning import WEIGHTS, artifact_name
from coeval.export.points import Point, intervals
from coeval.run.front import Front
from coeval.run.pool import Pool
from coeval.run.run import Run
from coeval.run.site import Site
from coeval.statistics import Interval
from coeval.store.protocol import Note
from coeval.trial import Trial

MOST_POINTS = 24
"""Points whose intervals are computed; a longer front's others stand without."""


GRACE_SECONDS = 3.0
"""However late it is, so long the intervals may take."""


def front_note(site: Site, run: Run, pool: Pool, end: float) -> Note | None:
    """Return the front as a note; ``None`` where the score alone was optimised.

    Args:
        site: Where the sitting works.
        run: The finished search.
        pool: Predicts with the stored weights.
        end: ``time.monotonic()`` seconds by which the intervals should be there; then the front stands without.
    """
    demands = site.demands
    if not demands.constraints.minimised:
        return None
    objectives = demands.constraints.objectives(site.objective)
    front = Front(objectives)
    for trial in run.trials:
        front.record(trial)
    points = [_point(site, one) for one in front.members[:MOST_POINTS]]
    job = pool.submit(intervals, site.folder.cache, site.artifacts, points)
    try:
        sure = job.result(None if end == math.inf else max(end - time.monotonic(), GRACE_SECONDS))
    except TimeoutError:
        sure = []
    found = [*sure, *[None] * (len(front.members) - len(sure))]
    return Note(
        "front",
        {
            "objectives": [one.name for one in objectives],
            "points": [
                _facts(site, one, range_) for one, range_ in zip(front.members, found, strict=True)
            ],
        },
    )


def _point(site: Site, trial: Trial) -> Point:
    candidate = trial.proposal.candidate
    kept = {} if trial.measurement is None else trial.measurement.artifacts
    names = [artifact_name(WEIGHTS, fold) for fold in range(len(site.task.folds))]
    return Point(
        trial=trial.number,
        architecture=site.space.architecture(candidate),
        preparation=tuple(candidate.settings("preparation").items()),
        weights=tuple(kept.get(name, "") for name in names),
    )


def _facts(site: Site, trial: Trial, sure: Interval | None) -> dict[str, Any]:
    measured = trial.measurement
    assert measured is not None  # it is comparable
    names = ("parameters", "macs", "inference_bytes", "latency_ms")
    return {
        "trial": trial.number,
        "score": measured.values[site.objective.name],
        "low": None if sure is None else sure.low,
        "high": None if sure is None else sure.high,
        "costs": {name: measured.cost[name] for name in names if name in measured.cost},
    }
