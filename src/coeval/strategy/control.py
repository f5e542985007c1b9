"""A share of the budget for another strategy, usually random search: what the main one has to beat."""

from coeval.strategy.protocol import Strategy
from coeval.trial import Proposal, Trial


class WithControl:
    """Hands every ``every``-th trial to a control, so that a report can say what the search itself gained.

    Both strategies are told of every trial: the control's finds may serve the inner one, while the
    control itself should not learn (random search does not).

    Args:
        inner: The strategy under test.
        control: Whom it is compared with.
        every: One trial in this many is the control's: those whose number is ``every - 1`` modulo ``every``.

    Raises:
        ValueError: ``every`` is below 2.
    """

    def __init__(self, inner: Strategy, control: Strategy, every: int = 5) -> None:
        if every < 2:
            raise ValueError(
                f"every must be at least 2, got {every}: the inner strategy needs trials too."
            )
        self.inner = inner
        self.control = control
        self.every = every
        self._numbers: set[int] = set()

    def ask(self, count: int) -> list[Proposal]:
        """Return the inner strategy's proposals with the control's in their places.

        Fewer than ``count`` when either has none for its place.
        """
        told = len(self._numbers)
        places = [place for place in range(count) if (told + place) % self.every == self.every - 1]
        control = self.control.ask(places[-1] + 1) if places else []
        mine = self.inner.ask(count) if len(places) < count else []
        proposals: list[Proposal] = []
        for place in range(count):
            source = control if place in places else mine
            if place >= len(source):
                break
            proposals.append(source[place])
        return proposals

    def tell(self, trial: Trial) -> None:
        """Record the trial, in both."""
        self._numbers.add(trial.number)
        self.inner.tell(trial)
        self.control.tell(trial)
