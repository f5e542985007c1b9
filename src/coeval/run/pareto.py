"""The Pareto front of measured trials."""

import numpy as np
import numpy.typing as npt


def nondominated(costs: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
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
    if costs.ndim != 2:
        raise ValueError(
            f"costs must have shape (trials, objectives), got {costs.shape}. "
            "For one objective pass costs[:, None]."
        )
    if np.isnan(costs).any():
        raise ValueError("costs must hold no NaN; leave out trials without a value.")
    kept = np.ones(len(costs), dtype=bool)
    for i, row in enumerate(costs):
        rivals = costs[kept]  # a dominated row dominates nothing that its master does not
        kept[i] = not ((rivals <= row).all(axis=1) & (rivals < row).any(axis=1)).any()
    return kept
