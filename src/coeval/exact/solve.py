"""The minimum-error sequence of a length, with its certificate.

Every length is covered in turn by a search (trees, chains, DAGs); the last one is scored as it is
enumerated and never kept. What does not fit the budget is told before it is begun.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from coeval.architecture.program import Operation
from coeval.errors import SpaceError
from coeval.exact.certificate import Certificate, Constants, Semantics, Verdict
from coeval.exact.chain import ChainSearch
from coeval.exact.clock import Clock, OutOfTimeError, Progress
from coeval.exact.dag import DagSearch
from coeval.exact.front import Found, Programs
from coeval.exact.score import make_target
from coeval.exact.scorer import Scorer
from coeval.exact.search import Search
from coeval.exact.size import check_length, count
from coeval.exact.tree import TreeSearch
from coeval.exact.vocabulary import Vocabulary, make_vocabulary
from coeval.exact.writer import program_operations

GRID = (1.0, 2.0, 3.0, 5.0, 10.0, -1.0, 0.5, 0.1, float(np.pi))
"""The numbers of ``constants="grid"`` where none are given."""


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """The answer to a search.

    Attributes:
        programs: The best sequence, or the features of the best linear model.
        weights: ``(c0, c1, …)`` of ``c0 + c1 · program 1 + …``; empty where nothing is fitted.
        error: Sum of squared errors.
        front: The best answer of every length that improves on shorter ones, shortest first.
        certificate: What is proven.
        operations: What the programs' codes stand for: the operations searched, then ``identity``.
        bank: The search with its distinct values: hand it to the next ``solve`` with the same inputs.
    """

    programs: Programs
    weights: tuple[float, ...]
    error: float
    front: tuple[Found, ...]
    certificate: Certificate
    operations: tuple[Operation, ...]
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
        semantics: Whether results are used once (tree), by the next step (chain), or at will (dag).
        constants: ``none``: the numbers alone. ``grid``: likewise, ``GRID`` where no numbers are given.
            ``linear``: scale and offset at the root as well. ``nonlinear``: constants anywhere.
        features: With ``linear``: sequences that the model combines, each of at most ``length``.
        seconds: Time allowed.
        memory_bytes: Memory allowed for distinct values.
        bank: The search of an earlier solution with the same inputs, numbers, operations and semantics.
        progress: Called about ten times a second.

    Raises:
        DataError: Inputs, target or numbers cannot be learnt from.
        SpaceError: The length or an operation cannot be used, or no sequence is defined on all examples.
    """
    check_length(length, semantics)
    if constants == "grid" and not numbers:
        numbers = GRID
    search = _search(make_vocabulary(columns, operations, numbers), semantics, bank)
    wanted = make_target(target, search.vocabulary.examples, scaled=constants == "linear")
    scorer = Scorer(search, wanted, Clock(seconds, progress))
    stopped = ""
    try:
        _cover(scorer, search, length, features)
    except (OutOfTimeError, KeyboardInterrupt) as reason:
        search.discard()
        timed = isinstance(reason, OutOfTimeError)
        stopped = f"Stopped after {seconds:g} s." if timed else "Interrupted."
    best = scorer.front.points[-1]
    return Solution(
        best.programs,
        best.weights,
        best.error,
        scorer.front.points,
        _certify(scorer, search, length, constants, features, stopped),
        program_operations(operations),
        search,
    )


def _search(vocabulary: Vocabulary, semantics: Semantics, bank: Search | None) -> Search:
    if bank is None:
        if semantics == "tree":
            return TreeSearch(vocabulary)
        return ChainSearch(vocabulary) if semantics == "chain" else DagSearch(vocabulary)
    if bank.semantics != semantics or not bank.vocabulary.matches(vocabulary):
        raise SpaceError(
            f"the bank must have the same inputs, numbers, operations and semantics, got one of "
            f"{bank.semantics}s over {len(bank.vocabulary.leaves)} leaves and {len(bank.vocabulary.operations)} "
            "operations. Leave the bank out, or search what it was made for."
        )
    return bank


def _cover(scorer: Scorer, search: Search, length: int, features: int) -> None:
    """Score every sequence of at most a length, or all up to one whose error is zero."""
    least = 1 if search.semantics == "tree" else 0
    kept = length if features > 1 else search.reach(length)
    for one in range(least, kept + 1):
        if one <= search.covered:
            scorer.score_kept(one)
        else:
            scorer.grow()
        if features > 1:
            scorer.combine(one)
        if scorer.front.is_exact:
            scorer.covered = length
            return
    if features == 1:
        for one in range(kept + 1, min(search.covered, length) + 1):
            scorer.score_kept(one)
        scorer.stream(length)


def _certify(
    scorer: Scorer, search: Search, length: int, constants: Constants, features: int, stopped: str
) -> Certificate:
    vocabulary = search.vocabulary
    budget = vocabulary.step_budget
    proof = Verdict.OPTIMAL if budget is None else Verdict.WITHIN_STEPS
    pruning = ["equal values merged, all their bits compared"]
    if scorer.front.is_exact:
        pruning.append("ended at an error of zero")
    covered = scorer.covered
    least = 1 if search.semantics == "tree" else 0
    sequences = 0
    if covered >= least:
        sequences = count(search.semantics, covered, len(vocabulary.leaves), vocabulary.operations)
    return Certificate(
        verdict=proof if covered >= length else Verdict.BEST_FOUND,
        semantics=search.semantics,
        constants=constants,
        features=features,
        length=length,
        covered=covered,
        sequences=sequences,
        evaluated=scorer.evaluated,
        distinct=len(search),
        pruning=tuple(pruning),
        arithmetic="float64, errors of all that may be best computed one by one",
        steps=budget,
        stopped=stopped,
    )
