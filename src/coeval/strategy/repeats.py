"""A few repeats of the incumbent under new seeds: what differences of scores are worth."""

from coeval.space.digest import candidate_digest
from coeval.strategy.objectives import Objectives
from coeval.strategy.protocol import Strategy
from coeval.trial import Objective, Proposal, Trial

EVERY = 10
MOST = 3


class Repeats:
    """Hands every ``every``-th trial to a repeat of the incumbent, if it has stood long enough and is not repeated yet.

    The incumbent is the best feasible trial so far (``Objectives.best``). A repeat is a whole training from scratch
    of the same candidate: without parent, and continuing nothing. The inner strategy is told of it as of any
    trial and does not learn from it (``Objectives.is_judged``). Only fixed places are taken, so that the
    questions at all others keep their addresses; for the same reason nothing else may stand before it in its
    places: put it around a control, not inside.

    Args:
        inner: Whose search is repeated; fresh.
        objective: What is best.
        every: Repeats have the numbers ``every - 1`` modulo ``every`` and so a share of at most 1 / ``every``.
        most: Repeats of one candidate.

    Raises:
        ValueError: ``every`` is below 2, or ``most`` below 1.
    """

    def __init__(
        self, inner: Strategy, objective: Objective, *, every: int = EVERY, most: int = MOST
    ) -> None:
        if every < 2:
            raise ValueError(
                f"every must be at least 2, got {every}: the inner strategy needs trials too."
            )
        if most < 1:
            raise ValueError(
                f"most must be at least 1 repeat, got {most}. Without repeats, use the inner strategy alone."
            )
        self.inner = inner
        self.every = every
        self.most = most
        self._objectives = Objectives(objective)
        self._numbers: set[int] = set()
        self._repeats: dict[str, int] = {}  # highest repeat that was asked for, by candidate
        self._best: Trial | None = None
        self._since = 0  # trials told when the incumbent became known

    def ask(self, count: int) -> list[Proposal]:
        """Return the inner strategy's proposals with the repeats in their places."""
        told = len(self._numbers)
        repeats: dict[int, Proposal] = {}
        for place in range(count):
            found = self._repeat(told + place, len(repeats))
            if found is not None:
                repeats[place] = found
        mine = self.inner.ask(count) if len(repeats) < count else []
        proposals: list[Proposal] = []
        for place in range(count):
            if place in repeats:
                proposals.append(repeats[place])
            elif place < len(mine):
                proposals.append(mine[place])
            else:
                break
        return proposals

    def tell(self, trial: Trial) -> None:
        """Record the trial, here and inside."""
        if trial.number not in self._numbers:
            self._numbers.add(trial.number)
            self._note_repeat(trial.proposal)
        if self._is_incumbent(trial):
            self._best, self._since = trial, len(self._numbers)
        self.inner.tell(trial)

    def _note_repeat(self, proposal: Proposal) -> None:
        """Remember a repeat, whoever asked for it; one at a lower fidelity or on some cases is no measurement of ours."""
        if proposal.repeat and proposal.fidelity.is_full and proposal.cases is None:
            name = candidate_digest(proposal.candidate)
            self._repeats[name] = max(self._repeats.get(name, 0), proposal.repeat)

    def _repeat(self, number: int, before: int) -> Proposal | None:
        """Return the repeat that trial ``number`` is, if it is one; ``before`` are those of this ask already."""
        if self._best is None or number % self.every != self.every - 1:
            return None
        if number - self._since < self.every // 2:
            return None
        candidate = self._best.proposal.candidate
        repeat = self._repeats.get(candidate_digest(candidate), 0) + before + 1
        if repeat > self.most:
            return None
        return Proposal(candidate, repeat=repeat, origin="repeat")

    def _is_incumbent(self, trial: Trial) -> bool:
        if not trial.is_comparable or not self._objectives.is_judged(trial):
            return False
        return self._best is None or self._objectives.best([self._best, trial]) is trial
