"""Successive halving around any strategy (Jamieson & Talwalkar 2016, arXiv:1502.07943, section 3)."""

from collections.abc import Sequence

from coeval.strategy.fidelity_engine import Engine
from coeval.strategy.fidelity_ladder import Ladder
from coeval.strategy.objectives import Objectives
from coeval.strategy.protocol import Strategy
from coeval.strategy.rungs_brackets import Brackets, shape
from coeval.trial import Objective, Proposal, Trial

ENOUGH = 8
"""Values of a rung before the inner strategy learns from it; fewer do not tell good from lucky."""


class SuccessiveHalving:
    """Starts so many candidates of another strategy at the lowest fidelity, and promotes the best 1 / eta of each rung.

    Promotion is by ``Objectives.order``: feasible before infeasible, then fronts and crowding. A failed trial
    takes its place in the rung and is never promoted. A promotion is a new trial of the same candidate and
    repeat that ``continues`` its trial on the rung below.

    The inner strategy hears of each of its proposals once, under numbers of its own, as if at full
    fidelity; it exists once for each rung and hears only of that rung's values (``ModelPerRung``), so
    that it need not know of fidelities and never compares two. Who was stopped below a rung counts there
    as failed: a number, never a value.

    Args:
        inner: A fresh strategy that proposes at full fidelity.
        objective: What promotions compare; several for fronts.
        fidelities: Rising shares of the epochs, the last 1; ``geometric`` makes them.
        eta: The best 1 / eta of a rung are promoted.
        size: Candidates that start together; by default eta for every rung above the first, multiplied.
        continues: Whether promotions continue from the lower rung, see ``Ladder``.
        enough: Values that a rung must have before the inner strategy learns from it.

    Raises:
        ValueError: The fidelities do not rise to 1, ``eta`` is below 2, or ``size`` or ``enough`` below 1.
    """

    def __init__(
        self,
        inner: Strategy,
        objective: Objective | Sequence[Objective],
        *,
        fidelities: Sequence[float],
        eta: int = 3,
        size: int | None = None,
        continues: bool = True,
        enough: int = ENOUGH,
    ) -> None:
        ladder = Ladder(tuple(fidelities), eta, continues)
        size = eta**ladder.top if size is None else size
        if size < 1:
            raise ValueError(f"size must be at least 1 candidate a bracket, got {size}.")
        objectives = Objectives(objective)
        rules = Brackets(objectives, [shape(0, size, ladder.top + 1, eta)], eta)
        self._engine = Engine(inner, objectives, ladder, rules, enough=enough, name="halving")

    def ask(self, count: int) -> list[Proposal]:
        """Return promotions of complete rungs, then candidates for the bracket being filled."""
        return self._engine.ask(count)

    def tell(self, trial: Trial) -> None:
        """Record a trial."""
        self._engine.tell(trial)
