"""Several costs at once: Pareto fronts, ranks, crowding. Everything is minimised.

moocore computes fronts and ranks (Fonseca & López-Ibáñez, https://multi-objective.github.io/moocore).
"""

import moocore
import numpy as np
import numpy.typing as npt

Costs = npt.NDArray[np.float64]


def nondominated(costs: Costs) -> npt.NDArray[np.bool_]:
    """Say which rows no other row dominates (at most as large everywhere, smaller somewhere).

    Args:
        costs: ``(trials, objectives)``; every objective is minimised.

    Returns:
        ``(trials,)``. Equal rows stay together.

    Raises:
        ValueError: ``costs`` is not 2-D or holds a NaN.

    Example:
        >>> nondominated(np.array([[1.0, 2.0], [2.0, 1.0], [2.0, 2.0]])).tolist()
        [True, True, False]
    """
    return np.asarray(pareto_ranks(costs) == 0)


def pareto_ranks(costs: Costs) -> npt.NDArray[np.int64]:
    """Return the front of each row: 0 for the nondominated, 1 for those that only front 0 dominates, and so on.

    Args:
        costs: ``(trials, objectives)``; every objective is minimised. Infinities are allowed.

    Returns:
        ``(trials,)`` (Deb et al. 2002, section III.A, doi:10.1109/4235.996017).

    Raises:
        ValueError: ``costs`` is not 2-D or holds a NaN.
    """
    _check(costs)
    if costs.size == 0:
        return np.zeros(len(costs), dtype=np.int64)
    # Dominance asks for order alone; moocore 0.3.2 ranks infinities wrongly, so it gets each column's order.
    places = np.stack([np.unique(column, return_inverse=True)[1] for column in costs.T], axis=1)
    if places.shape[1] == 1:
        return np.asarray(places[:, 0], dtype=np.int64)
    return np.asarray(moocore.pareto_rank(places.astype(np.float64)), dtype=np.int64)


def crowding(costs: Costs) -> npt.NDArray[np.float64]:
    """Return each row's crowding distance among the rows of one front: large where it is lonely.

    Args:
        costs: ``(trials, objectives)`` of one front.

    Returns:
        ``(trials,)``; infinite at the ends of every objective (Deb et al. 2002, section III.B,
        doi:10.1109/4235.996017).

    Raises:
        ValueError: ``costs`` is not 2-D or holds a NaN.
    """
    _check(costs)
    distance = np.zeros(len(costs))
    for column in costs.T:
        order = np.argsort(column, kind="stable")
        values = column[order]
        distance[order[[0, -1]] if len(order) else []] = np.inf
        span = values[-1] - values[0] if len(order) else 0.0
        if span > 0 and np.isfinite(span):
            distance[order[1:-1]] += (values[2:] - values[:-2]) / span
    return distance


def _check(costs: Costs) -> None:
    if costs.ndim != 2:
        raise ValueError(
            f"costs must have shape (trials, objectives), got {costs.shape}. "
            "For one objective pass costs[:, None]."
        )
    if np.isnan(costs).any():
        raise ValueError("costs must hold no NaN; leave out trials without a value.")
