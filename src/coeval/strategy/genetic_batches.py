"""Generations through ask and tell: a whole generation is proposed, and the next follows from its results.

The log is the state: which trial belongs to which proposal is read off their order, so that a replay of the
journal makes the same generations. Trials that others proposed pass by.
"""

from collections.abc import Callable, Sequence

from coeval.trial import Objective, Proposal, State, Trial

Advance = Callable[[Sequence[Trial]], list[Proposal]]
"""From the finished trials of the last generation, in order (none at first), to the next generation."""


class Generations:
    """One generation in flight, and the best trial of all that were told.

    Args:
        advance: Called once a generation. An empty answer ends the search.
        objective: What the champion is least in.

    Attributes:
        champion: The best comparable trial ever, the earliest of equals; ``None`` before there is one.
    """

    def __init__(self, advance: Advance, objective: Objective) -> None:
        self.champion: Trial | None = None
        self._advance, self._objective = advance, objective
        self._numbers: set[int] = set()
        self._proposals: list[Proposal] | None = None
        self._places: dict[int, int] = {}
        self._finished: dict[int, Trial] = {}

    def ask(self, count: int) -> list[Proposal]:
        """Return up to ``count`` proposals of this generation that no trial was told of; none while it is evaluated."""
        proposals = self._current()
        claimed = len(self._places)
        return proposals[claimed : claimed + max(count, 0)]

    def tell(self, trial: Trial) -> None:
        """Record a trial: the next proposal is its own when it is new and equal."""
        self.champion = _better(self.champion, trial, self._objective)
        if trial.number not in self._numbers:
            self._numbers.add(trial.number)
            proposals = self._current()
            place = len(self._places)
            if place == len(proposals):
                return
            wanted = proposals[place]
            if trial.proposal is not wanted and trial.proposal != wanted:
                return
            self._places[trial.number] = place
        if trial.state is not State.RUNNING and trial.number in self._places:
            self._finished[self._places[trial.number]] = trial

    def _current(self) -> list[Proposal]:
        """Return this generation; the next one when all of it is finished."""
        if self._proposals is None:
            self._proposals = self._advance(())
        elif self._proposals and len(self._finished) == len(self._proposals):
            ordered = [self._finished[place] for place in range(len(self._proposals))]
            self._proposals = self._advance(ordered)
            self._places, self._finished = {}, {}
        return self._proposals


def _better(champion: Trial | None, trial: Trial, objective: Objective) -> Trial | None:
    """Return the champion after a trial, as ``trial.best`` of all so far: the comparable one of least cost, the earliest of equals."""
    if not trial.is_comparable:
        return champion
    if champion is None:
        return trial
    mine, held = objective.cost(trial), objective.cost(champion)
    return trial if (mine, trial.number) < (held, champion.number) else champion
