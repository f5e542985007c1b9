"""What the best validation score of a search is worth when the luck of being the best is taken away.

The best of many uncertain scores is too good: part of what put it first is chance. Bootstrap bias correction takes that part away without
any training (Tsamardinos, Greasidou & Borboudakis 2018, doi:10.1007/s10994-018-5714-4, section 4, algorithm 3): rows are drawn with
replacement, and the trial that is best on them is scored on the rows that were not drawn. Here the search's best is scored on these too, and the
mean difference is its luck: where a few rows decide a score, that on fewer rows is another one for everybody.
Each fold's network was taken at the epoch that was best for it, which is another luck and stays.
"""

import math
import time
from collections.abc import Iterable, Sequence

import numpy as np

from coeval.export.ensemble_choice import thinned
from coeval.export.finalists import ranked_trials
from coeval.export.held_out import searched
from coeval.export.judged import Floats, Judged
from coeval.seed import generator
from coeval.task.task import Task
from coeval.trial import Artifacts, Objective, Trial

DRAWS = 100
TRIALS = 40
"""The best by validation are looked at: others would win on hardly any draw."""


def luck(
    predictions: Sequence[Floats], judged: Judged, seed: int, until: float = math.inf
) -> float:
    """Return by how much the score of a search's best trial is luck: to be taken away from it.

    Args:
        predictions: Of several trials, the best first, on rows that their networks had not learnt from: ``(rows, classes)`` or ``(rows,)``.
        judged: The rows.
        seed: Of the draws.
        until: ``time.monotonic()`` seconds at which the draws so far are enough.

    Returns:
        With the sign of the metric, so that it is negative where less is better; NaN where no draw has a score.
    """
    rng, rows = generator(seed, "luck"), len(judged.targets)
    found: list[float] = []
    for _ in range(DRAWS):
        if time.monotonic() >= until:
            break
        drawn = rng.integers(rows, size=rows)
        others = np.setdiff1d(np.arange(rows), drawn)
        if not len(others):
            continue
        inside, outside = judged.take(drawn), judged.take(others)
        costs = [inside.cost(one[drawn]) for one in predictions]
        chosen = predictions[int(np.argmin(costs))]
        gap = outside.score(predictions[0][others]) - outside.score(chosen[others])
        if math.isfinite(gap):
            found.append(gap)
    return float(np.mean(found)) if found else math.nan


def corrected_validation(
    task: Task,
    trials: Iterable[Trial],
    objective: Objective,
    artifacts: Artifacts,
    *,
    seed: int = 0,
    seconds: float = 1.0,
) -> float | None:
    """Return the validation score of a search's best trial less its luck; ``None`` where too little is kept of what trials predicted.

    Args:
        task: What was searched.
        trials: All of the search.
        objective: What ranks them.
        artifacts: Holds what they predicted.
        seed: Of the draws.
        seconds: That it may take.
    """
    until = time.monotonic() + seconds
    rows = task.judged
    ranked = ranked_trials(trials, objective)[:TRIALS]
    kept = thinned(len(rows), seed)
    found = [searched(_digest(one), task, artifacts) for one in ranked]
    predictions = [one[kept] for one in found if one is not None]
    if not found or found[0] is None or len(predictions) < 2:
        return None
    told = -objective.cost(ranked[0]) if objective.maximise else objective.cost(ranked[0])
    score = told - luck(predictions, Judged.of(task, rows[kept]), seed, until)
    return score if math.isfinite(score) else None


def _digest(trial: Trial) -> str:
    return "" if trial.measurement is None else trial.measurement.artifacts.get("predictions", "")
