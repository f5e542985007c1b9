"""Scores on validation rows, one after the other, and the best of them: what early stopping goes by."""

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from coeval.task.metric import Metric
from coeval.train.data import Examples


class Course:
    """The course that a score takes.

    Args:
        metric: Whose score.
        known: The rows that are predicted.

    Attributes:
        number: Of the best, counted from 1; 0 before there is any.
        score: The best one's.
        curve: All scores, by the metric's name.
    """

    def __init__(self, metric: Metric, known: Examples) -> None:
        self.number, self.score = 0, math.nan
        self.curve: dict[str, tuple[float, ...]] = {metric.name: ()}
        self._metric, self._known = metric, known
        self._cost = math.inf

    def look(self, number: int, predicted: npt.NDArray[np.float64]) -> Mapping[str, float]:
        """Score predictions of the rows and return the score by name; the first is the best until one is better."""
        metric, known = self._metric, self._known
        score = float(metric.score(known.target, predicted, known.weights))
        cost = -score if metric.maximise else score
        if not self.number or cost < self._cost:
            self.number, self.score = number, score
            self._cost = cost if math.isfinite(cost) else math.inf
        self.curve[metric.name] = (*self.curve[metric.name], score)
        return {metric.name: score}
