"""NSGA-III's selection: a normalised frame of the front, and niches along reference directions.

Deb & Jain 2014 (doi:10.1109/TEVC.2013.2281535), section IV, algorithms 2 to 4.
"""

import itertools
import math

import numpy as np
import numpy.typing as npt

from coeval.pareto import pareto_ranks

Costs = npt.NDArray[np.float64]


class Frame:
    """The ideal point and the extreme points that all generations so far have shown.

    Args:
        objectives: Their number.
    """

    def __init__(self, objectives: int) -> None:
        self.ideal = np.full(objectives, np.inf)
        self.extremes = np.empty((0, objectives))

    def normalised(self, costs: Costs, front: Costs) -> Costs:
        """Return costs with the ideal point at 0 and the front's intercepts at 1 (algorithm 2).

        Args:
            costs: ``(trials, objectives)`` to be mapped.
            front: ``(front, objectives)`` of the first front among them.
        """
        self.ideal = np.minimum(self.ideal, costs.min(axis=0))
        pool = np.vstack([self.extremes, front])
        weights = np.where(np.eye(len(self.ideal)) == 1, 1.0, 1e-6)
        achieved = ((pool - self.ideal)[:, None, :] / weights).max(axis=2)
        self.extremes = pool[achieved.argmin(axis=0)]
        return np.asarray((costs - self.ideal) / self._spans(front))

    def _spans(self, front: Costs) -> Costs:
        """Return the distances from the ideal point to the intercepts of the plane through the extreme points.

        Where there is no such plane, or it lies beyond anything seen on the front, the front's own spans serve.
        """
        worst = front.max(axis=0) - self.ideal
        try:
            plane = np.linalg.solve(self.extremes - self.ideal, np.ones(len(self.ideal)))
        except np.linalg.LinAlgError:
            plane = np.zeros(len(self.ideal))
        spans = np.where(plane > 0, 1 / np.where(plane > 0, plane, 1.0), worst)
        if (spans > worst).any() or not np.isfinite(spans).all():
            spans = worst
        return np.maximum(spans, 1e-12)


def reference_directions(objectives: int, most: int) -> Costs:
    """Return evenly spread directions: the simplex lattice of the most divisions that has at most ``most`` points.

    Das & Dennis 1998 (doi:10.1137/S1052623496307510), section V of Deb & Jain.

    Args:
        objectives: Number of objectives.
        most: Directions at most.

    Returns:
        ``(directions, objectives)``, each of sum 1.

    Example:
        >>> reference_directions(2, 3).tolist()
        [[0.0, 1.0], [0.5, 0.5], [1.0, 0.0]]
    """
    if objectives == 1:
        return np.ones((1, 1))
    divisions = 1
    while math.comb(divisions + objectives, objectives - 1) <= most:
        divisions += 1
    bars = itertools.combinations(range(divisions + objectives - 1), objectives - 1)
    edges = np.array([(-1, *one, divisions + objectives - 1) for one in bars])
    return np.asarray((np.diff(edges, axis=1) - 1) / divisions)


def survivors(
    costs: Costs, count: int, directions: Costs, frame: Frame, rng: np.random.Generator
) -> list[int]:
    """Return the rows that live on: whole fronts, and of the last one those that fill empty directions.

    Args:
        costs: ``(trials, objectives)`` of feasible trials, more than ``count``.
        count: How many live on.
        directions: ``(directions, objectives)`` reference directions.
        frame: What is known of the front's place; learns from these costs.
        rng: Breaks ties.

    Returns:
        Row numbers, earlier fronts first.
    """
    ranks = pareto_ranks(costs)
    sizes = np.cumsum(np.bincount(ranks))
    last = int(np.searchsorted(sizes, count))
    considered = np.flatnonzero(ranks <= last)
    considered = considered[np.argsort(ranks[considered], kind="stable")]
    scaled = frame.normalised(costs[considered], costs[ranks == 0])
    niches, distances = associate(scaled, directions)
    sure = int(np.count_nonzero(ranks < last))
    chosen = _fill(niches, distances, sure, count, len(directions), rng)
    return [int(considered[place]) for place in chosen]


def associate(scaled: Costs, directions: Costs) -> tuple[npt.NDArray[np.int64], Costs]:
    """Return each row's nearest direction and its perpendicular distance to it (algorithm 3).

    Args:
        scaled: ``(trials, objectives)`` normalised costs.
        directions: ``(directions, objectives)``.

    Returns:
        ``(trials,)`` direction numbers and ``(trials,)`` distances.
    """
    unit = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    along = scaled @ unit.T
    beside = np.maximum((scaled**2).sum(axis=1, keepdims=True) - along**2, 0.0)
    nearest = beside.argmin(axis=1)
    return nearest, np.sqrt(beside[np.arange(len(scaled)), nearest])


def _fill(
    niches: npt.NDArray[np.int64],
    distances: Costs,
    sure: int,
    count: int,
    directions: int,
    rng: np.random.Generator,
) -> list[int]:
    """Return the ``sure`` first places and ``count - sure`` others, always of the emptiest niche (algorithm 4).

    An empty niche takes its nearest candidate, another one any.
    """
    chosen = list(range(sure))
    crowd = np.bincount(niches[:sure], minlength=directions)
    waiting: dict[int, list[int]] = {}
    for place in sure + rng.permutation(len(niches) - sure):
        waiting.setdefault(int(niches[place]), []).append(int(place))
    ties = rng.permutation(directions)
    while len(chosen) < count:
        niche = min(waiting, key=lambda one: (crowd[one], ties[one]))
        places = waiting[niche]
        at = int(np.argmin(distances[places])) if crowd[niche] == 0 else len(places) - 1
        chosen.append(places.pop(at))
        crowd[niche] += 1
        if not places:
            del waiting[niche]
    return chosen
