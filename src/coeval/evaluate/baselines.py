"""Hand-made baselines: what a network has to beat before its search was worth anything.

scikit-learn is imported where a baseline is fitted, so that this file may be imported by the driver,
which answers at once. All functions are plain and take plain values: run them in any worker.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from coeval.evaluate.scoring import scores, scores_of_folds
from coeval.seed import entropy
from coeval.task.memory import TaskSource, load_task
from coeval.task.task import Index, Problem, Task

if TYPE_CHECKING:
    from coeval.evaluate.models import Floats

CONSTANT = "constant"
LINEAR_MODEL = "linear_model"
GRADIENT_BOOSTING = "gradient_boosting"

BASELINES = (CONSTANT, LINEAR_MODEL, GRADIENT_BOOSTING)
"""All baselines, the cheapest first."""


def baselines_for(task: Task) -> tuple[str, ...]:
    """Return the baselines that make sense for a task: trees on pixels are no rival of anything."""
    return (CONSTANT, LINEAR_MODEL) if task.is_image else BASELINES


@dataclass(frozen=True, slots=True)
class BaselineResult:
    """What a baseline reached on validation.

    Attributes:
        name: One of ``BASELINES``.
        label: As printed.
        validation: Score by metric name; empty when it failed.
        seconds: Spent in all.
        detail: What was given up to stay within the time, or why it failed; empty otherwise.
        failed: Whether there is no score.
    """

    name: str
    label: str
    validation: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    detail: str = ""
    failed: bool = False


def label(name: str, problem: Problem) -> str:
    """Return a baseline's name as printed.

    Raises:
        ValueError: There is no such baseline.
    """
    regression = problem is Problem.REGRESSION
    labels = {
        CONSTANT: "mean" if regression else "majority class",
        LINEAR_MODEL: "ridge regression" if regression else "logistic regression",
        GRADIENT_BOOSTING: "gradient boosting",
    }
    if name not in labels:
        raise ValueError(f"A baseline must be one of {list(BASELINES)}, got {name!r}.")
    return labels[name]


def run_baseline(
    name: str, source: TaskSource, *, seed: int, max_seconds: float, threads: int = 1
) -> BaselineResult:
    """Fit a baseline as trials are fitted and score it as trials are scored, out of fold if there are folds.

    Args:
        name: One of ``baselines_for`` the task.
        source: The task, or the folder it was written to.
        seed: Draws are addressed by it.
        max_seconds: About what it may take; rows and iterations are given up to stay near it.
        threads: For scikit-learn.

    Raises:
        ValueError: There is no such baseline.
    """
    task = load_task(source)
    shown = label(name, task.problem)
    started = time.perf_counter()
    share = max_seconds / len(task.folds)
    predictions, rows, details = [], [], []
    try:
        for number, (train, validation) in enumerate(task.folds):
            found, detail = _fit_predict(
                name,
                task,
                train,
                validation,
                seed=entropy(seed, name, number),
                max_seconds=share,
                threads=threads,
            )
            predictions.append(found)
            rows.append(validation)
            details.append(detail)
        validation_scores = scores_of_folds(task, list(zip(rows, predictions, strict=True)))
    except Exception as error:  # noqa: BLE001 - a baseline that fails must not end the search
        spent = time.perf_counter() - started
        return BaselineResult(
            name, shown, {}, spent, f"{type(error).__name__}: {error}", failed=True
        )
    told = next((one for one in details if one), "")
    return BaselineResult(name, shown, validation_scores, time.perf_counter() - started, told)


def baseline_test_predictions(
    name: str, source: TaskSource, *, seed: int, max_seconds: float, threads: int = 1
) -> "Floats":
    """Refit a baseline on everything but the test split and return its predictions there.

    Args:
        name: One of ``baselines_for`` the task.
        source: The task, or the folder it was written to.
        seed: Draws are addressed by it.
        max_seconds: About what it may take.
        threads: For scikit-learn.

    Returns:
        Probabilities ``(test rows, classes)`` or values ``(test rows,)``.

    Raises:
        ValueError: There is no such baseline.
    """
    task = load_task(source)
    label(name, task.problem)
    splits = task.splits
    known = np.concatenate([splits.train, splits.validation, splits.selection])
    found, _ = _fit_predict(
        name,
        task,
        known,
        splits.test,
        seed=entropy(seed, name, "final"),
        max_seconds=max_seconds,
        threads=threads,
    )
    return found


def baseline_once(
    name: str, source: TaskSource, *, seed: int, max_seconds: float, threads: int = 1
) -> tuple[BaselineResult, "Floats | None"]:
    """Fit a baseline on the training rows alone, for its score on validation and its predictions for the test rows.

    Of a large table a second fit, on some more rows, would say about the same and take the search's time.

    Args:
        name: One of ``baselines_for`` the task.
        source: The task, or the folder it was written to; with a single fold.
        seed: Draws are addressed by it.
        max_seconds: About what it may take.
        threads: For scikit-learn.

    Returns:
        The result, and the predictions as of ``baseline_test_predictions``; ``None`` where it failed.

    Raises:
        ValueError: There is no such baseline.
    """
    task = load_task(source)
    shown = label(name, task.problem)
    started = time.perf_counter()
    ((train, validation),) = task.folds
    try:
        found, detail = _fit_predict(
            name,
            task,
            train,
            np.concatenate([validation, task.splits.test]),
            seed=entropy(seed, name, 0),
            max_seconds=max_seconds,
            threads=threads,
        )
        reached = scores(task, validation, found[: len(validation)])
    except Exception as error:  # noqa: BLE001 - a baseline that fails must not end the search
        spent = time.perf_counter() - started
        why = f"{type(error).__name__}: {error}"
        return BaselineResult(name, shown, {}, spent, why, failed=True), None
    spent = time.perf_counter() - started
    return BaselineResult(name, shown, reached, spent, detail), found[len(validation) :]


def _fit_predict(
    name: str,
    task: Task,
    train: Index,
    judged: Index,
    *,
    seed: int,
    max_seconds: float,
    threads: int,
) -> tuple["Floats", str]:
    from coeval.evaluate import models  # noqa: PLC0415 - scikit-learn takes a second to import

    fit_predict = {
        CONSTANT: models.constant,
        LINEAR_MODEL: models.pixel_model if task.is_image else models.linear_model,
        GRADIENT_BOOSTING: models.gradient_boosting,
    }[name]
    with models.quiet(threads):
        return fit_predict(task, train, judged, seed, max_seconds)
