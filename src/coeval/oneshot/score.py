"""What shared weights say of a path or of a mixture: the task's metric on the judged rows."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import torch

from coeval.oneshot.members import Picks
from coeval.oneshot.rows import SearchRows
from coeval.oneshot.shared import SharedNetwork, is_partial, member
from coeval.oneshot.supernet import recalibrate
from coeval.task.metric import Metric
from coeval.task.task import Problem
from coeval.train.data import UNSCALED, Scale, numbers, to_inputs
from coeval.train.predict import predict, predictions_of

WIDE = 256
"""Rows at a time where batch norms take the statistics of what they see."""


class Judge:
    """Scores paths and mixtures of a supernet.

    Args:
        supernet: Whose weights are judged; left as it is but for the statistics of its batch norms.
        rows: The judged rows and those that calibrate batch norms.
        problem: Decides what outputs mean.
        metric: The search's own.
        scale: The target's, for values.
    """

    def __init__(
        self,
        supernet: SharedNetwork,
        rows: SearchRows,
        problem: Problem,
        metric: Metric,
        scale: Scale = UNSCALED,
    ) -> None:
        self.metric = metric
        self._supernet, self._rows = supernet, rows
        self._problem, self._scale = problem, scale

    def path(self, picks: Picks) -> float:
        """Return the score of one path: cut out, its batch norms estimated anew on training rows.

        With partial channels no path can be cut out; then batch norms take the statistics of the judged rows.
        """
        if is_partial(self._supernet):
            return self._passed(lambda images: self._supernet(images, picks=picks))
        network = member(self._supernet, picks)
        recalibrate(network, self._rows.calibration)
        judged = self._rows.judged
        return self._score(predict(network, judged.rows, self._problem, self._scale))

    def mixture(
        self,
        weights: Sequence[torch.Tensor],
        scales: Sequence[torch.Tensor | None] | None = None,
        *,
        most: int | None = None,
    ) -> float:
        """Return the score of a mixture; its batch norms take the statistics of the judged rows.

        Args:
            weights: ``(options,)`` for each slot.
            scales: What each slot's result is multiplied with.
            most: Judged rows at most; a mixed pass costs that of all options.
        """
        return self._passed(
            lambda images: self._supernet(images, weights=list(weights), scales=scales), most
        )

    def cost(self, score: float) -> float:
        """Return a score as a cost: less is better, and what is no number is worst."""
        if not np.isfinite(score):
            return float("inf")
        return -score if self.metric.maximise else score

    def _passed(
        self, outputs: Callable[[torch.Tensor], torch.Tensor], most: int | None = None
    ) -> float:
        self._supernet.train()
        inputs = to_inputs(self._rows.judged.rows, torch.device("cpu"))
        count = min(len(inputs[0]), most or len(inputs[0]))
        pieces = np.array_split(np.arange(count), max(count // WIDE, 1))
        with torch.no_grad():
            parts = [
                outputs(numbers((inputs[0][piece[0] : piece[-1] + 1],))[0]).float()
                for piece in pieces
            ]
        return self._score(predictions_of(torch.cat(parts), self._problem, self._scale))

    def _score(self, predicted: npt.NDArray[np.float64]) -> float:
        judged, count = self._rows.judged, len(predicted)
        if not np.isfinite(predicted).all():
            return float("nan")
        weights = None if judged.weights is None else judged.weights[:count]
        return float(self.metric.score(judged.target[:count], predicted, weights))
