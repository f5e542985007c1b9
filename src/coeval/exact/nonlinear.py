"""Constants anywhere: every structure is tried, its constants are fitted by variable projection.

The structures are covered exhaustively; their constants are not, because the fit starts from many points
and may miss the best ones. So nothing here is ever called optimal.
"""

from coeval.exact.kernels.constants import family_of, fit_constants
from coeval.exact.plan import Plan, Why, refuse_excess
from coeval.exact.scorer import Scorer
from coeval.exact.search import Search
from coeval.exact.size import shortest
from coeval.exact.structure import OPEN, open_program, structures

ASSUMPTION = (
    "open constants fitted by variable projection from several starts, which may miss their best values: "
    "every structure was tried, no optimum is claimed"
)
"""What the certificate says."""


def cover_structures(scorer: Scorer, search: Search, plan: Plan) -> Why:
    """Cover the lengths in turn: at first what has no open constant, then the structures with them.

    Args:
        scorer: Holds a target with scale and offset, and the front.
        search: Without numbers, for which open constants stand.
        plan: What is wanted; ``fitted`` tells how far it came.

    Raises:
        BudgetError: The length does not fit, and is to be refused then.
        OutOfTimeError: The time is up.
    """
    for length in range(shortest(search.semantics), plan.length + 1):
        while search.covered < search.reach(length):
            scorer.grow()
        if length <= search.covered:
            scorer.score_kept(length)
        else:
            scorer.stream(length)
        if length == shortest(search.semantics):
            refuse_excess(scorer, search, plan)
        fit_structures(scorer, search, length)
        plan.fitted = length
        if scorer.front.exact_length <= length:
            return "solved"
        if plan.memory_bytes is not None and search.memory_bytes > plan.memory_bytes:
            return "memory"
    return "covered"


def fit_structures(scorer: Scorer, search: Search, length: int) -> None:
    """Fit the structures of a length, and offer them to the front.

    Args:
        scorer: Holds the target and the front.
        search: What has no open constant, covered as far as ``structures`` needs it.
        length: Of the structures.

    Raises:
        OutOfTimeError: The time is up.
    """
    vocabulary, target = search.vocabulary, scorer.target.values
    for steps in structures(search, length):
        program = open_program(steps, len(vocabulary.columns))
        family = family_of(program, vocabulary.columns, vocabulary.operations, vocabulary.functions)
        count = sum(operands.count(OPEN) for _, operands in steps)
        fit = fit_constants(family, count, target, constants="linear")
        scorer.offer_fit(length, fit, open_program(steps, len(vocabulary.columns), fit.constants))
