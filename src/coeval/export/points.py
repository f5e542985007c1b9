"""How sure the validation scores of a front's points are: their 95 % intervals, from the weights that the search stored.

This file imports no torch: the driver hands the job to a worker.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from coeval.architecture.component import Settings
from coeval.architecture.step import Architecture
from coeval.errors import CoevalError
from coeval.statistics import Interval
from coeval.task.memory import TaskSource
from coeval.trial import Artifacts


@dataclass(frozen=True, slots=True)
class Point:
    """A trial of the front, with what is needed to predict with it again.

    Attributes:
        trial: Its number.
        architecture: Typed by any preparation.
        preparation: The preparation's settings.
        weights: Digest of the weights that each fold left.
    """

    trial: int
    architecture: Architecture
    preparation: Settings
    weights: tuple[str, ...]


def intervals(
    source: TaskSource, artifacts: Artifacts, points: Sequence[Point]
) -> list[Interval | None]:
    """Return each point's score over all folds' judged rows with its 95 % bootstrap interval.

    Args:
        source: The task, or its folder.
        artifacts: Holds the weights.
        points: In any order.

    Returns:
        ``None`` for a point whose weights are gone.
    """
    from coeval.export.points_model import interval  # noqa: PLC0415 - loads torch

    found: list[Interval | None] = []
    for one in points:
        try:
            found.append(interval(source, artifacts, one))
        except (KeyError, CoevalError):
            found.append(None)
    return found
