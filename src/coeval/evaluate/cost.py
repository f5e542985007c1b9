"""How long a training will take, told from the symbolic cost of its architecture before anything is built.

A rule gives the seconds of one epoch on an unloaded core; what this process has measured corrects it.
(The memory it takes is ``train.memory.estimate``.)
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

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

_PRIOR_NOISE = 0.15
"""Variance of the logarithm of measured over predicted seconds where the model is right."""

_PRIOR_PRECISION = (0.15, 3.0, 3.0, 3.0, 3.0, 3.0)
"""In units of that variance: the level may be off by a factor of three, the slopes by much less."""

_PRIOR_TRAININGS = 10
_TELLING_BYTES = 32 * 2**20
_FREE_TRAININGS = 3
_TRUSTED_TRAININGS = 6
"""The first trainings of each worker also load libraries and compile kernels: seconds that no later one takes."""

_UNTRUSTED = 0.1
"""Share of the rule's seconds that a training takes at least, before enough were measured."""

_LUCK = 0.4
"""By how much the logarithm may fall below the lowest of all that was measured."""
_KEPT = 0.99
"""Weight of the past after each training."""

Floats = npt.NDArray[np.float64]


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


def work_facts(work: Work) -> dict[str, int]:
    """Return what ``forecast.work_of`` needs beside a measurement's costs."""
    return {
        "activations": work.cost.activations,
        "layers": work.layers,
        "judged": work.judged,
        "batch_size": work.batch_size,
        "columns": work.columns,
    }


class TimeModel:
    """The rule's seconds times a factor that depends on what is trained, learnt from measured trainings.

    The logarithm of the factor is linear in a few logarithms of the work: engines and machines differ in what a
    step, a layer and a multiply-accumulate cost, which one number for all cannot follow. Bayesian linear regression
    (Bishop 2006, section 3.3) about the rule, so that one training already corrects the level and some dozens
    the slopes; older trainings count less, since the load changes. It travels to other processes with what it knows.
    """

    def __init__(self) -> None:
        self.observed = 0
        self._precision = np.diag(_PRIOR_PRECISION)
        self._moment = np.zeros(len(_PRIOR_PRECISION))
        self._noise = _PRIOR_NOISE
        self._lowest = math.inf  # of the logarithms of measured over ruled seconds

    def predict(self, work: Work, epochs: float) -> float:
        """Return the expected seconds of a training."""
        return _rule(work, epochs) * math.exp(self._belief(work, epochs)[0])

    def at_least(self, work: Work, epochs: float) -> float:
        """Return seconds that the training almost surely takes; far less than expected before anything was measured."""
        if self.observed < _TRUSTED_TRAININGS:
            return _rule(work, epochs) * _UNTRUSTED
        mean, variance = self._belief(work, epochs)
        low = min(mean - 2 * math.sqrt(variance), self._lowest - _LUCK)
        return _rule(work, epochs) * math.exp(low)

    def observe(self, work: Work, epochs: float, seconds: float) -> None:
        """Learn from a training of one fold that took ``seconds`` for ``epochs``."""
        expected = _rule(work, epochs)
        if seconds <= 0 or expected <= 0:
            return
        seen, found = _features(work, epochs), math.log(seconds / expected)
        self._lowest = min(self._lowest, found)
        mean, variance = self._belief(work, epochs)
        # One slow trial (a busy machine) does not decide alone; the first ones tell what machine it is.
        if self.observed >= _FREE_TRAININGS:
            spread = 3 * math.sqrt(variance)
            found = min(max(found, mean - spread), mean + spread)
        prior = np.diag(_PRIOR_PRECISION)
        self._precision = prior + _KEPT * (self._precision - prior) + np.outer(seen, seen)
        self._moment = _KEPT * self._moment + seen * found
        # Of what is left once this training was learnt: a first one that is far off says that the level was.
        left = found - self._belief(work, epochs)[0]
        share = max(1 / (self.observed + _PRIOR_TRAININGS), 1 - _KEPT)
        self._noise += share * (left**2 - self._noise)
        self.observed += 1

    def _belief(self, work: Work, epochs: float) -> tuple[float, float]:
        """Return mean and variance of the logarithm of the next training's factor."""
        seen = _features(work, epochs)
        solved = np.linalg.solve(self._precision, np.stack([self._moment, seen], axis=1))
        return float(seen @ solved[:, 0]), self._noise * (1 + float(seen @ solved[:, 1]))


def _rule(work: Work, epochs: float) -> float:
    return work.preparation_seconds + epochs * work.seconds


def _features(work: Work, epochs: float) -> Floats:
    """Return logarithms of what distinguishes trainings, centred where networks for tables lie."""
    steps = math.ceil(work.rows / work.batch_size)
    dispatch = steps * (_STEP_SECONDS + work.layers * _LAYER_SECONDS)
    arithmetic = (work.rows + work.judged / 3) * work.cost.macs * _MAC_SECONDS
    preparing = work.preparation_seconds / max(_rule(work, epochs), 1e-12)
    return np.array(
        [
            1.0,
            arithmetic / max(arithmetic + dispatch, 1e-12) - 0.5,
            math.log((work.cost.macs + 1) / 2e4) / 4,
            math.log((work.layers + 1) / 10),
            math.log(work.batch_size / 256) / 2,
            preparing,
        ]
    )


class MemoryModel:
    """The estimated bytes of a training times a factor: by how much estimates fell short at most so far.

    ``train.memory.estimate`` is meant as an upper bound and never corrected downwards: a process reuses what earlier
    trainings left, so that one that seems to take little may only have found it there.
    """

    def __init__(self) -> None:
        self.factor = 1.0

    def predict(self, estimate: float) -> float:
        """Return the bytes that a training takes at most, as far as is known."""
        return self.factor * estimate

    def observe(self, estimate: float, growth: float) -> None:
        """Learn from a process that grew by ``growth`` bytes while it trained; from few bytes there is little to learn."""
        if growth > estimate >= _TELLING_BYTES:
            self.factor = max(self.factor, growth / estimate)


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
