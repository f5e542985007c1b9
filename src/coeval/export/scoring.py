"""The opening of the test split: every score that is ever taken on it, with its interval, in one place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coeval.bootstrap import resampled
from coeval.statistics import Interval
from coeval.task.metrics import all_metrics
from coeval.task.task import Task

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BaselineScore:
    """A baseline on the test rows.

    Attributes:
        name: The baseline's.
        test: Its score with its 95 % interval.
        gain: Model's score minus the baseline's with its 95 % interval, paired by rows.
    """

    name: str
    test: Interval
    gain: Interval


@dataclass(frozen=True, slots=True)
class OpenedTest:
    """What the test rows say.

    Attributes:
        rows: How many there are.
        test: The search's metric with its 95 % interval.
        scores: Every metric of the problem with its 95 % interval; NaN where undefined.
        baselines: One for each baseline that could be fitted.
        groups: How many the rows belong to; 0 where rows have none.
    """

    rows: int
    test: Interval
    scores: Mapping[str, Interval]
    baselines: tuple[BaselineScore, ...] = ()
    groups: int = 0


def open_test(
    task: Task, predictions: Floats, baselines: Sequence[tuple[str, Floats]] = (), *, seed: int = 0
) -> OpenedTest:
    """Score the model and the baselines on the test split. To be called once a run, and recorded.

    Args:
        task: Its test split must not be empty.
        predictions: The model's on ``task.splits.test``: ``(rows, classes)`` or ``(rows,)``.
        baselines: Names and predictions likewise, of baselines refitted on everything but the test rows.
        seed: Of the bootstrap.

    Raises:
        ValueError: There is no test row, or there are not as many predictions.
    """
    rows = task.splits.test
    targets = task.target.values[rows]
    weights, groups = task.weights_of(rows), task.groups_of(rows)
    found = {
        name: resampled(one, targets, predictions, weights, groups, seed=seed)
        for name, one in all_metrics(task).items()
    }
    own = found[task.metric.name]
    others = {
        name: resampled(task.metric, targets, one, weights, groups, seed=seed)
        for name, one in baselines
    }
    return OpenedTest(
        len(rows),
        own.interval(),
        {name: one.interval() for name, one in found.items()},
        tuple(
            BaselineScore(name, one.interval(), (own - one).interval())
            for name, one in others.items()
        ),
        0 if groups is None else len(np.unique(groups)),
    )
