"""Metrics as plain functions on arrays, each with the direction in which it improves."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Score = Callable[
    [npt.NDArray[np.generic], npt.NDArray[np.float64], npt.NDArray[np.float64] | None], float
]


@dataclass(frozen=True, slots=True)
class Metric:
    """A named score.

    Attributes:
        name: As on the command line, such as ``"log_loss"``.
        maximise: Whether more is better.
        score: From targets ``(rows,)`` (class indices or values), predictions (probabilities
            ``(rows, classes)`` for classification, also binary; values ``(rows,)`` for regression) and
            optional weights ``(rows,)`` to a float; NaN where undefined.
        label: As printed, such as ``"log loss"``.
    """

    name: str
    maximise: bool
    score: Score
    label: str = ""
