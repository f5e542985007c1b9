"""A small surrogate that can be had for nothing, and what it said of each trial before that trial was measured.

A Gaussian process with one fixed kernel over what candidates are made of (Rasmussen & Williams 2006, *Gaussian
Processes for Machine Learning*, algorithm 2.1): the labels of their architectures' graphs, as in ``space.features``,
and their settings. With the trials in the order of the log, the rows of one Cholesky factor hold every prediction
from the trials before alone, so that the surrogate is judged on nothing that it was fitted to. It needs no space:
a journal is enough.
"""

import functools
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coeval.architecture.step import Architecture
from coeval.errors import SpaceError
from coeval.space.features import REMEMBERED, labels
from coeval.space.protocol import Candidate

Floats = npt.NDArray[np.float64]

NOISE = 0.1
"""Variance of a measurement as a share of the signal's."""
_MEAN = 100.0
"""Prior variance of the common mean: so wide that the trials alone decide it."""
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Description:
    """What a candidate is made of.

    Attributes:
        bag: How often each label of its architectures' graphs occurs, and once each setting that is a word.
        numbers: Its settings that are numbers, logarithms where they are positive.
    """

    bag: Mapping[str, float]
    numbers: Mapping[str, float]


def described(candidate: Candidate) -> Description:
    """Return what a candidate is made of; a part of another kind says nothing."""
    bag: dict[str, float] = {}
    numbers: dict[str, float] = {}
    for part, genotype in candidate.parts:
        if isinstance(genotype, Architecture):
            for label, count in _counted(genotype):
                bag[label] = bag.get(label, 0.0) + count
        elif isinstance(genotype, tuple):
            for name, value in genotype:
                if isinstance(value, bool | str) or not math.isfinite(value):
                    bag[f"{part}.{name}={value}"] = 1.0
                else:
                    numbers[f"{part}.{name}"] = _logarithm(value)
    return Description(bag, numbers)


def _logarithm(value: float) -> float:
    """Return a number by its size: rates and widths differ by factors; a signed logarithm where there is none."""
    return math.log(value) if value > 0 else -math.log1p(-value)


@functools.lru_cache(maxsize=REMEMBERED)
def _counted(architecture: Architecture) -> tuple[tuple[str, int], ...]:
    try:
        return tuple(Counter(labels(architecture)).items())
    except (
        SpaceError
    ):  # a journal may hold what today's rules no longer allow; it is shown all the same
        return ()


FAR = 1e6
"""Scales away from the trials at which a number is as far as can be: the kernel is 0 there, and nothing overflows."""


@dataclass(frozen=True, slots=True, eq=False)
class _Bags:
    """Bags of numbers as rows, and what one unit of their distance is.

    Attributes:
        places: Column by name.
        scales: ``(columns,)`` by which a number is divided first.
        rows: ``(bags, columns)``.
        unit: Median of the positive squared distances between the rows; 1 where there is none.
    """

    places: Mapping[str, int]
    scales: Floats
    rows: Floats
    unit: float

    def to(self, bags: Sequence[Mapping[str, float]]) -> Floats:
        """Return ``(len(bags), rows)`` squared distances in units; what a bag lacks counts 0."""
        with np.errstate(
            over="ignore"
        ):  # a setting that hardly varied among the trials has a tiny scale
            others = np.clip(_matrix(bags, self.places) / self.scales, -FAR, FAR)
        unknown = [
            sum(value * value for name, value in bag.items() if name not in self.places)
            for bag in bags
        ]
        return _squared(others, self.rows, np.array(unknown)) / self.unit


@dataclass(frozen=True, slots=True, eq=False)
class Surrogate:
    """A process that was fitted to some trials.

    Attributes:
        ahead: ``(trials,)`` what was expected of each from those before it; of the first, nothing.
    """

    ahead: Floats
    _bags: _Bags
    _numbers: _Bags
    _weights: Floats

    def expect(self, pool: Sequence[Description]) -> Floats:
        """Return ``(len(pool),)`` what is expected of candidates."""
        squared = self._bags.to([one.bag for one in pool])
        squared += self._numbers.to([_known(one.numbers, self._numbers) for one in pool])
        return np.asarray(_kernel(squared) @ self._weights)


def fit(known: Sequence[Description], gains: Floats) -> Surrogate:
    """Return the surrogate of some trials.

    Args:
        known: ``(trials,)`` candidates in the order in which they finished; one or more.
        gains: ``(trials,)`` what was measured, more is better, on any scale of about unit spread.
    """
    bags = _bags([one.bag for one in known], is_standardised=False)
    numbers = _bags([one.numbers for one in known], is_standardised=True)
    squared = _squared(bags.rows, bags.rows) / bags.unit
    squared += _squared(numbers.rows, numbers.rows) / numbers.unit
    lower = np.linalg.cholesky(_kernel(squared) + NOISE * np.eye(len(gains)))
    # The last entry of a row's solution is the standardised surprise at its trial (algorithm 2.1, row by row).
    surprises = np.linalg.solve(lower, gains)
    ahead = gains - np.diagonal(lower) * surprises
    return Surrogate(ahead, bags, numbers, np.linalg.solve(lower.T, surprises))


def _bags(bags: Sequence[Mapping[str, float]], *, is_standardised: bool) -> _Bags:
    places: dict[str, int] = {}
    for bag in bags:
        for name in bag:
            places.setdefault(name, len(places))
    rows = _matrix(bags, places)
    scales = np.ones(len(places))
    if is_standardised:
        spreads = rows.std(axis=0)
        # What does not vary says nothing; the deviation of equal numbers need not be exactly 0.
        varies = spreads > _ROUNDING * np.abs(rows).max(axis=0, initial=0.0)
        scales = np.where(varies, spreads, math.inf)
    rows = rows / scales
    squared = _squared(rows, rows)
    positive = squared[squared > _ROUNDING * squared.max(initial=0.0)]
    return _Bags(places, scales, rows, float(np.median(positive)) if len(positive) else 1.0)


def _matrix(bags: Sequence[Mapping[str, float]], places: Mapping[str, int]) -> Floats:
    matrix = np.zeros((len(bags), len(places)))
    for row, bag in enumerate(bags):
        for name, value in bag.items():
            if name in places:
                matrix[row, places[name]] = value
    return matrix


def _known(numbers: Mapping[str, float], among: _Bags) -> dict[str, float]:
    """Return the numbers that the trials have too: others have no scale."""
    return {name: value for name, value in numbers.items() if name in among.places}


def _squared(first: Floats, second: Floats, more: Floats | float = 0.0) -> Floats:
    squares = (first * first).sum(axis=1) + more
    others = (second * second).sum(axis=1)
    return np.asarray(np.maximum(squares[:, None] + others[None] - 2 * (first @ second.T), 0.0))


def _kernel(squared: Floats) -> Floats:
    """Return the exponential kernel over a common mean."""
    return np.asarray(_MEAN + np.exp(-np.sqrt(squared)))
