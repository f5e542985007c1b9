"""A Gaussian process over candidates: what a measurement says of those that are like it, and how sure that is.

Rasmussen & Williams 2006, *Gaussian Processes for Machine Learning*, chapters 2 and 5; as a surrogate with a
Weisfeiler-Lehman kernel NAS-BOWL (Ru et al. 2021, arXiv:2006.07556). Here the kernel is Matern-5/2 of the
distance between bags of labels, by measurement better than their inner product.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coeval.space.features import Features, Labels, count_matrix, vocabulary_of

Floats = npt.NDArray[np.float64]

LENGTHS = (0.3, 0.5, 0.8, 1.2, 2.0, 3.5)
"""Of the kernel, in medians of the distances between the trials."""
NOISES = (0.01, 0.03, 0.1, 0.3)
"""Variance of a measurement as a share of the signal's."""
SHARES = (0.0, 0.3, 0.7, 1.0)
"""Of the numbers in the squared distance; the labels have the rest."""
_LEAST_VARIANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Scales:
    """What makes the two kinds of features comparable, as found among the trials of one fit.

    Attributes:
        labels: Median squared distance between bags of labels; 0 where they do not differ.
        numbers: Median squared distance between numbers, each divided by its deviation.
        deviations: ``(numbers,)`` standard deviations; infinite for a number that does not vary.
    """

    labels: float
    numbers: float
    deviations: Floats


@dataclass(frozen=True, slots=True)
class Kernel:
    """The hyperparameters that were chosen.

    Attributes:
        scales: Of the features.
        share: Of the numbers in the squared distance.
        length: In medians.
        noise: Relative to the signal's variance.
    """

    scales: Scales
    share: float
    length: float
    noise: float


@dataclass(frozen=True, slots=True)
class GaussianProcess:
    """Chooses the kernel by the marginal likelihood on a grid (section 5.4.1 of the book).

    Attributes:
        lengths: Length scales to choose from.
        noises: Noises to choose from.
        shares: Weights of the numbers to choose from.
    """

    lengths: tuple[float, ...] = LENGTHS
    noises: tuple[float, ...] = NOISES
    shares: tuple[float, ...] = SHARES

    def fit(self, known: Sequence[Features], targets: Floats, seed: int) -> "FittedProcess":
        """Return the process under the kernel of the greatest marginal likelihood.

        Args:
            known: ``(trials,)`` features.
            targets: ``(trials,)`` what is predicted.
            seed: Not needed; a grid draws nothing.
        """
        del seed
        bags, numbers = _squared(known, known, vocabulary_of(known)), _numbers(known)
        deviations = numbers.std(axis=0)
        deviations = np.where(deviations > 0, deviations, math.inf)
        apart = _distances(numbers / deviations, numbers / deviations)
        scales = Scales(_median(bags), _median(apart), deviations)
        best, found = -math.inf, Kernel(scales, 0.0, self.lengths[0], self.noises[-1])
        for share, length in itertools.product(self._shares(scales), self.lengths):
            squared = _mixed(bags, apart, scales, share)
            values, vectors = np.linalg.eigh(_matern(squared, length))
            for noise in self.noises:
                likelihood = _log_likelihood(values, vectors, targets, noise)
                if likelihood > best:
                    best, found = likelihood, Kernel(scales, share, length, noise)
        return FittedProcess(found)

    def _shares(self, scales: Scales) -> tuple[float, ...]:
        """Return the weights to try: one alone where only one kind of features varies."""
        if scales.numbers == 0:
            return (0.0,)
        return self.shares if scales.labels > 0 else (1.0,)


@dataclass(frozen=True, slots=True)
class FittedProcess:
    """A Gaussian process with a kernel, which conditions on whatever trials it is given."""

    kernel: Kernel

    def predict(
        self,
        known: Sequence[Features],
        targets: Floats,
        pending: Sequence[Features],
        pool: Sequence[Features],
    ) -> tuple[Floats, Floats]:
        """Return the posterior mean and standard deviation of the pool (algorithm 2.1 of the book).

        Trials without a result count as observed at their posterior mean, which leaves the mean as it
        is and makes sure that a batch does not ask the same twice (Desautels et al. 2014, JMLR 15:4053).

        Args:
            known: ``(trials,)`` features.
            targets: ``(trials,)`` their values.
            pending: Features of trials that run.
            pool: ``(pool,)`` features of candidates.
        """
        seen = [*known, *pending]
        covariance = self._covariance(seen, [*seen, *pool])
        inner = covariance[:, : len(seen)] + self.kernel.noise * np.eye(len(seen))
        count = len(known)
        lower = np.linalg.cholesky(inner)
        sides = np.column_stack([covariance[:, len(seen) :], np.ones(len(seen))])
        # The first rows of the factor and of the solution are those of the known trials alone.
        solved = np.linalg.solve(lower, sides)
        values = np.linalg.solve(lower[:count, :count], targets)
        ones = solved[:count, -1]
        mean = float(ones @ values) / float(ones @ ones)
        residual = values - mean * ones
        signal = max(float(residual @ residual) / count, _LEAST_VARIANCE)
        left = np.maximum(
            1 - np.einsum("ij,ij->j", solved[:, :-1], solved[:, :-1]), _LEAST_VARIANCE
        )
        expected: Floats = mean + residual @ solved[:count, :-1]
        return expected, np.sqrt(signal * left)

    def _covariance(self, rows: Sequence[Features], columns: Sequence[Features]) -> Floats:
        kernel, scales = self.kernel, self.kernel.scales
        bags = np.zeros((len(rows), len(columns)))
        apart = np.zeros((len(rows), len(columns)))
        if kernel.share < 1:
            bags = _squared(rows, columns, vocabulary_of(rows))
        if kernel.share > 0:
            apart = _distances(
                _numbers(rows) / scales.deviations, _numbers(columns) / scales.deviations
            )
        return _matern(_mixed(bags, apart, scales, kernel.share), kernel.length)


def _squared(rows: Sequence[Features], columns: Sequence[Features], vocabulary: Labels) -> Floats:
    """Return squared distances between bags; labels outside the rows' vocabulary count by their norm alone."""
    first, second = count_matrix(rows, vocabulary), count_matrix(columns, vocabulary)
    norms = [np.array([one.counts @ one.counts for one in side]) for side in (rows, columns)]
    return np.asarray(norms[0][:, None] + norms[1][None] - 2 * (first @ second.T))


def _distances(first: Floats, second: Floats) -> Floats:
    squares = (first * first).sum(axis=1)[:, None] + (second * second).sum(axis=1)[None]
    return np.asarray(np.maximum(squares - 2 * (first @ second.T), 0.0))


def _mixed(bags: Floats, apart: Floats, scales: Scales, share: float) -> Floats:
    mixed = (1 - share) * bags / (scales.labels or 1.0) + share * apart / (scales.numbers or 1.0)
    return np.asarray(mixed)


def _matern(squared: Floats, length: float) -> Floats:
    """Return the Matern kernel of smoothness 5/2 (equation 4.17 of the book)."""
    scaled = np.sqrt(5 * squared) / length
    return np.asarray((1 + scaled + scaled * scaled / 3) * np.exp(-scaled))


def _log_likelihood(values: Floats, vectors: Floats, targets: Floats, noise: float) -> float:
    """Return the log marginal likelihood up to a constant, at the best mean and signal variance."""
    spread = np.maximum(values, 0.0) + noise
    turned, ones = vectors.T @ targets, vectors.sum(axis=0)
    mean = float((ones * turned / spread).sum() / (ones * ones / spread).sum())
    residual = turned - mean * ones
    signal = max(float((residual * residual / spread).mean()), _LEAST_VARIANCE)
    return float(-0.5 * (len(targets) * math.log(signal) + np.log(spread).sum()))


def _numbers(bags: Sequence[Features]) -> Floats:
    return np.array([one.numbers for one in bags], dtype=np.float64).reshape(len(bags), -1)


def _median(squared: Floats) -> float:
    positive = squared[squared > 0]
    return float(np.median(positive)) if len(positive) else 0.0
