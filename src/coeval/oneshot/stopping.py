"""When to stop because the loss gets too curved in the architecture weights: DARTS-ES (Zela et al. 2020, section 5.1)."""

from collections.abc import Sequence

WINDOW = 5
"""Values in a mean, and how far apart the two means are."""
RATIO = 0.75


def stopped_at(eigenvalues: Sequence[float], *, window: int = WINDOW) -> int | None:
    """Return the place to which the search goes back, or ``None`` where it may go on.

    With the mean ``m(i)`` of the last ``window`` values, the search stops at the first ``i`` where
    ``m(i - window) / m(i) < 0.75``, and the architecture of place ``i - window`` counts (equation 4 of the paper).

    Args:
        eigenvalues: The dominant eigenvalue after each slice.
        window: As ``WINDOW``.

    Example:
        >>> stopped_at([1.0] * 12), stopped_at([1.0] * 6 + [2.0] * 6)
        (None, 2)
    """
    means = [
        sum(eigenvalues[max(0, place - window + 1) : place + 1])
        / len(eigenvalues[max(0, place - window + 1) : place + 1])
        for place in range(len(eigenvalues))
    ]
    for place in range(window, len(means)):
        before, now = means[place - window], means[place]
        if now > 0 and before / now < RATIO:
            return place - window
    return None
