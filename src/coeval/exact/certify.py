"""From how far a search came to its certificate: every way to call an answer optimal is here.

It takes that every sequence of the length was scored (``Scorer.covered``, which a length joins only when its
last block and its last model of two features are done), or an error that is zero up to rounding.
"""

from coeval.exact.certificate import Certificate, Constants, Semantics, TieCheck, Verdict
from coeval.exact.front import Found
from coeval.exact.kernels.direct import COLLINEAR
from coeval.exact.nonlinear import ASSUMPTION
from coeval.exact.plan import Plan, Why
from coeval.exact.scorer import Scorer
from coeval.exact.search import Search
from coeval.exact.size import count, shortest


def certify(
    scorer: Scorer,
    search: Search,
    plan: Plan,
    constants: Constants,
    why: Why,
    best: Found,
    ties: TieCheck | None,
) -> Certificate:
    """Return what an ended search vouches for.

    Args:
        scorer: How far it came.
        search: What it covered.
        plan: What was wanted.
        constants: Which constants sequences may hold.
        why: Why it ended.
        best: The answer.
        ties: The check of ties, if one was asked for.
    """
    vocabulary = search.vocabulary
    budget = vocabulary.step_budget
    proof = Verdict.OPTIMAL if budget is None else Verdict.WITHIN_STEPS
    covered = plan.fitted if plan.nonlinear else scorer.covered
    is_proof = covered >= plan.length or scorer.front.exact_length <= plan.length
    is_zero = ties.error == "0" if ties is not None and ties.compared else best.error == 0
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
        arithmetic=_arithmetic(plan, constants),
        assumptions=(ASSUMPTION,) if plan.nonlinear else (),
        steps=budget,
        stopped=_STOPPED[why],
        floor=None if is_zero or best.error > scorer.front.floor else scorer.front.floor,
        ties=ties,
    )


def _arithmetic(plan: Plan, constants: Constants) -> str:
    said = [
        "float64; whatever may be best is computed one by one, not from matrix products",
        "errors equal up to rounding (residual norms within 16 unit roundoffs of the target's) "
        "count as equal, and the shorter sequence stands for both",
    ]
    if constants in ("linear", "nonlinear"):
        said.append("what varies no more than its rounding counts as constant")
    if plan.features > 1:
        said.append(
            f"of two sequences that are collinear up to {COLLINEAR:.1e} of their size one is left out"
        )
    return "; ".join(said)


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
        used.append("ended at an error of zero, up to rounding, which no sequence can be below")
    return tuple(used)
