"""How every prediction in this room is scored."""

import math

import numpy as np
import numpy.typing as npt

from coeval.task.metrics import all_metrics
from coeval.task.task import Index, Task


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
