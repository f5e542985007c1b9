"""Where a worker gets its task from, and how every prediction in this room is scored."""

import math
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from coeval.task import memory
from coeval.task.metrics import metrics_for
from coeval.task.task import Index, Task

TaskSource = Task | Path
"""A task, or the folder that ``task.memory`` wrote it to: a path travels to workers, arrays do not."""


def load_task(source: TaskSource) -> Task:
    """Return the task, mapped from its folder once in each process.

    Raises:
        RunError: The folder is missing or damaged.
    """
    return source if isinstance(source, Task) else _mapped(source)


@lru_cache(maxsize=2)
def _mapped(folder: Path) -> Task:
    return memory.load(folder)


def scores(task: Task, rows: Index, predictions: npt.NDArray[np.float64]) -> dict[str, float]:
    """Return every metric of the problem on some rows, the search's own first; undefined ones are left out.

    Args:
        task: The task that the rows belong to.
        rows: ``(rows,)`` indices.
        predictions: ``(rows, classes)`` probabilities or ``(rows,)`` values in the user's units.
    """
    weights = None if task.weights is None else task.weights[rows]
    metrics = {task.metric.name: task.metric}
    metrics.update({one.name: one for one in metrics_for(task.problem) if one.name not in metrics})
    found = {
        name: float(one.score(task.target.values[rows], predictions, weights))
        for name, one in metrics.items()
    }
    return {name: value for name, value in found.items() if math.isfinite(value)}
