"""Credit of members from the teams they served in, alone and together: who works with whom.

A team's worth is modelled as a sum of what each member adds by itself, each pair adds together, each three, and so on:
a Gaussian process whose kernel is additive over the orders of interaction (Duvenaud, Nickisch & Rasmussen 2011,
arXiv:1112.4394), every order having the same share. Each evaluated team gives credit to all its members and pairs, and
a member that never served is judged by its likeness to others.

With k_i the likeness of two teams' members in species i of S, the elementary symmetric polynomials that the orders need are an
integral over p of the products of (1 - p + p k_i), which four nodes of Gauss and Legendre give exactly for S up to 7.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from coeval.statistics import mean_ranks

Floats = npt.NDArray[np.float64]
NOISE = 0.05
"""Variance of a score that is chance, the whole being about 1. On CIFAR-10 0.01 to 0.2 search alike."""
SHARPNESS = (1.0, 4.0, 16.0)
"""How fast likeness falls with distance: the likeliest on the teams so far is taken."""
TRIED = 64
"""Teams, from the best to the worst, that the sharpness is chosen on: three more fits on all would take the most time."""
_NODES, _WEIGHTS = (array / 2 for array in np.polynomial.legendre.leggauss(4))
_NODES = _NODES + 0.5


@dataclass(frozen=True, slots=True)
class Credit:
    """What is known of teams.

    Attributes:
        members: ``(teams, features)`` of each species: their encodings, scaled.
        sharpness: Of the likeness.
        inverse: ``(teams, teams)``, of the kernel with noise.
        weights: ``(teams,)``, the inverse times the scores.
    """

    members: tuple[Floats, ...]
    sharpness: float
    inverse: Floats
    weights: Floats

    def predict(self, members: Sequence[Floats]) -> tuple[Floats, Floats]:
        """Return mean and standard deviation of teams' scores.

        Args:
            members: ``(teams, features)`` of each species.

        Returns:
            Two times ``(teams,)``.
        """
        between = kernel(likeness(members, self.members, self.sharpness))
        mean: Floats = between @ self.weights
        variance = 1.0 - ((between @ self.inverse) * between).sum(axis=1)
        return mean, np.sqrt(np.maximum(variance, 1e-9))

    def alone(self, species: int, members: Floats) -> Floats:
        """Return what members of one species add by themselves.

        Args:
            species: Its number.
            members: ``(members, features)``.

        Returns:
            ``(members,)``: the first-order part of the posterior mean.
        """
        near = _likeness(members, self.members[species], self.sharpness)
        count = len(self.members)
        found: Floats = near @ self.weights / ((count + 1) * count)
        return found

    def together(self, first: int, second: int, mine: Floats, theirs: Floats) -> Floats:
        """Return what pairs of members of two species add together, beyond what each adds alone.

        Args:
            first: Number of one species.
            second: Number of the other.
            mine: ``(members, features)`` of the first.
            theirs: ``(others, features)`` of the second.

        Returns:
            ``(members, others)``: the part of the posterior mean that these two species' second order holds.
        """
        left = _likeness(mine, self.members[first], self.sharpness)
        right = _likeness(theirs, self.members[second], self.sharpness)
        count = len(self.members)
        found: Floats = (left * self.weights) @ right.T / ((count + 1) * math.comb(count, 2))
        return found


def learn(members: Sequence[Floats], scores: Floats, sharpness: float | None = None) -> Credit:
    """Return the credit that explains teams' scores.

    Args:
        members: ``(teams, features)`` of each species, scaled so that members that differ entirely are about 1 apart.
        scores: ``(teams,)``, more being better, about standard normal.
        sharpness: Of the likeness; by default the likeliest of ``SHARPNESS`` on at most ``TRIED`` teams.
    """
    if sharpness is None:
        few = np.unique(np.linspace(0, len(scores) - 1, TRIED).round().astype(np.intp))
        part = tuple([one[few] for one in members])
        fits = [(_evidence(part, scores[few], one), -one) for one in SHARPNESS]
        sharpness = -max(fits)[1]
    inverse = np.asarray(np.linalg.inv(_covariance(members, sharpness)), dtype=np.float64)
    return Credit(tuple(members), sharpness, inverse, inverse @ scores)


def likeness(first: Sequence[Floats], second: Sequence[Floats], sharpness: float) -> list[Floats]:
    """Return for each species how like the members of two lists of teams are, in 0..1.

    Args:
        first: ``(teams, features)`` of each species.
        second: ``(others, features)`` of each species.
        sharpness: How fast likeness falls with the squared distance.

    Returns:
        ``(teams, others)`` for each species.
    """
    return [_likeness(mine, theirs, sharpness) for mine, theirs in zip(first, second, strict=True)]


def kernel(alike: Sequence[Floats]) -> Floats:
    """Return the covariance of teams: the mean over all orders of how alike groups of so many members are.

    Args:
        alike: ``(teams, others)`` of each species.

    Returns:
        ``(teams, others)`` in 0..1; 1 for equal teams.
    """
    total = np.zeros_like(alike[0])
    for node, weight in zip(_NODES, _WEIGHTS, strict=True):
        product = np.full_like(total, weight)
        for one in alike:
            product *= (1.0 - node) + node * one
        total += product
    return total


def normal_scores(places: Floats) -> Floats:
    """Return standard normal quantiles of ranks: outliers, of which there are catastrophic ones, count as last, no more.

    Args:
        places: ``(teams,)`` costs or places, less being better; equals share the mean of their ranks.

    Returns:
        ``(teams,)``, more being better.
    """
    shares = (mean_ranks(places) - 0.5) / len(places)
    quantile = NormalDist().inv_cdf
    return np.array([-quantile(float(share)) for share in shares])


def _covariance(members: Sequence[Floats], sharpness: float) -> Floats:
    covariance = kernel(likeness(members, members, sharpness))
    covariance[np.diag_indices_from(covariance)] += NOISE
    return covariance


def _evidence(members: Sequence[Floats], scores: Floats, sharpness: float) -> float:
    """Return the logarithm of the scores' likelihood, twice and without its constant."""
    covariance = _covariance(members, sharpness)
    fit = scores @ np.linalg.solve(covariance, scores)
    return float(-fit - np.linalg.slogdet(covariance)[1])


def _likeness(first: Floats, second: Floats, sharpness: float) -> Floats:
    squares = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1)
    distances = np.maximum(squares - 2.0 * first @ second.T, 0.0)
    found: Floats = np.exp(-sharpness * distances)
    return found
