"""What a search that cannot go on hands to one that can: its best distinct sequences."""

from typing import Literal

import numpy as np
import numpy.typing as npt

from coeval.exact.front import Found
from coeval.exact.score import make_target, score
from coeval.exact.search import Search
from coeval.exact.size import shortest


def best_kept(
    search: Search,
    target: npt.ArrayLike,
    count: int,
    *,
    constants: Literal["none", "linear"] = "linear",
) -> tuple[Found, ...]:
    """Return the kept sequences of least error on a target, which may be another than the search's own.

    Args:
        search: Such as a solution's ``bank``.
        target: ``(examples,)``.
        count: How many to return at most.
        constants: Whether scale and offset are fitted.

    Returns:
        Distinct values, the best first; the shorter first among equals.

    Raises:
        DataError: The target cannot be learnt from.
    """
    wanted = make_target(target, search.vocabulary.examples, scaled=constants == "linear")
    found: list[tuple[float, int, int, tuple[float, ...]]] = []
    number = 0
    for length in range(shortest(search.semantics), search.covered + 1):
        for block in search.kept(length):
            bar = found[-1][0] if len(found) >= count else np.inf
            kept, errors, weights = score(block.values, wanted, bar)
            found += [
                (float(error), length, number + int(row), tuple(fitted.tolist()))
                for error, row, fitted in zip(errors, kept, weights, strict=True)
                if np.isfinite(error)
            ]
            found = sorted(found)[:count]
            number += len(block.values)
    return tuple(
        Found(length, error, (search.program(value),), weights)
        for error, length, value, weights in found
    )
