"""The minimum-error sequence of a length, with its certificate.

Every length is covered in turn by a search (trees, chains, DAGs); the last one is scored as it is
enumerated and never kept. What does not fit the budget is told before it is begun.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy.typing as npt

from coeval.architecture.program import Operation
from coeval.errors import SpaceError
from coeval.exact.certificate import Certificate, Constants, Semantics, Verdict
from coeval.exact.clock import Clock, OutOfTimeError, Progress
from coeval.exact.cost import Prediction
from coeval.exact.front import Found, Programs
from coeval.exact.kernels.constants import GRID
from coeval.exact.nonlinear import ASSUMPTION, cover_structures
from coeval.exact.plan import Plan, Why, cost_of, cover, make_search
from coeval.exact.score import make_target
from coeval.exact.scorer import Scorer
from coeval.exact.search import Search
from coeval.exact.size import LONGEST, check_length, count, shortest
from coeval.exact.vocabulary import Vocabulary, make_vocabulary
from coeval.exact.writer import program_operations


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """The answer to a search.

    Attributes:
        programs: The best sequence, or the features of the best linear model.
        weights: ``(c0, c1, …)`` of ``c0 + c1 · program 1 + …``; empty where nothing is fitted.
        error: Sum of squared errors.
        front: The best answer of every length that improves on shorter ones, shortest first.
        certificate: What is proven.
        why: Why the search ended.
        operations: What the programs' codes stand for: the operations searched, then ``identity``.
        next_cost: What the first length that is not covered yet would cost.
        bank: The search with its distinct values: hand it to the next ``solve`` with the same inputs.
    """

    programs: Programs
    weights: tuple[float, ...]
    error: float
    front: tuple[Found, ...]
    certificate: Certificate
    why: Why
    operations: tuple[Operation, ...]
    next_cost: Prediction
    bank: Search


def solve(
    columns: Sequence[npt.ArrayLike],
    target: npt.ArrayLike,
    operations: Sequence[Operation],
    length: int,
    *,
    numbers: Sequence[float] = (),
    semantics: Semantics = "tree",
    constants: Constants = "none",
    features: Literal[1, 2] = 1,
    seconds: float | None = None,
    memory_bytes: int | None = None,
    excess: Literal["stop", "refuse"] = "stop",
    bank: Search | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Solution:
    """Return the sequence of least squared error among those of at most a length, and what that is worth.

    It ends early at the deadline, at the longest length that fits the budget, on Ctrl-C, and where the
    error is zero to the last bit; the certificate says so, and the best so far is returned.

    Args:
        columns: One ``(examples,)`` array for each input.
        target: ``(examples,)``.
        operations: What a step may be.
        length: Most nodes of a tree, leaves included; most steps of a chain or DAG.
        numbers: Constants that sequences may use: leaves of trees, free of charge in chains and DAGs.
            ``nonlinear`` constants stand for all of them.
        semantics: Whether results are used once (tree), by the next step (chain), or at will (dag).
        constants: ``none``: the numbers alone. ``grid``: likewise, ``GRID`` where no numbers are given.
            ``linear``: scale and offset at the root as well. ``nonlinear``: constants anywhere.
        features: With ``linear``: sequences that the model combines, each of at most ``length``.
        seconds: Time allowed.
        memory_bytes: Memory allowed for what is kept.
        excess: Where the length does not fit the budget: ``stop`` at the longest that does, or ``refuse``.
        bank: The search of an earlier solution with the same inputs, numbers, operations and semantics.
        progress: Called about ten times a second.

    Raises:
        DataError: Inputs, target or numbers cannot be learnt from.
        BudgetError: The budget is not positive, or the length does not fit and ``excess`` is ``refuse``.
        SpaceError: The length or an operation cannot be used, or the bank is one of others.
    """
    check_length(length, semantics)
    if features > 1 and constants != "linear":
        raise SpaceError(
            f"features={features} combines sequences linearly, got constants={constants!r}. "
            "Use constants='linear', or one feature."
        )
    if constants == "grid" and not numbers:
        numbers = GRID
    nonlinear = constants == "nonlinear"
    vocabulary = make_vocabulary(columns, operations, () if nonlinear else numbers)
    search = _search(vocabulary, semantics, bank)
    wanted = make_target(target, vocabulary.examples, scaled=constants in ("linear", "nonlinear"))
    clock = Clock(seconds, progress)
    plan = Plan(length, features, clock, memory_bytes, excess == "refuse", nonlinear)
    scorer = Scorer(search, wanted, clock)
    try:
        why = (cover_structures if nonlinear else cover)(scorer, search, plan)
    except (OutOfTimeError, KeyboardInterrupt) as reason:
        search.discard()
        if not scorer.front.points:
            raise
        why = "time" if isinstance(reason, OutOfTimeError) else "interrupted"
        if scorer.front.exact_length <= length:
            why = "solved"
    best = scorer.front.points[-1]
    covered = plan.fitted if nonlinear else scorer.covered
    return Solution(
        best.programs,
        best.weights,
        best.error,
        scorer.front.points,
        _certify(scorer, search, plan, constants, why),
        why,
        program_operations(operations),
        cost_of(search, scorer, plan, min(covered + 1, LONGEST)),
        search,
    )


def _search(vocabulary: Vocabulary, semantics: Semantics, bank: Search | None) -> Search:
    if bank is None:
        return make_search(vocabulary, semantics)
    if bank.semantics != semantics or not bank.vocabulary.matches(vocabulary):
        raise SpaceError(
            f"the bank must have the same inputs, numbers, operations and semantics, got one of "
            f"{bank.semantics}s over {len(bank.vocabulary.leaves)} leaves and {len(bank.vocabulary.operations)} "
            "operations. Leave the bank out, or search what it was made for."
        )
    return bank


def _certify(
    scorer: Scorer, search: Search, plan: Plan, constants: Constants, why: Why
) -> Certificate:
    vocabulary = search.vocabulary
    budget = vocabulary.step_budget
    proof = Verdict.OPTIMAL if budget is None else Verdict.WITHIN_STEPS
    covered = plan.fitted if plan.nonlinear else scorer.covered
    is_proof = covered >= plan.length or scorer.front.exact_length <= plan.length
    sequences = 0
    if covered >= shortest(search.semantics):
        leaves = len(vocabulary.leaves) + plan.nonlinear
        sequences = count(search.semantics, covered, leaves, vocabulary.operations)
    return Certificate(
        verdict=proof if is_proof and not plan.nonlinear else Verdict.BEST_FOUND,
        semantics=search.semantics,
        constants=constants,
        features=plan.features,
        length=plan.length,
        covered=covered,
        sequences=sequences,
        evaluated=scorer.evaluated,
        distinct=len(search),
        pruning=_pruning(search.semantics, why, streamed=scorer.covered > search.covered),
        arithmetic="float64; whatever may be best is computed one by one, not from matrix products",
        assumptions=(ASSUMPTION,) if plan.nonlinear else (),
        steps=budget,
        stopped=_STOPPED[why],
    )


_STOPPED: dict[Why, str] = {
    "covered": "",
    "solved": "",
    "time": "The time was up, or the next length did not fit what was left of it.",
    "memory": "The next length did not fit the memory.",
    "interrupted": "Interrupted.",
}


def _pruning(semantics: Semantics, why: Why, *, streamed: bool) -> tuple[str, ...]:
    used = ["sequences of equal values merged, all bits of all examples compared"]
    if semantics == "dag":
        used.append("each set of values made in one order; a step of no use left out")
    if streamed:
        used.append("last length scored by bounds that rule out, survivors computed")
    if why == "solved":
        used.append("ended at an error of zero, which no sequence can be below")
    return tuple(used)
