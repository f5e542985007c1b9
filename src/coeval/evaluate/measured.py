"""From trained folds to a measurement: scores out of fold, curves, costs, and what is kept for later trials."""

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coeval.errors import RunError
from coeval.evaluate.beginning import PREDICTIONS, STATE, WEIGHTS, artifact_name
from coeval.evaluate.cost import work_facts
from coeval.evaluate.job import Job
from coeval.evaluate.scoring import scores_of_folds
from coeval.trial import Artifacts, Measurement

if TYPE_CHECKING:
    from coeval.evaluate.trainer import Trained

MOST_PREDICTIONS = 2_000_000
"""Numbers predicted for the judged rows that are kept with the weights at most: 8 MB. A choice among trials needs them by row."""


def measured(job: Job, trained: Sequence["Trained"], artifacts: Artifacts | None) -> Measurement:
    """Return the measurement of a trial whose folds are trained.

    ``cost`` is what this trial spent, ``data`` and ``curve`` tell of the whole chain that it continues.

    Args:
        job: The trial.
        trained: Its folds, in order.
        artifacts: Where weights and states go; without it they are dropped.

    Raises:
        ValueError: The metric is undefined on the validation rows.
    """
    task, plan, fitted = job.task, job.plan, [one.fitted for one in trained]
    predictions = [one.predictions for one in trained]
    ends = np.cumsum([len(one) for one in predictions])[:-1]
    parts = list(zip(np.split(task.judged, ends), predictions, strict=True))
    values = scores_of_folds(task, parts)
    if task.metric.name not in values:
        raise ValueError(
            f"{task.metric.name} is undefined on the validation rows: too few of them, or one class only."
        )
    spent = [one.epochs - job.beginning.epochs(fold) for fold, one in enumerate(fitted)]
    kept, lost = _stored(job, trained, artifacts)
    data: dict[str, Any] = {
        "best_epochs": [one.best_epoch for one in fitted],
        "schedule_epochs": fitted[0].schedule_epochs,
        "fold_scores": [one.score for one in fitted],
        "fold_epochs": [one.epochs for one in fitted],
        "fold_seconds": [one.seconds + job.seconds(fold) for fold, one in enumerate(fitted)],
        "spent_epochs": spent,
        "spent_seconds": [one.seconds + job.slicer.seconds(k) for k, one in enumerate(fitted)],
        "train_rows": plan.work.rows,
        "busy": job.watch.busy(),
        "engine": fitted[0].engine,
        "precision": fitted[0].precision,
        "work": work_facts(plan.work),
        **job.beginning.data,
        **lost,
    }
    inherited = [one.inherited for one in trained]
    if inherited[0] is not None:
        data["inherited"] = inherited[0].to_json()
    if trained[0].signals:
        data["signals"] = dict(trained[0].signals)
    if job.watch.is_stopped or job.watch.is_shortened:
        data["stopped_early"] = True
    sliced = sum(job.slicer.seconds(fold) for fold in range(len(fitted)))
    return Measurement(
        values=values,
        curve={task.metric.name: _mean_curve([one.curve[task.metric.name] for one in fitted])},
        cost={
            "seconds": time.monotonic() - job.watch.started + sliced,
            "epochs": float(sum(spent)),
            **_sizes(job),
        },
        data=data,
        artifacts=kept,
    )


def measured_untrained(job: Job, signals: Mapping[str, float]) -> Measurement:
    """Return the measurement of a trial of no epochs: signals and costs, but no score."""
    return Measurement(
        cost={"seconds": time.monotonic() - job.watch.started, "epochs": 0.0, **_sizes(job)},
        data={
            "schedule_epochs": job.plan.recipe.epochs,
            "train_rows": job.plan.work.rows,
            "signals": dict(signals),
        },
    )


def _sizes(job: Job) -> dict[str, float]:
    return {
        "parameters": float(job.plan.work.cost.parameters),
        "macs": float(job.plan.work.cost.macs),
        "memory_bytes": float(job.plan.memory_bytes),
    }


def _stored(
    job: Job, trained: Sequence["Trained"], artifacts: Artifacts | None
) -> tuple[dict[str, str], dict[str, str]]:
    """Store weights, and states below full fidelity, or else predictions; return their digests, or why there is none.

    A full disk must not cost the score.
    """
    if artifacts is None:
        return {}, {}
    kept: dict[str, Mapping[str, np.ndarray]] = {}
    predictions = np.concatenate([one.predictions for one in trained])
    if not job.is_paused and predictions.size <= MOST_PREDICTIONS:
        kept[PREDICTIONS] = {PREDICTIONS: predictions.astype(np.float32)}
    for fold, one in enumerate(trained):
        kept[artifact_name(WEIGHTS, fold)] = one.weights
        if job.is_paused and one.fitted.state is not None:
            kept[artifact_name(STATE, fold)] = one.fitted.state
    try:
        return {name: artifacts.put(arrays) for name, arrays in kept.items()}, {}
    except RunError as error:
        return {}, {"weights_lost": str(error)}


def _mean_curve(curves: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
    """Return the mean over folds after each epoch; a fold that ended earlier counts with its last value."""
    length = max(len(one) for one in curves)
    padded = [one + (one[-1],) * (length - len(one)) for one in curves]
    return tuple(float(value) for value in np.mean(padded, axis=0))
