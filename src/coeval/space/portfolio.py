"""In which order the seeds are tried, told from what a table looks like: learnt on development tables, shipped as a file.

A portfolio is built greedily: each next seed is the one that most lowers what the best so far loses, averaged over the
development tables with those the most that look alike (Feurer et al. 2022, Auto-sklearn 2.0, arXiv:2007.04074, section 3.1, which
ignores how tables look). ``python -m benchmarks.portfolio`` measures the seeds and writes the file.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from coeval.task.table import Kind
from coeval.task.task import Problem, Task

FILE = Path(__file__).with_name("portfolio.json")
FIRST = "linear"
"""Whatever the order, this comes first where there is one: it takes a moment, and then there is a model."""
PLAIN, SOON = "mlp", 4
"""This one is among so many first: whatever is found is to stand beside a plain network, in a short search too."""
MANY = 8_000
"""Rows beyond those of the development tables, where there is time for few seeds: what says most in little time comes first."""
QUICK = (FIRST, "trees", "normed_bins", "normed", "slow_trees", "large_trees", "mlp", "realmlp")
"""In this order then: unlike kinds first. Of 40,000 rows of diamonds (validation RMSE of the networks, one training each) they took 3, 3, 3 and 4 s (551 and 621 for normed with and
without bins), the plain network 7 (618), RealMLP 9 (597) and the residual one 10 (560)."""
QUICK_OF_CATEGORIES = (FIRST, "normed", "trees", "normed_bins", "slow_trees", "mlp", "realmlp")
"""The same where most columns are categories, of which a network makes more: of connect_4 normed came to a log loss of .348 in validation, the trees to .385, the plain network to .394 and
RealMLP to .413."""
LATE = ("forest", "best_forest")
"""Last then: a forest took 13 s of 60,000 rows, twice as long as boosted trees, and was worse."""
CLOSE = 1.0
"""Distance at which a development table counts for 1/e of one that looks the same."""


@dataclass(frozen=True, slots=True)
class Looks:
    """What a table looks like.

    Attributes:
        rows: To learn from.
        columns: Of features, dropped ones left out.
        categorical: Share of them that are not numbers.
        classes: To tell apart; 0 for regression.
    """

    rows: int
    columns: int
    categorical: float
    classes: int

    def distance(self, other: "Looks") -> float:
        """Return how different two tables look: factors of ten of rows and columns, kinds of column and of problem."""
        apart = (
            math.log10((1 + self.rows) / (1 + other.rows)),
            math.log10((1 + self.columns) / (1 + other.columns)),
            2 * (self.categorical - other.categorical),
            self._problem() - other._problem(),
        )
        return math.hypot(*apart)

    def _problem(self) -> float:
        """Return 0 for values, 1 for two classes, more for many."""
        return math.sqrt(math.log2(max(self.classes, 1)))


@dataclass(frozen=True, slots=True)
class Known:
    """A development table: how it looks, and what each seed lost there, 0 being the best of them and 1 the worst."""

    looks: Looks
    losses: Mapping[str, float]


def looks_of(task: Task) -> Looks:
    """Return what a table looks like."""
    kept = [one for one in task.schema.columns if one.kind is not Kind.DROP]
    plain = sum(one.kind is Kind.NUMERIC for one in kept)
    classes = 0 if task.problem is Problem.REGRESSION else len(task.target.classes)
    columns = max(1, len(kept))
    return Looks(len(task.splits.train), columns, 1 - plain / columns, classes)


@cache
def portfolio() -> tuple[Known, ...]:
    """Return what was learnt, from the file."""
    return tuple(
        Known(Looks(**one["looks"]), one["losses"])
        for one in json.loads(FILE.read_text())["tables"]
    )


def order(names: Iterable[str], looks: Looks, known: Sequence[Known] | None = None) -> list[str]:
    """Return seeds in the order in which they should be tried; those that were never measured keep theirs, last.

    Args:
        names: Of the seeds.
        looks: Of the table at hand.
        known: What was learnt; the file's if not given.
    """
    tables = portfolio() if known is None else tuple(known)
    shares = [math.exp(-looks.distance(one.looks) / CLOSE) for one in tables]
    given = list(names)
    left = [name for name in given if all(name in one.losses for one in tables)]
    found: list[str] = []
    lost = [1.0] * len(tables)
    while tables and left:

        def still(name: str, lost: list[float] = lost) -> tuple[float, float, float]:
            """Return what the best of all tried would lose with this one too; among equals its own loss decides."""
            own = [one.losses[name] for one in tables]
            together = [min(pair) for pair in zip(lost, own, strict=True)]
            return -float(name == FIRST), _mean(shares, together), _mean(shares, own)

        best = min(left, key=still)
        left.remove(best)
        found.append(best)
        lost = [min(a, one.losses[best]) for a, one in zip(lost, tables, strict=True)]
    found += [name for name in given if name not in found]
    if looks.rows <= MANY:
        if PLAIN in found[SOON:]:
            found.remove(PLAIN)
            found.insert(SOON - 1, PLAIN)
        return found
    quick = QUICK_OF_CATEGORIES if looks.categorical > 0.5 else QUICK
    return sorted(found, key=lambda name: (*quick, name).index(name) + (name in LATE))


def _mean(shares: Sequence[float], values: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(shares, values, strict=True)) / sum(shares)
