"""How far a search goes: the budget, the longest length that fits it, and the way there."""

import math
from dataclasses import dataclass, field
from typing import Literal

from coeval.errors import BudgetError
from coeval.exact.certificate import Semantics
from coeval.exact.chain import ChainSearch
from coeval.exact.clock import Clock
from coeval.exact.cost import Prediction, Rates, calibrate, predict
from coeval.exact.dag import DagSearch
from coeval.exact.scorer import Scorer
from coeval.exact.search import Search
from coeval.exact.size import shortest
from coeval.exact.tree import TreeSearch
from coeval.exact.vocabulary import Vocabulary

Why = Literal["covered", "solved", "time", "memory", "interrupted"]
"""Why a search ended: all was covered; the error is zero; the budget; Ctrl-C."""

CALIBRATION = 0.01
"""Share of the time that may be spent before the cost of the length is told."""
SHORT = 0.2
"""Seconds for that where the time is not limited but the memory is."""
ENOUGH = 2_000
"""Distinct values from which growth and speed are known well enough; a tenth of a second's work."""
MARGIN = 0.6
"""Share of the time left that a prediction may take up: extrapolations are wrong by as much."""


@dataclass(slots=True)
class Plan:
    """What is wanted, and what it may cost.

    Attributes:
        length: Most nodes or steps.
        features: Sequences that a linear model combines.
        clock: Measures the time allowed.
        memory_bytes: Memory allowed; ``None`` for as much as it takes.
        refuse: Whether a length that does not fit is an error.
        nonlinear: Whether constants anywhere are fitted.
        rates: What the calibration measured, once it was made.
        fitted: With ``nonlinear``, the longest length whose structures were all fitted; -1 for none.
    """

    length: int
    features: int
    clock: Clock
    memory_bytes: int | None
    refuse: bool
    nonlinear: bool = False
    rates: Rates | None = field(default=None)
    fitted: int = -1

    @property
    def is_limited(self) -> bool:
        """Return whether there is a budget."""
        return self.clock.seconds is not None or self.memory_bytes is not None


def make_search(vocabulary: Vocabulary, semantics: Semantics) -> Search:
    """Return a search that has covered nothing yet."""
    if semantics == "tree":
        return TreeSearch(vocabulary)
    return ChainSearch(vocabulary) if semantics == "chain" else DagSearch(vocabulary)


def cover(scorer: Scorer, search: Search, plan: Plan) -> Why:
    """Score every sequence up to the longest length that fits the budget, or up to an error of zero.

    Raises:
        BudgetError: The length does not fit, and is to be refused then.
        OutOfTimeError: The time is up before that.
    """
    for length in range(shortest(search.semantics), min(search.covered, plan.length) + 1):
        scorer.score_kept(length)
    while scorer.covered < min(plan.length, scorer.front.exact_length):
        goal = int(min(plan.length, scorer.front.exact_length))
        if plan.is_limited and not _is_calibrating(search, plan):
            fitting, obstacle = _goal(scorer, search, plan)
            goal = min(goal, fitting)
            if goal <= scorer.covered:
                return "solved" if scorer.front.exact_length <= plan.length else obstacle
        if search.covered < _kept_for(search, plan, goal):
            scorer.grow()
            scorer.meet(plan.length)  # and look again: the growth is known better then
        else:
            scorer.stream(goal)
    return "solved" if scorer.front.exact_length <= plan.length else "covered"


def _kept_for(search: Search, plan: Plan, length: int) -> int:
    """Return up to which length values must be kept to cover another."""
    return length if plan.features > 1 else search.reach(length)


def _is_calibrating(search: Search, plan: Plan) -> bool:
    """Return whether too little is known of the growth to tell the cost of a length."""
    allowed = SHORT if plan.clock.seconds is None else CALIBRATION * plan.clock.seconds
    return search.covered < shortest(search.semantics) or (
        plan.clock.elapsed < allowed
        and len(search) < ENOUGH
        and search.covered < _kept_for(search, plan, plan.length)
    )


def _goal(scorer: Scorer, search: Search, plan: Plan) -> tuple[int, Literal["time", "memory"]]:
    """Return the longest length that fits, and what the next one would exceed.

    Raises:
        BudgetError: The length that was asked for does not fit, and is to be refused then.
    """
    memory = math.inf if plan.memory_bytes is None else plan.memory_bytes
    for length in range(scorer.covered + 1, plan.length + 1):
        cost = cost_of(search, scorer, plan, length)
        if cost.memory_bytes > memory or cost.seconds > MARGIN * plan.clock.left:
            if plan.refuse:
                raise BudgetError(_refusal(cost_of(search, scorer, plan, plan.length), plan))
            return length - 1, "memory" if cost.memory_bytes > memory else "time"
    return plan.length, "time"


def cost_of(search: Search, scorer: Scorer, plan: Plan, length: int) -> Prediction:
    """Return what covering a length would cost from where the search stands."""
    if plan.rates is None:
        plan.rates = calibrate(search, scorer.target, nonlinear=plan.nonlinear)
    return predict(search, plan.rates, length, features=plan.features)


def refuse_excess(scorer: Scorer, search: Search, plan: Plan) -> None:
    """Refuse a length that does not fit, if that is wanted.

    Raises:
        BudgetError: It does not fit.
    """
    if plan.refuse:
        cost = cost_of(search, scorer, plan, plan.length)
        memory = math.inf if plan.memory_bytes is None else plan.memory_bytes
        if cost.seconds > plan.clock.left or cost.memory_bytes > memory:
            raise BudgetError(_refusal(cost, plan))


def _refusal(cost: Prediction, plan: Plan) -> str:
    limits = []
    if plan.clock.seconds is not None:
        limits.append(f"{plan.clock.seconds:g} seconds")
    if plan.memory_bytes is not None:
        limits.append(f"{plan.memory_bytes:,} bytes")
    return (
        f"length {cost.length} does not fit a budget of {' and '.join(limits)}: {cost.describe()}. "
        "Ask for a shorter length, raise the budget, or let the search stop at the longest that fits."
    )
