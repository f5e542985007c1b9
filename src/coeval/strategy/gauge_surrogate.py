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
from coeval.space.features import REMEMBERED, labels
from coeval.space.protocol import Candidate

Floats = npt.NDArray[np.float64]

NOISE = 0.1
"""Variance of a measurement as a share of the signal's."""
_MEAN = 100.0
"""Prior variance of the common mean: so wide that the trials alone decide it."""


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
                if isinstance(value, bool | str):
                    bag[f"{part}.{name}={value}"] = 1.0
                else:
                    numbers[f"{part}.{name}"] = math.log(value) if value > 0 else float(value)
    return Description(bag, numbers)


@functools.lru_cache(maxsize=REMEMBERED)
def _counted(architecture: Architecture) -> tuple[tuple[str, int], ...]:
    return tuple(Counter(labels(architecture)).items())


def one_step_ahead(candidates: Sequence[Description], gains: Floats) -> Floats:
    """Return what the surrogate expected of each candidate from those before it; of the first, nothing.

    Args:
        candidates: ``(trials,)`` in the order in which they finished.
        gains: ``(trials,)`` what was measured, more is better, on any scale of about unit spread.

    Returns:
        ``(trials,)``.
    """
    inner = _covariance(candidates) + NOISE * np.eye(len(gains))
    lower = np.linalg.cholesky(inner)
    # The last entry of a row's solution is the standardised surprise at its trial (algorithm 2.1, row by row).
    return np.asarray(gains - np.diagonal(lower) * np.linalg.solve(lower, gains))


def expected(known: Sequence[Description], gains: Floats, pool: Sequence[Description]) -> Floats:
    """Return what the surrogate expects of candidates.

    Args:
        known: ``(trials,)`` candidates that were measured.
        gains: ``(trials,)`` as in ``one_step_ahead``.
        pool: ``(pool,)`` candidates.

    Returns:
        ``(pool,)``.
    """
    count = len(known)
    covariance = _covariance([*known, *pool])
    inner = covariance[:count, :count] + NOISE * np.eye(count)
    return np.asarray(covariance[count:, :count] @ np.linalg.solve(inner, gains))


def _covariance(candidates: Sequence[Description]) -> Floats:
    """Return the exponential kernel of the distance, in medians of it, over a common mean."""
    squared = _scaled(_squared([one.bag for one in candidates]))
    squared += _scaled(_squared(_standardised([one.numbers for one in candidates])))
    return np.asarray(_MEAN + np.exp(-np.sqrt(squared)))


def _squared(bags: Sequence[Mapping[str, float]]) -> Floats:
    """Return squared distances between bags; what a bag lacks counts 0."""
    places: dict[str, int] = {}
    for bag in bags:
        for name in bag:
            places.setdefault(name, len(places))
    matrix = np.zeros((len(bags), len(places)))
    for row, bag in enumerate(bags):
        matrix[row, [places[name] for name in bag]] = list(bag.values())
    squares = (matrix * matrix).sum(axis=1)
    return np.asarray(np.maximum(squares[:, None] + squares[None] - 2 * (matrix @ matrix.T), 0.0))


def _standardised(numbers: Sequence[Mapping[str, float]]) -> list[dict[str, float]]:
    """Return each number in its own standard deviations, without those that do not vary."""
    names = sorted({name for one in numbers for name in one})
    spreads = {name: float(np.std([one.get(name, 0.0) for one in numbers])) for name in names}
    varying = {name: spread for name, spread in spreads.items() if spread > 0}
    return [
        {name: one.get(name, 0.0) / spread for name, spread in varying.items()} for one in numbers
    ]


def _scaled(squared: Floats) -> Floats:
    positive = squared[squared > 0]
    return squared / float(np.median(positive)) if len(positive) else squared
