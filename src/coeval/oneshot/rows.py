"""The rows of a one-shot search: those that teach the shared weights, those that teach the architecture, those that judge."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from coeval.evaluate.folds import Fold
from coeval.seed import entropy, generator
from coeval.task.task import Task
from coeval.train.batches import Batch
from coeval.train.data import (
    Arrays,
    Examples,
    Tensors,
    examples_of,
    numbers,
    target_scale,
    to_tensors,
)

SCORED = 2000
"""Most rows on which a path is scored: a standard error of about half a percent of accuracy."""


class Batches:
    """Rows in random order, a batch for every step by its number: a step finds its batch without those before it.

    Args:
        rows: At least two.
        size: Of a batch, at most; every batch of an epoch is full, and what is left over waits for the next order.
        seed: Below which an epoch's order has its address.
    """

    def __init__(self, rows: Tensors, size: int, seed: int) -> None:
        self.rows = rows
        self._size = min(size, len(rows.target))
        self._seed = seed
        self._epoch, self._order = -1, torch.empty(0, dtype=torch.int64)

    @property
    def count(self) -> int:
        """Return the batches of an epoch."""
        return len(self.rows.target) // self._size

    def at(self, step: int) -> Batch:
        """Return the batch of a step."""
        epoch, place = divmod(step, self.count)
        if epoch != self._epoch:
            rng = torch.Generator().manual_seed(entropy(self._seed, "order", epoch) % 2**63)
            self._order = torch.randperm(len(self.rows.target), generator=rng)
            self._epoch = epoch
        chosen = self._order[place * self._size : (place + 1) * self._size]
        inputs = tuple([one.index_select(0, chosen) for one in self.rows.inputs])
        weights = None if self.rows.weights is None else self.rows.weights[chosen]
        return numbers(inputs), self.rows.target[chosen], weights


@dataclass(frozen=True, slots=True, eq=False)
class SearchRows:
    """Rows by what they are for.

    Attributes:
        shared: Teach the shared weights.
        architecture: Teach the architecture weights or the controller; of the same training rows where nothing does.
        judged: Score paths; of the fold's judged rows.
        calibration: Inputs on which batch norms are estimated anew.
    """

    shared: Batches
    architecture: Batches
    judged: Examples
    calibration: tuple[torch.Tensor, ...]


def search_rows(
    task: Task, fold: Fold, *, batch: int, splits: bool, seed: int, calibrated: int = 2
) -> SearchRows:
    """Return the rows of a search on a fold.

    Args:
        task: Whose problem and target are used.
        fold: Prepared images.
        batch: Rows of a step.
        splits: Whether half of the training rows are kept for the architecture, as in DARTS.
        seed: Decides the halves, the orders, and which rows judge.
        calibrated: Batches of four times the size for batch norms.
    """
    examples = examples_of(task, fold.train, fold.train_index)
    rows = len(examples.target)
    order = generator(seed, "halves").permutation(rows)
    halves = (order[: rows // 2], order[rows // 2 :]) if splits else (order, order)
    device = torch.device("cpu")
    scale = target_scale(task.problem, examples)
    shared, architecture = (
        to_tensors(_taken(examples, np.sort(half)), task.problem, scale, device) for half in halves
    )
    judged = examples_of(task, fold.judged, fold.judged_index)
    if len(judged.target) > SCORED:
        chosen = generator(seed, "judged").permutation(len(judged.target))[:SCORED]
        judged = _taken(judged, np.sort(chosen))
    wide = Batches(shared, 4 * batch, entropy(seed, "wide"))
    return SearchRows(
        Batches(shared, batch, entropy(seed, "shared")),
        Batches(architecture, batch, entropy(seed, "architecture")),
        judged,
        tuple([wide.at(number)[0][0] for number in range(calibrated)]),
    )


def _taken(examples: Examples, index: npt.NDArray[np.intp]) -> Examples:
    rows: Arrays = tuple([one[index] for one in examples.rows])
    weights = None if examples.weights is None else examples.weights[index]
    return Examples(rows, examples.target[index], weights)
