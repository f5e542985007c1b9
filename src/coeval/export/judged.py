"""Rows with known targets, and what predictions of them are worth."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coeval.task.metric import Metric
from coeval.task.task import Index, Task

Floats = npt.NDArray[np.float64]
Targets = npt.NDArray[np.int64] | npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judged:
    """Rows with what is known of them.

    Attributes:
        metric: Decides.
        targets: ``(rows,)`` class indices or values.
        weights: ``(rows,)`` sample weights, or ``None``.
        groups: ``(rows,)`` numbers of groups, or ``None``.
    """

    metric: Metric
    targets: Targets
    weights: Floats | None
    groups: npt.NDArray[np.int64] | None = None

    @classmethod
    def of(cls, task: Task, rows: Index) -> "Judged":
        """Return a task's rows under its metric."""
        weights, groups = task.weights_of(rows), task.groups_of(rows)
        return cls(task.metric, task.target.values[rows], weights, groups)

    def take(self, rows: Index) -> "Judged":
        """Return some of the rows."""
        weights = None if self.weights is None else self.weights[rows]
        groups = None if self.groups is None else self.groups[rows]
        return Judged(self.metric, self.targets[rows], weights, groups)

    def score(self, predictions: Floats) -> float:
        """Return the metric of predictions; NaN where it is undefined."""
        return float(self.metric.score(self.targets, predictions, self.weights))

    def cost(self, predictions: Floats) -> float:
        """Return the metric of predictions, less is better; infinity where it is undefined."""
        score = self.score(predictions)
        if math.isnan(score):
            return math.inf
        return -score if self.metric.maximise else score
