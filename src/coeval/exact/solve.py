"""The minimum-error sequence of a length, with its certificate.

Every length is covered in turn by a search (trees, chains, DAGs); the last one is scored as it is
enumerated and never kept. What does not fit the budget is told before it is begun.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy.typing as npt

from coeval.architecture.program import Operation
from coeval.errors import BudgetError, DataError, SpaceError
from coeval.exact.certificate import Certificate, Constants, Semantics
from coeval.exact.certify import certify
from coeval.exact.clock import Clock, OutOfTimeError, Progress
from coeval.exact.cost import Prediction
from coeval.exact.front import Found, Programs
from coeval.exact.kernels.constants import GRID
from coeval.exact.kernels.rational import ExactError, check_operations, exact_error
from coeval.exact.nonlinear import cover_structures
from coeval.exact.plan import Plan, Why, cost_of, cover, make_search
from coeval.exact.score import make_target
from coeval.exact.scorer import Scorer
from coeval.exact.search import Search
from coeval.exact.size import LONGEST, check_length, shortest
from coeval.exact.ties import Ties, decide
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
    ties: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> Solution:
    """Return the sequence of least squared error among those of at most a length, and what that is worth.

    It ends early at the deadline, at the longest length that fits the budget, on Ctrl-C, and where the
    error is zero as far as float64 can tell; the certificate says so, and the best so far is returned.

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
        ties: Whether answers that float64 cannot tell apart are compared in rational arithmetic, with 50
            digits where an operation is transcendental: the least exact error wins, then the shortest.
        progress: Called about ten times a second.

    Raises:
        DataError: Inputs, target or numbers cannot be learnt from, or no sequence has a finite error.
        BudgetError: The budget is not positive or is spent before anything is found, or the length does
            not fit and ``excess`` is ``refuse``.
        SpaceError: The length or an operation cannot be used, or the bank is one of others.
    """
    check_length(length, semantics)
    _check_options(operations, constants, features, ties=ties)
    if constants == "grid" and not numbers:
        numbers = GRID
    nonlinear = constants == "nonlinear"
    vocabulary = make_vocabulary(columns, operations, () if nonlinear else numbers)
    search = _search(vocabulary, semantics, bank)
    wanted = make_target(target, vocabulary.examples, scaled=constants in ("linear", "nonlinear"))
    _check_points(vocabulary.examples, features)
    clock = Clock(seconds, progress)
    plan = Plan(length, features, clock, memory_bytes, excess == "refuse", nonlinear)
    book = Ties(wanted.values) if ties else None
    scorer = Scorer(search, wanted, clock, features=features, ties=book)
    why = _run(scorer, search, plan)
    points, tied = scorer.front.points, None
    if book is not None:

        def exact(programs: Programs) -> ExactError:
            return exact_error(
                programs,
                vocabulary.columns,
                wanted.values,
                program_operations(operations),
                constants="linear" if wanted.scaled else "none",
            )

        points, tied = decide(scorer.front, book, exact, lambda: clock.left <= 0)
    best = points[-1]
    following = max(plan.fitted if nonlinear else scorer.covered, shortest(semantics) - 1) + 1
    return Solution(
        best.programs,
        best.weights,
        best.error,
        points,
        certify(scorer, search, plan, constants, why, best, tied),
        why,
        program_operations(operations),
        cost_of(search, scorer, plan, min(following, LONGEST)),
        search,
    )


def _check_options(
    operations: Sequence[Operation], constants: Constants, features: int, *, ties: bool
) -> None:
    if features > 1 and constants != "linear":
        raise SpaceError(
            f"features={features} combines sequences linearly, got constants={constants!r}. "
            "Use constants='linear', or one feature."
        )
    if ties and constants == "nonlinear":
        raise SpaceError(
            "ties are decided between given constants, got constants='nonlinear', whose fit is approximate. "
            "Leave ties out, or use other constants."
        )
    if ties:
        check_operations(operations)


def _check_points(examples: int, features: int) -> None:
    if features > 1 and examples <= features + 1:
        raise DataError(
            f"a linear model of {features} sequences has {features + 1} constants and needs more examples "
            f"than that, got {examples}. Give more, or combine fewer."
        )


def _run(scorer: Scorer, search: Search, plan: Plan) -> Why:
    """Search until something ends it; something is found then.

    Raises:
        BudgetError: The length is refused, or the time is up before anything is found.
        DataError: No sequence has a finite error.
        KeyboardInterrupt: Ctrl-C came before anything was found.
    """
    try:
        why = (cover_structures if plan.nonlinear else cover)(scorer, search, plan)
    except (OutOfTimeError, KeyboardInterrupt) as reason:
        search.discard()
        why = "time" if isinstance(reason, OutOfTimeError) else "interrupted"
        if not scorer.front.points and why == "interrupted":
            raise
        if scorer.front.exact_length <= plan.length:
            why = "solved"
    if not scorer.front.points and why in ("time", "memory"):
        raise BudgetError(
            "the budget was spent before any sequence with a finite error was found. Raise it."
        )
    if not scorer.front.points:
        raise DataError(
            f"every sequence of length {plan.length} or less is undefined on some example or has squared errors "
            "beyond float64. Give inputs of the target's size, or other operations."
        )
    return why


def _search(vocabulary: Vocabulary, semantics: Semantics, bank: Search | None) -> Search:
    if bank is None:
        search = make_search(vocabulary, semantics)
        for _ in search.grow():  # the leaves: so much is there however soon the search ends
            pass
        return search
    if bank.semantics != semantics or not bank.vocabulary.matches(vocabulary):
        raise SpaceError(
            f"the bank must have the same inputs, numbers, operations and semantics, got one of "
            f"{bank.semantics}s over {len(bank.vocabulary.leaves)} leaves and {len(bank.vocabulary.operations)} "
            "operations. Leave the bank out, or search what it was made for."
        )
    return bank
