"""What trees are grown from: numbers, codes and indicators side by side, and a target that those who grow them understand."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from coeval.build.modules.trees import TreeEnsemble
from coeval.task.task import Problem, evened
from coeval.train.data import Examples, Scale, to_inputs

NOTHING = 1e-7
"""Share of a column's largest number below which another one is 0: a scaled median is 0 here and -8e-18 there."""
Follow = Callable[[int], bool]
"""Told the number of a round, from 1, when it is stored; answers whether to go on."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """Rows to grow trees from.

    Attributes:
        problem: Of the task.
        table: ``(rows, columns)``, the features that the trees ask for.
        target: ``(rows,)`` class indices, or standardised values.
        weights: ``(rows,)``, or ``None``.
    """

    problem: Problem
    table: npt.NDArray[np.float32]
    target: npt.NDArray[Any]
    weights: npt.NDArray[np.float64] | None

    @classmethod
    def of(
        cls, examples: Examples, problem: Problem, scale: Scale, ensemble: TreeEnsemble
    ) -> "Learnt":
        """Return examples as trees learn from them."""
        rows = to_inputs(examples.rows, torch.device("cpu"))
        table = ensemble.features(rows).numpy()
        for column in table.T[: rows[0].shape[1]]:
            column[np.abs(column) < NOTHING * np.abs(column).max(initial=0)] = 0
        target: npt.NDArray[Any] = examples.target
        if problem is Problem.REGRESSION:
            target = (np.asarray(target, np.float64) - scale.mean) / scale.std
        weights = None if examples.weights is None else evened(examples.weights)
        return cls(problem, table, target, weights)
