"""Who is better, over tables: mean ranks, the share of the best tool's gain, and the Nemenyi test.

Follows Demšar 2006 (*Statistical Comparisons of Classifiers over Multiple Data Sets*, JMLR 7), section 3.2.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

Floats = npt.NDArray[np.float64]
LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class Block:
    """One table under one seed, on which tools are compared.

    Attributes:
        table: Its name.
        constant: The score of a constant answer.
        scores: By tool; less is better, NaN where a tool failed.
    """

    table: str
    constant: float
    scores: Mapping[str, float]


def ranks(block: Block, tools: Sequence[str]) -> Floats:
    """Return ``(tools,)`` ranks, 1 the best; ties share their mean rank, and so do all that failed, at the end."""
    found = np.array([block.scores[tool] for tool in tools])
    return np.asarray(stats.rankdata(np.where(np.isnan(found), math.inf, found)))


def normalised(block: Block, tools: Sequence[str]) -> Floats:
    """Return ``(tools,)`` shares of the best tool's gain over the constant answer: 1 the best, 0 no better than it.

    A tool that failed, or is worse than the constant, has 0. Where none is better than the constant, all have 0 but the best.
    """
    found = np.array([block.scores[tool] for tool in tools])
    best = np.nanmin(found) if np.isfinite(found).any() else math.nan
    gain = block.constant - best
    if not gain > 0:
        return np.asarray(found == best, np.float64)
    return np.clip(np.nan_to_num((block.constant - found) / gain, nan=0.0), 0.0, 1.0)


def over_tables(blocks: Sequence[Block], values: Sequence[Floats]) -> Floats:
    """Return ``(tables, tools)`` means over the seeds of each table, in order of first appearance."""
    tables = list(dict.fromkeys(block.table for block in blocks))
    return np.array(
        [
            np.mean([v for b, v in zip(blocks, values, strict=True) if b.table == table], axis=0)
            for table in tables
        ]
    )


def friedman(by_table: Floats) -> float:
    """Return the probability of ranks ``(tables, tools)`` as far apart if all tools were alike; 1 with fewer than 3 of either."""
    if min(by_table.shape) < 3:
        return 1.0
    return float(stats.friedmanchisquare(*by_table.T).pvalue)


def critical_difference(tools: int, tables: int) -> float:
    """Return by how much two mean ranks differ significantly at the 5 % level (Nemenyi 1963).

    Example:
        >>> round(critical_difference(4, 14), 2)  # Demšar's own example
        1.25
    """
    q = stats.studentized_range.ppf(1 - LEVEL, tools, math.inf) / math.sqrt(2)
    return float(q * math.sqrt(tools * (tools + 1) / (6 * tables)))


def alike(mean_ranks: Sequence[float], difference: float) -> list[tuple[float, float]]:
    """Return the longest stretches of mean ranks no wider than the difference that hold at least two tools, from the left.

    Example:
        >>> alike([1.0, 1.5, 3.0, 3.2], 1.6)
        [(1.0, 1.5), (1.5, 3.0), (3.0, 3.2)]
    """
    found: list[tuple[float, float]] = []
    ordered = sorted(mean_ranks)
    for low in ordered:
        high = max(one for one in ordered if one - low <= difference)
        if high > low and not any(a <= low and high <= b for a, b in found):
            found.append((low, high))
    return found
