"""Hyperband around any strategy: brackets that stop early, less early and not at all, in turn."""

import math
from collections.abc import Sequence

from coeval.strategy.fidelity_engine import Engine
from coeval.strategy.fidelity_ladder import Ladder
from coeval.strategy.halving import ENOUGH
from coeval.strategy.objectives import Objectives
from coeval.strategy.protocol import Strategy
from coeval.strategy.rungs_brackets import Brackets, Shape, shape
from coeval.trial import Objective, Proposal, Trial


def shapes(rungs: int, eta: int) -> list[Shape]:
    """Return Hyperband's brackets for a number of rungs, the one that stops earliest first.

    Each spends about as much as the others (Li et al. 2018, arXiv:1603.06560, algorithm 1).

    Example:
        >>> [one.sizes for one in shapes(3, 3)]
        [(9, 3, 1), (5, 1), (3,)]
    """
    return [
        shape(first, math.ceil(rungs / (rungs - first) * eta ** (rungs - 1 - first)), rungs, eta)
        for first in range(rungs)
    ]


class Hyperband:
    """Successive halving from every rung in turn, which hedges against low rungs that rank badly.

    Promotions and what the inner strategy hears of are as in ``SuccessiveHalving``. Rungs below a bracket's
    first one have no value of its candidates; their copies of the inner strategy count them as failed.

    Args:
        inner: A fresh strategy that proposes at full fidelity.
        objective: What promotions compare; several for fronts.
        fidelities: Rising shares of the epochs, the last 1; the paper's ratio of neighbours is ``eta``.
        eta: The best 1 / eta of a rung are promoted.
        continues: Whether promotions continue from the lower rung, see ``Ladder``.
        enough: Values that a rung must have before the inner strategy learns from it.

    Raises:
        ValueError: The fidelities do not rise to 1, ``eta`` is below 2, or ``enough`` below 1.
    """

    def __init__(
        self,
        inner: Strategy,
        objective: Objective | Sequence[Objective],
        *,
        fidelities: Sequence[float],
        eta: int = 3,
        continues: bool = True,
        enough: int = ENOUGH,
    ) -> None:
        ladder = Ladder(tuple(fidelities), eta, continues)
        objectives = Objectives(objective)
        rules = Brackets(objectives, shapes(ladder.top + 1, eta), eta)
        self._engine = Engine(inner, objectives, ladder, rules, enough=enough, name="hyperband")

    def ask(self, count: int) -> list[Proposal]:
        """Return promotions of complete rungs, then candidates for the bracket being filled."""
        return self._engine.ask(count)

    def tell(self, trial: Trial) -> None:
        """Record a trial."""
        self._engine.tell(trial)
