"""A fold's rows as a candidate's preparation makes them, kept while neighbouring candidates share it.

Most moves leave the preparation alone, so its result is kept for the next trial in the process.
"""

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coeval.architecture.component import Settings
from coeval.seed import generator
from coeval.task.prepare import Prepared, prepare, rows_to_learn
from coeval.task.table import Pixels, Rows
from coeval.task.task import Index, Task

Targets = npt.NDArray[np.int64] | npt.NDArray[np.float64]

CACHE_BYTES = 128 * 2**20
"""What a worker may keep; two workers with 20,000 rows must stay under 1 GB together with torch."""


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """Prepared rows of one fold.

    Attributes:
        preparation: Fitted on the fold's training rows only.
        train: The rows to learn from; of images a view on the task's, if it can be.
        judged: The rows to predict.
        train_index: ``(train rows,)`` which rows of the task those are.
        judged_index: ``(judged rows,)`` likewise.
    """

    preparation: Prepared
    train: Rows | Pixels
    judged: Rows | Pixels
    train_index: Index
    judged_index: Index

    @property
    def size(self) -> int:
        """Return the bytes of the prepared rows; images that are views on the task's take none."""
        held = [array for rows in (self.train, self.judged) for array in rows]
        return sum(array.nbytes for array in held if array.flags.owndata)


class FoldCache:
    """The folds prepared last in this process; travels to other processes empty.

    Args:
        limit: Most bytes that are kept.
    """

    def __init__(self, limit: int = CACHE_BYTES) -> None:
        self._limit = limit
        self._kept: OrderedDict[tuple[Settings, int, float, int], Fold] = OrderedDict()

    def __reduce__(self) -> tuple[type["FoldCache"], tuple[int]]:
        return FoldCache, (self._limit,)

    def get(
        self, task: Task, settings: Settings, number: int, *, share: float = 1.0, seed: int = 0
    ) -> Fold:
        """Return a fold of the task, prepared.

        Args:
            task: The same for all calls.
            settings: The preparation's.
            number: Which of ``task.folds``.
            share: Share of the training rows that is used, drawn by the seed, spread evenly over the target.
            seed: The run's.
        """
        key = (settings, number, share, seed)
        if key not in self._kept:
            self._kept[key] = prepare_fold(task, settings, number, share=share, seed=seed)
        self._kept.move_to_end(key)
        found = self._kept[key]
        while len(self._kept) > 1 and sum(one.size for one in self._kept.values()) > self._limit:
            self._kept.popitem(last=False)
        return found


def prepare_fold(
    task: Task, settings: Settings, number: int, *, share: float = 1.0, seed: int = 0
) -> Fold:
    """Fit the preparation on a fold's training rows and prepare all rows of the fold."""
    train, judged = task.folds[number]
    if share < 1:
        keep = max(round(share * len(train)), min(len(train), 2))
        train = train[
            _spread(task.target.values[train], keep, generator(seed, "rows", number, str(share)))
        ]
    preparation = prepare(dict(settings), task, train)
    return Fold(
        preparation,
        rows_to_learn(preparation, task, train),
        preparation.transform(task.table.take(judged)),
        train,
        judged,
    )


def _spread(target: Targets, keep: int, rng: np.random.Generator) -> Index:
    """Return the places of ``keep`` values that are spread evenly over all, in order.

    Every so many-th in the order of the target, equals in random order (systematic sampling, Cochran 1977, *Sampling
    Techniques*, chapter 8): each class keeps its share to within one row, and values their quantiles.
    """
    ranked = np.lexsort((rng.random(len(target)), target))
    places = ((np.arange(keep) + rng.random()) * len(target) / keep).astype(np.int64)
    return np.sort(ranked[places])
