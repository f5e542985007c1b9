"""A whole comparison as one value, as JSON, and as rows to print."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from coeval.evaluate.table import Table
from coeval.run.bench import Contest, Search
from coeval.run.bench_random import Expectation
from coeval.run.bench_summary import Summary, summarise
from coeval.run.bench_truth import Truth

RANDOM = "random, exact"
CHECKPOINTS = (10, 30, 100, 300, 1000, 3000, 10_000)


@dataclass(frozen=True, slots=True)
class Result:
    """What a comparison found.

    Attributes:
        table: What was searched.
        contest: Under which rules.
        truth: What the table knows.
        random: Random search's exact expectation.
        summaries: Of every strategy that finished a search, the best first.
        is_complete: Whether every search was finished.
    """

    table: Table
    contest: Contest
    truth: Truth
    random: Expectation
    summaries: tuple[Summary, ...]
    is_complete: bool

    @property
    def axis(self) -> str:
        """Return what regret means here."""
        if len(self.truth.objectives) > 1:
            return "share of the best hypervolume that is missing"
        name = self.truth.objectives[0].name.replace("_", " ")
        own = "validation " if self.truth.test is not None else ""
        return f"{own}{name}, distance to the best"


def result_of(
    table: Table,
    contest: Contest,
    truth: Truth,
    random: Expectation,
    searches: Sequence[Search],
    *,
    is_complete: bool,
) -> Result:
    """Return the result of finished searches."""
    names = dict.fromkeys(one.strategy for one in searches)
    found = [
        summarise([one for one in searches if one.strategy == name], truth.within) for name in names
    ]
    found.sort(key=lambda one: (one.regret[-1], one.median, sum(one.regret)))
    return Result(table, contest, truth, random, tuple(found), is_complete)


def checkpoints(evaluations: int) -> list[int]:
    """Return after how many evaluations regrets are told: at most three numbers, the last being all.

    Example:
        >>> checkpoints(300), checkpoints(7)
        ([30, 100, 300], [7])
    """
    return [*[one for one in CHECKPOINTS if one < evaluations][-2:], evaluations]


def to_json(result: Result, seeds: int) -> dict[str, Any]:
    """Return the result as plain JSON values; what is not known, or infinite, is null."""
    truth, contest = result.truth, result.contest
    return {
        "table": result.table.name,
        "source": result.table.source,
        "members": len(truth.feasible),
        "feasible": int(truth.feasible.sum()),
        "objectives": [
            {"name": one.name, "maximise": one.maximise, "goal": one.goal}
            for one in truth.objectives
        ],
        "limits": {one.name: one.most for one in contest.limits},
        "evaluations": contest.evaluations,
        "seeds": seeds,
        "canonical": contest.canonical,
        "complete": result.is_complete,
        "regret": result.axis,
        "near": truth.within,
        "random": {
            "regret": list(result.random.regret),
            "test_regret": list(result.random.test_regret),
            "median_evaluations": _finite(result.random.median),
        },
        "strategies": [_summary(one) for one in result.summaries],
    }


def _summary(one: Summary) -> dict[str, Any]:
    return {
        "strategy": one.strategy,
        "searches": one.searches,
        "regret": list(one.regret),
        "regret_low": [_finite(value) for value in one.low],
        "regret_high": [_finite(value) for value in one.high],
        "test_regret": list(one.test_regret),
        "test_regret_error": [_finite(value) for value in one.test_error],
        "median_evaluations": _finite(one.median),
        "reached": one.reached,
        "trials": one.asked,
        "distinct": one.distinct,
        "cpu_seconds": one.seconds,
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
