"""Strategies in turns, each learning from all: what one model cannot see, another may.

A portfolio (Gomes & Selman 2001, doi:10.1016/S0004-3702(00)00081-3; of acquisition functions: Hoffman et al. 2011,
UAI) is as robust as its members' mistakes are different. Turns are fixed: nothing has to be learnt about who is better.
"""

from collections.abc import Mapping, Sequence

from coeval.space.protocol import CandidateSpace
from coeval.strategy.coevolution import Coevolution
from coeval.strategy.protocol import Strategy
from coeval.strategy.signals import Signal
from coeval.strategy.surrogate import SurrogateSearch
from coeval.trial import Objective, Proposal, Trial


class Portfolio:
    """Lets strategies propose in turns, and tells every trial to all of them.

    An ``ask`` returns one proposal at most: the next one is another's, who should know of it.

    Args:
        strategies: Trial ``k`` is the turn of number ``k`` modulo their count; who has nothing to propose
            leaves it to the next.

    Raises:
        ValueError: There are none.
    """

    def __init__(self, strategies: Sequence[Strategy]) -> None:
        if not strategies:
            raise ValueError("A portfolio needs one or more strategies, got none.")
        self.strategies = tuple(strategies)
        self._numbers: set[int] = set()

    def ask(self, count: int) -> list[Proposal]:
        """Return the proposal of whose turn it is; none if nobody has one."""
        if count == 0:
            return []
        turn = len(self._numbers) % len(self.strategies)
        for strategy in (*self.strategies[turn:], *self.strategies[:turn]):
            proposals = strategy.ask(1)
            if proposals:
                return proposals
        return []

    def tell(self, trial: Trial) -> None:
        """Record the trial, in all."""
        self._numbers.add(trial.number)
        for strategy in self.strategies:
            strategy.tell(trial)


def default_portfolio(
    space: CandidateSpace,
    objective: Objective | Sequence[Objective],
    seed: int = 0,
    *,
    signals: Mapping[str, Signal] | None = None,
) -> Portfolio:
    """Return the default search: a Gaussian process on graph features, and cooperative coevolution (ADR 6).

    Args:
        space: Where to search.
        objective: What is optimised; several for a Pareto front.
        seed: Below which every draw has its address.
        signals: Cheap scores of candidates, more is better; believed only as far as finished trials bear them out.
    """
    model = SurrogateSearch(space, objective, seed, signals=signals)
    return Portfolio([model, Coevolution(space, objective, seed)])
