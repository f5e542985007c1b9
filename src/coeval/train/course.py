"""Scores on validation rows, one after the other, and the best of them: what early stopping goes by.

Where a metric is undefined on the rows, as the area under a curve is on those of a single class, it goes by the problem's default
metric: else the first of all would be the best for want of another.
"""

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from coeval.task.metric import Metric
from coeval.task.metrics import default_metric
from coeval.task.task import Problem
from coeval.train.data import Examples


class Course:
    """The course that a score takes.

    Args:
        metric: Whose score.
        problem: Its default metric is followed as long as the other one is undefined.
        known: The rows that are predicted.

    Attributes:
        number: Of the best, counted from 1; 0 before there is any.
        score: The best one's.
        curve: All scores, by the metric's name.
    """

    def __init__(self, metric: Metric, problem: Problem, known: Examples) -> None:
        self.number, self.score = 0, math.nan
        self.curve: dict[str, tuple[float, ...]] = {metric.name: ()}
        self._metric, self._known = metric, known
        self._default = default_metric(problem)
        self._cost = (True, math.inf)

    def look(self, number: int, predicted: npt.NDArray[np.float64]) -> Mapping[str, float]:
        """Score predictions of the rows and return the score by name; the first is the best until one is better."""
        metric, known = self._metric, self._known
        score = float(metric.score(known.target, predicted, known.weights))
        cost = (False, -score if metric.maximise else score)
        if not math.isfinite(score):
            other = float(self._default.score(known.target, predicted, known.weights))
            cost = (True, other if math.isfinite(other) else math.inf)
        if not self.number or cost < self._cost:
            self.number, self.score, self._cost = number, score, cost
        self.curve[metric.name] = (*self.curve[metric.name], score)
        return {metric.name: score}
