"""Named candidates first, then another strategy."""

from collections.abc import Mapping

from coeval.space.protocol import Candidate
from coeval.strategy.protocol import Strategy
from coeval.trial import Proposal, Trial


class Seeded:
    """Proposes the given candidates as the first trials; the inner strategy is told of them.

    While seeds are left an ``ask`` returns seeds only, so that the inner strategy's proposals keep
    the addresses of their own trials.

    Args:
        inner: What follows.
        seeds: Candidates by name, in order; their origin becomes ``"seed:<name>"``.
    """

    def __init__(self, inner: Strategy, seeds: Mapping[str, Candidate]) -> None:
        self.inner = inner
        self.seeds = tuple(seeds.items())
        self._numbers: set[int] = set()

    def ask(self, count: int) -> list[Proposal]:
        """Return the seeds that are left, or ask the inner strategy."""
        left = self.seeds[len(self._numbers) :][:count]
        if left:
            return [Proposal(candidate, origin=f"seed:{name}") for name, candidate in left]
        return self.inner.ask(count)

    def tell(self, trial: Trial) -> None:
        """Record the trial, here and inside."""
        self._numbers.add(trial.number)
        self.inner.tell(trial)
