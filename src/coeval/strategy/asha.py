"""Asynchronous successive halving around any strategy (ASHA; Li et al. 2020, arXiv:1810.05934, algorithm 2)."""

from collections import deque
from collections.abc import Sequence

from coeval.strategy.fidelity_engine import Engine, Whole
from coeval.strategy.fidelity_ladder import Ladder, Of
from coeval.strategy.halving import ENOUGH
from coeval.strategy.objectives import Objectives
from coeval.strategy.promotion import PromotionOrder
from coeval.strategy.protocol import Strategy
from coeval.strategy.rungs import Member, Rung
from coeval.trial import Objective, Proposal, Trial


class AsynchronousHalving:
    """Promotes whoever stands in the top 1 / eta of its rung, the highest rung first; starts a candidate otherwise.

    No worker ever waits for a rung to be complete. Promotions and what the inner strategy hears of are as in
    ``SuccessiveHalving``, but that nobody is stopped for good here. To the copies of the inner strategy above its
    rung a candidate counts as stopped when eta others have finished after it, one place more, and it is not
    promoted; without an end, strategies that wait for their trials would wait, and local search would draw
    samples meanwhile. If it is promoted later after all, its value comes to them as a trial of its own.

    Args:
        inner: A fresh strategy that proposes at full fidelity.
        objective: What promotions compare; several for fronts.
        fidelities: Rising shares, the last 1; ``geometric`` makes them.
        eta: The best 1 / eta of a rung are promoted.
        continues: Whether promotions continue from the lower rung, see ``Ladder``.
        of: What the fidelities are shares of, likewise.
        enough: Values that a rung must have before the inner strategy learns from it.
        promotion: Another order of a rung than by its values, for one objective.
        pooled: Whether the inner strategy hears of all rungs' values, each with its fidelity (``ModelOfAllRungs``).
        whole: Whether a candidate is evaluated whole at once, beside the rungs.

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
        of: Of = "epochs",
        enough: int = ENOUGH,
        promotion: PromotionOrder | None = None,
        pooled: bool = False,
        whole: Whole = lambda candidate: False,
    ) -> None:
        ladder = Ladder(tuple(fidelities), eta, continues, of)
        objectives = Objectives(objective)
        self._promotion = promotion
        rules = _Asynchronous(objectives, ladder, promotion)
        self._engine = Engine(
            inner, objectives, ladder, rules, enough=enough, name="asha", pooled=pooled, whole=whole
        )

    def ask(self, count: int) -> list[Proposal]:
        """Return promotions, the highest rung's first, then new candidates at the lowest rung."""
        return self._engine.ask(count)

    def tell(self, trial: Trial) -> None:
        """Record a trial."""
        if self._promotion is not None:
            self._promotion.tell(trial)
        self._engine.tell(trial)


class _Asynchronous:
    """The rules: everybody starts on the lowest rung, and a rung need not be complete."""

    def __init__(
        self, objectives: Objectives, ladder: Ladder, promotion: PromotionOrder | None
    ) -> None:
        self._eta = ladder.eta
        self._rungs = [Rung(objectives, promotion) for _ in ladder.fidelities]
        self._hopes: list[deque[tuple[int, Member]]] = [deque() for _ in ladder.fidelities]

    def first_rungs(self, count: int) -> list[int]:
        """Return the lowest rung, for all."""
        return [0] * count

    def enter(self, member: Member) -> None:
        """Take in a member: nothing to note before it finishes."""

    def finish(self, member: Member, trial: Trial) -> list[Member]:
        """Rank the result; return who had the time of one more place and was not promoted."""
        level = member.rung
        rung, hopes = self._rungs[level], self._hopes[level]
        rung.add(member, trial)
        hopes.append((rung.finished, member))
        stopped: list[Member] = []
        while hopes and hopes[0][0] + self._eta <= rung.finished:
            _, one = hopes.popleft()
            if one.rung == level and one not in rung.best(rung.finished // self._eta):
                stopped.append(one)
        return stopped

    def promotable(self) -> list[Member]:
        """Return who stands in the top 1 / eta of a rung and was not promoted."""
        lower = reversed(self._rungs[:-1])
        return [member for rung in lower for member in rung.best(rung.finished // self._eta)]

    def leftover(self) -> list[Member]:
        """Return the best of the highest rung, if nobody has a value at full fidelity yet.

        A search of fewer candidates than eta would else end without a trial that may be the best.
        """
        if self._rungs[-1].measured:
            return []
        waiting = (rung.best(rung.finished) for rung in reversed(self._rungs[:-1]))
        return next((members[:1] for members in waiting if members), [])

    def promote(self, member: Member) -> list[Member]:
        """Note that the member left its rung."""
        self._rungs[member.rung].promote(member, member.trials[-1])
        return []
