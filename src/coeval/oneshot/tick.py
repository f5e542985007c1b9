"""One slice of a one-shot search as a proposal: what the strategy asks for, and what the evaluator reads from it.

All that a slice needs to know stands in the proposal, as a move, so that the journal alone tells a search again.
"""

from dataclasses import dataclass
from enum import StrEnum

from coeval.space.protocol import Candidate, Move
from coeval.trial import Fidelity, Proposal

ORIGIN = "tick:"
"""Before the method's name."""
_MOVE = "tick"
_LEAST = 1e-6


class Kind(StrEnum):
    """What a tick does."""

    MEASURE = "measure"  # a few steps, thrown away: how long one takes
    TRAIN = "train"  # a slice of the shared and of the architecture weights
    CHOOSE = "choose"  # read the final architectures off the supernet


@dataclass(frozen=True, slots=True)
class Tick:
    """A slice.

    Attributes:
        method: Name in ``METHODS``.
        kind: What is done.
        first: Steps of the shared weights before it.
        last: Steps after it.
        total: Steps of the whole search, after which all schedules end.
        tries: Of a choice: paths that are scored at most, or steps of fine-tuning between two slots.
    """

    method: str
    kind: Kind
    first: int
    last: int
    total: int
    tries: int = 0

    @property
    def share(self) -> float:
        """Return the share of a full evaluation that it stands for: never all, and for no two slices the same."""
        if self.kind is Kind.MEASURE:
            return _LEAST
        if self.kind is Kind.CHOOSE:
            return (self.total + 0.5) / (self.total + 1)
        return self.last / (self.total + 1)

    def proposal(self, candidate: Candidate, continues: int | None) -> Proposal:
        """Return the proposal that asks for it.

        Args:
            candidate: What the search would answer so far.
            continues: Number of the tick before.
        """
        numbers = (self.first, self.last, self.total, self.tries)
        move = Move(_MOVE, "", ".".join(map(str, numbers)), detail=self.kind)
        return Proposal(
            candidate,
            Fidelity(epochs=self.share),
            continues=continues,
            moves=(move,),
            origin=ORIGIN + self.method,
        )


def tick_of(proposal: Proposal) -> Tick | None:
    """Return what a proposal asks for; ``None`` for one that is no tick."""
    if not proposal.origin.startswith(ORIGIN) or proposal.fidelity.is_full:
        return None
    for move in proposal.moves:
        if move.name == _MOVE:
            first, last, total, tries = map(int, move.site.split("."))
            method = proposal.origin.removeprefix(ORIGIN)
            return Tick(method, Kind(move.detail), first, last, total, tries)
    return None
