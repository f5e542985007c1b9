"""What every strategy remembers of the log: how many trials there are, and which candidates they tried."""

from collections.abc import Callable, Iterable, Iterator, Set

import numpy as np

from coeval.seed import generator
from coeval.space.digest import candidate_digest
from coeval.space.protocol import Candidate
from coeval.trial import Proposal, Trial

REDRAWS = 16
"""How often a candidate that was tried before is drawn anew: a bound, so that asking always ends."""


def draws(seed: int, *address: int | str) -> Iterator[np.random.Generator]:
    """Yield the random generators of a trial's first draw and of its redraws.

    Args:
        seed: Below which the draws have their addresses.
        address: Of the first draw; a redraw's number is put behind it.
    """
    yield generator(seed, *address)
    for redraw in range(1, REDRAWS + 1):
        yield generator(seed, *address, redraw)


class Log:
    """Trial numbers and candidate digests; telling takes constant time."""

    def __init__(self) -> None:
        self._numbers: set[int] = set()
        self._digests: set[str] = set()

    @property
    def told(self) -> int:
        """Return how many distinct trial numbers were told: the number of the next trial."""
        return len(self._numbers)

    def ask(self, count: int, propose: Callable[[int, set[str]], Proposal]) -> list[Proposal]:
        """Return the proposals of the next ``count`` trials.

        Args:
            count: How many.
            propose: From a trial's number and the digests of the proposals before it to its proposal.
        """
        proposals: list[Proposal] = []
        taken: set[str] = set()
        for number in range(self.told, self.told + count):
            proposal = propose(number, taken)
            taken.add(candidate_digest(proposal.candidate))
            proposals.append(proposal)
        return proposals

    def tell(self, trial: Trial) -> bool:
        """Record a trial; return whether its number is new."""
        if trial.number in self._numbers:
            return False
        self._numbers.add(trial.number)
        self._digests.add(candidate_digest(trial.proposal.candidate))
        return True

    @property
    def digests(self) -> Set[str]:
        """Return the digests of the candidates that were told."""
        return self._digests

    def fresh(self, drawn: Iterable[Proposal], taken: set[str]) -> Proposal:
        """Return the first proposal whose candidate is neither told nor ``taken``; the last if all are.

        Args:
            drawn: One proposal or more, drawn only as far as needed.
            taken: Digests of this ask.
        """
        for proposal in drawn:
            if not self.knows(proposal.candidate, taken):
                break
        return proposal

    def knows(self, candidate: Candidate, taken: set[str]) -> bool:
        """Return whether an equal candidate was told, or is among the ``taken`` digests of this ask."""
        digest = candidate_digest(candidate)
        return digest in self._digests or digest in taken
