"""How long a training will take, told from the symbolic cost of its architecture before anything is built.

A rule gives the seconds of one epoch on an unloaded core; what this process has measured corrects it.
(The memory it takes is ``train.memory.estimate``.)
"""

import math
from dataclasses import dataclass

from coeval.architecture.component import Cost
from coeval.architecture.step import Region

_STEP_SECONDS = 3e-4
"""One optimiser step without any layer. These four are measured on one core of a 2020s server, and
only the start: ``TimeModel`` corrects them."""

_LAYER_SECONDS = 6e-5
"""Forward and backward dispatch of one layer."""

_MAC_SECONDS = 1.5e-10
"""One multiply-accumulate forward and two backward."""

_VALUE_SECONDS = 5e-8
"""Preparing one value of the table, once a fold."""

_JUDGED_AT_ONCE = 2048


@dataclass(frozen=True, slots=True)
class Work:
    """What one epoch of training consists of.

    Attributes:
        cost: Symbolic cost of the network for one example.
        layers: Steps that the network executes.
        rows: Training rows.
        judged: Rows that are predicted after each epoch.
        batch_size: Rows of one optimiser step.
        columns: Columns of the raw table.
    """

    cost: Cost
    layers: int
    rows: int
    judged: int
    batch_size: int
    columns: int

    @property
    def seconds(self) -> float:
        """Return the rule's seconds of one epoch."""
        steps = math.ceil(self.rows / self.batch_size)
        batches = math.ceil(self.judged / _JUDGED_AT_ONCE)
        dispatch = steps * (_STEP_SECONDS + self.layers * _LAYER_SECONDS)
        dispatch += batches * self.layers * _LAYER_SECONDS / 3
        return dispatch + (self.rows + self.judged / 3) * self.cost.macs * _MAC_SECONDS

    @property
    def preparation_seconds(self) -> float:
        """Return the rule's seconds for preparing the rows once."""
        return (self.rows + self.judged) * self.columns * _VALUE_SECONDS


class TimeModel:
    """The rule's seconds times a factor: the running geometric mean of measured over predicted.

    One slow trial (a busy machine) does not decide alone, and recent trials weigh more, since the
    load changes. It travels to other processes with what it knows.
    """

    def __init__(self) -> None:
        self.factor = 1.0
        self.observed = 0

    def predict(self, work: Work, epochs: float) -> float:
        """Return the expected seconds of a training."""
        return self.factor * (work.preparation_seconds + epochs * work.seconds)

    def at_least(self, work: Work, epochs: float) -> float:
        """Return seconds that the training almost surely takes; far less than expected before anything was measured."""
        return self.predict(work, epochs) / (2 if self.observed else 10)

    def observe(self, work: Work, epochs: float, seconds: float) -> None:
        """Learn from a training of one fold that took ``seconds`` for ``epochs``."""
        expected = work.preparation_seconds + epochs * work.seconds
        if seconds <= 0 or expected <= 0:
            return
        ratio = min(max(seconds / expected, 0.01), 100.0)
        self.observed += 1
        share = max(1 / self.observed, 0.2)
        self.factor = self.factor ** (1 - share) * ratio**share


def layers(region: Region) -> int:
    """Return how many steps a region executes: nested regions count as often as they are repeated.

    Example:
        >>> from coeval.architecture.step import Region
        >>> layers(Region(1, (), 0))
        0
    """
    total = 0
    for one in region.steps:
        times = int(dict(one.settings).get("times", 1))
        total += 1 + times * sum(layers(inner) for inner in one.regions)
    return total


def megabytes(count: float) -> str:
    """Return a size in bytes as a person reads it.

    Example:
        >>> megabytes(3 * 2**20), megabytes(5 * 2**29)
        ('3 MB', '2.5 GB')
    """
    return f"{count / 2**20:,.0f} MB" if count < 2**30 else f"{count / 2**30:,.1f} GB"
