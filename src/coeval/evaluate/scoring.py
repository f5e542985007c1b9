"""How every prediction in this room is scored."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from coeval.task.metrics import all_metrics
from coeval.task.task import Index, Task

RANKING = "roc_auc"
"""The metric that looks at the order of rows alone."""


def scores(task: Task, rows: Index, predictions: npt.NDArray[np.float64]) -> dict[str, float]:
    """Return every metric of the problem on some rows, the search's own first; undefined ones are left out.

    Args:
        task: The task that the rows belong to.
        rows: ``(rows,)`` indices.
        predictions: ``(rows, classes)`` probabilities or ``(rows,)`` values in the user's units.
    """
    weights = task.weights_of(rows)
    found = {
        name: float(one.score(task.target.values[rows], predictions, weights))
        for name, one in all_metrics(task).items()
    }
    return {name: value for name, value in found.items() if math.isfinite(value)}


def scores_of_folds(
    task: Task, parts: Sequence[tuple[Index, npt.NDArray[np.float64]]]
) -> dict[str, float]:
    """Return every metric on the rows of several folds together, as ``scores`` does.

    A metric of ranks is the mean of the folds', weighted by their rows, where it is defined: each fold's model has a scale of its own, so that rows of
    two folds cannot be ranked together (Forman & Scholz 2010, *Apples-to-apples in cross-validation studies*, section 3, doi:10.1145/1882471.1882479).

    Args:
        task: The task that the rows belong to.
        parts: Rows and predictions of each fold.
    """
    rows, predictions = (np.concatenate(one) for one in zip(*parts, strict=True))
    found = scores(task, rows, predictions)
    if len(parts) > 1 and RANKING in found:
        score, targets = all_metrics(task)[RANKING].score, task.target.values
        each = np.array([score(targets[own], some, task.weights_of(own)) for own, some in parts])
        defined = np.isfinite(each)
        counts = np.array([len(own) for own, _ in parts])
        if defined.any():
            found[RANKING] = float(np.average(each[defined], weights=counts[defined]))
    return found
