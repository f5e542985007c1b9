"""A world in which more epochs tell more: shared by the tests of multi-fidelity strategies."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from coeval.evaluate.protocol import Report
from coeval.space.digest import candidate_digest
from coeval.testing.fakes import LOSS, ladder_loss, ladder_space
from coeval.trial import Failure, Measurement, Proposal, Reason, State, Trial

SPACE = ladder_space()
THREE = (1 / 9, 1 / 3, 1.0)


@dataclass
class Epochs:
    """The ladder loss plus a bias that shrinks with the epochs; remembers what was spent and refuses wrong orders.

    A promotion must continue a finished trial of the same candidate and repeat at a lower fidelity.

    Attributes:
        failing: Of 100 candidates, how many fail at each fidelity, by its digest.
    """

    failing: int = 0
    done: dict[int, Trial] = field(default_factory=dict)
    epochs: float = 0.0

    def evaluate(
        self, trials: Sequence[Trial], report: Report
    ) -> Iterator[tuple[int, Measurement]]:
        for trial in trials:
            yield trial.number, self._measure(trial)

    def bucket(self, proposal: Proposal) -> str:
        return "all"

    def _measure(self, trial: Trial) -> Measurement:
        asked = trial.proposal
        share, spent = asked.fidelity.epochs, asked.fidelity.epochs
        if asked.continues is not None:
            below = self.done[asked.continues].proposal
            assert (below.candidate, below.repeat) == (asked.candidate, asked.repeat)
            assert below.fidelity.epochs < share
            spent -= below.fidelity.epochs
        self.done[trial.number] = trial
        self.epochs += spent
        digest = int(candidate_digest(asked.candidate)[:8], 16)
        if digest % 100 < self.failing:
            return Measurement(failure=Failure(Reason.DIVERGED, "chosen by its digest"))
        loss = ladder_loss(asked.candidate, 5) + 1000 + (1 - share) * (digest % 37)
        return Measurement({"loss": loss}, cost={"epochs": spent})


def asked(log: Sequence[Trial]) -> list[Proposal]:
    """Return the proposals of a log in the order in which they were asked."""
    return [trial.proposal for trial in log if trial.state is State.RUNNING]


def shares(log: Sequence[Trial]) -> list[float]:
    """Return the fidelity of every trial of a log."""
    return [proposal.fidelity.epochs for proposal in asked(log)]


def losses(log: Sequence[Trial], share: float) -> dict[int, float]:
    """Return the losses of the finished trials at a fidelity, by number."""
    at = [trial for trial in log if trial.proposal.fidelity.epochs == share]
    return {trial.number: LOSS.cost(trial) for trial in at if trial.state is State.DONE}


class Spy:
    """Proposes the members of the space in order, up to ``last``, and keeps what it was told.

    Copies share the list ``heard``: a strategy of several rungs copies it, and each record names its copy.
    """

    def __init__(self, last: int = 10**6, heard: list[tuple[int, Trial]] | None = None) -> None:
        self.last = last
        self.heard: list[tuple[int, Trial]] = [] if heard is None else heard
        self.parents: dict[int, int] = {}
        self.numbers: set[int] = set()
        self.copies = [0]
        self.name = 0

    def __deepcopy__(self, memo: object) -> "Spy":
        copied = Spy(self.last, self.heard)
        copied.copies = self.copies
        copied.copies[0] += 1
        copied.name = self.copies[0]
        return copied

    def ask(self, count: int) -> list[Proposal]:
        told = len(self.numbers)
        candidates = [SPACE.sample(_rng(number)) for number in range(told, told + count)]
        finished = [
            t.number for name, t in self.heard if name == self.name and t.state is State.DONE
        ]
        parent = finished[-1] if finished else None
        left = max(0, self.last - told)
        return [Proposal(one, parent=parent, origin="spy") for one in candidates][:left]

    def tell(self, trial: Trial) -> None:
        self.numbers.add(trial.number)
        self.heard.append((self.name, trial))


def _rng(number: int):
    from coeval.seed import generator  # noqa: PLC0415

    return generator(0, "spy", number)
