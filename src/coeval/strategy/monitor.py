"""The known failures of coevolution, measured on a log (reference D.2): plain values for a report.

- disengagement: generations in which all judgements are equal, so that selection is blind (Cartlidge & Bullock 2004);
- forgetting: how often a champion checked on all rows was worse than an earlier one;
- drift: rank correlation of errors on few rows with those on all, for programs judged on both;
- takeover: the largest share of one meaning among the trials of a stretch;
- bloat: how much more is computed for a candidate late than early.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coeval.space.protocol import Candidate
from coeval.statistics import spearman
from coeval.trial import Objective, State, Trial

LEAST = 8
"""Values below which a correlation or a share is not told."""
STRETCH = 100
"""Trials of one origin and part that count as a generation where nothing else tells generations apart."""


@dataclass(frozen=True, slots=True)
class Pathologies:
    """What went wrong, and how far; ``None`` where the log does not tell.

    Attributes:
        disengagement: Share of stretches in which no two defined candidates differ in error.
        forgetting: Share of checks on all rows, the first aside, that were worse than the best before.
        drift: Rank correlation of errors on few rows with those on all; 1 is none.
        takeover: Largest share of one semantic key in any stretch of trials on all rows.
        bloat: Work for a new candidate in the last quarter over that in the first.
        failed: Share of candidates that were undefined or failed otherwise.
    """

    disengagement: float | None
    forgetting: float | None
    drift: float | None
    takeover: float | None
    bloat: float | None
    failed: float | None

    def warnings(self) -> list[str]:
        """Return what a person should know, a sentence each; none in a healthy search."""
        found = []
        if self.disengagement is not None and self.disengagement > 0.1:
            found.append(
                f"In {self.disengagement:.0%} of the generations all candidates were judged equal: "
                "the rows do not tell them apart. Judge on more rows."
            )
        if self.drift is not None and self.drift < 0.5:
            found.append(
                f"Errors on few rows and on all rows correlate by {self.drift:.2f} only. "
                "Judge on more rows, or on all."
            )
        if self.takeover is not None and self.takeover > 0.5:
            found.append(
                f"One function makes up {self.takeover:.0%} of a generation. Raise population or fresh."
            )
        if self.bloat is not None and self.bloat > 2:
            found.append(f"Candidates grew {self.bloat:.1f} times longer. Lower length.")
        return found


def pathologies(trials: Sequence[Trial], objective: Objective) -> Pathologies:
    """Return the failures of a search.

    Args:
        trials: Its finished trials in the order of their numbers; running ones are left out.
        objective: What was minimised.
    """
    finished = [one for one in trials if one.state is not State.RUNNING]
    stretches = _stretches(finished)
    return Pathologies(
        disengagement=_disengagement(stretches, objective),
        forgetting=_forgetting(finished, objective),
        drift=_drift(finished, objective),
        takeover=_takeover(stretches),
        bloat=_bloat(finished),
        failed=_share([one.state is State.FAILED for one in finished]),
    )


def _stretches(trials: Sequence[Trial]) -> list[list[Trial]]:
    """Return runs of trials on the same rows, with the same origin and moves, cut after ``STRETCH``."""
    found: list[list[Trial]] = []
    last: object = None
    for one in trials:
        asked = one.proposal
        moves = (
            asked.moves if asked.cases is None else ()
        )  # few rows tell generations apart already
        kind = (asked.cases, asked.origin, moves)
        if kind != last or len(found[-1]) == STRETCH:
            found.append([])
        found[-1].append(one)
        last = kind
    return [one for one in found if len(one) >= LEAST]


def _disengagement(stretches: Sequence[Sequence[Trial]], objective: Objective) -> float | None:
    equal = []
    for one in stretches:
        costs = [cost for trial in one if (cost := objective.cost(trial)) < math.inf]
        if len(costs) >= 2:
            equal.append(max(costs) - min(costs) <= 1e-12 * abs(max(costs)))
    return _share(equal)


def _forgetting(trials: Sequence[Trial], objective: Objective) -> float | None:
    worse: list[bool] = []
    best = math.inf
    for one in trials:
        if one.is_comparable and one.proposal.origin.startswith("champion"):
            cost = objective.cost(one)
            if best < math.inf:
                worse.append(cost > best)
            best = min(best, cost)
    return _share(worse)


def _drift(trials: Sequence[Trial], objective: Objective) -> float | None:
    """Return how the last error on few rows before a judgement on all rows ranks with it."""
    few: dict[Candidate, float] = {}
    pairs: list[tuple[float, float]] = []
    for one in trials:
        cost = objective.cost(one)
        if cost == math.inf:
            continue
        if one.proposal.cases is not None:
            few[one.proposal.candidate] = cost
        elif one.proposal.candidate in few:
            pairs.append((few[one.proposal.candidate], cost))
    if len(pairs) < LEAST:
        return None
    predicted, exact = np.array(pairs).T
    found = spearman(predicted, exact)
    return None if math.isnan(found) else float(found)


def _takeover(stretches: Sequence[Sequence[Trial]]) -> float | None:
    shares = []
    for one in stretches:
        keys = [
            trial.measurement.data["key"]
            for trial in one
            if trial.measurement is not None and "key" in trial.measurement.data
        ]
        if len(keys) >= LEAST:
            shares.append(Counter(keys).most_common(1)[0][1] / len(keys))
    return max(shares, default=None)


def _bloat(trials: Sequence[Trial]) -> float | None:
    work = [
        points
        for one in trials
        if one.measurement is not None
        and one.proposal.cases is None
        and (points := one.measurement.cost.get("point_evaluations", 0.0)) > 0
    ]
    quarter = len(work) // 4
    if quarter < LEAST:
        return None
    return float(np.mean(work[-quarter:]) / np.mean(work[:quarter]))


def _share(facts: Sequence[bool]) -> float | None:
    return sum(facts) / len(facts) if facts else None
