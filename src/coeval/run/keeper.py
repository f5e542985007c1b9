"""What stays of the weights and checkpoints that trials leave, so that a run's folder keeps under a limit.

A checkpoint that was continued is not needed again and goes at once. Everything else stays while there is room.
Beyond that goes first what is least likely to be asked for: checkpoints of trials that their rung ranks low, then
weights of old trials, which nobody breeds from any more. What goes is only ever a saving: a trial whose checkpoint or
parent is gone trains from scratch.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from coeval.evaluate.beginning import STATE
from coeval.strategy.objectives import Objectives
from coeval.trial import Objective, State, Trial

LIMIT_BYTES = 2**30
"""Most that weights, checkpoints and running states of one run take on disk: 1 GB. The rest of a run's folder is the
copy of the data, the journal (kilobytes a trial), the model and the report."""
MEMORY_LIMIT_BYTES = 2**28
"""The same for a run that keeps everything in memory."""
_AFTER = 0.75
"""Share of the limit that is left after a clearing, so that not every trial needs one."""
_AHEAD = 4
"""As many times the largest trial's bytes stay free: what workers may write before the driver looks again."""


class Deletable(Protocol):
    """Artifacts that can be measured and deleted."""

    def size(self, digest: str) -> int:
        """Return an artifact's bytes; 0 if there is none."""
        ...

    def delete(self, digests: Collection[str]) -> None:
        """Delete some artifacts."""
        ...


@dataclass(frozen=True, slots=True)
class _Piece:
    """One artifact of one trial."""

    trial: int
    digest: str
    is_state: bool


class Keeper:
    """Follows the trials of a run, and deletes what is needed least when there is too much.

    Args:
        artifacts: Where weights and checkpoints are.
        objective: What ranks trials.
        best: Returns the trials whose weights may become the model, the best first.
        limit: Bytes at most.
        others: Returns the bytes that count too, but are nobody's artifact: states of running trials.
    """

    def __init__(
        self,
        artifacts: Deletable,
        objective: Objective,
        best: Callable[[], Sequence[Trial]],
        *,
        limit: int = LIMIT_BYTES,
        others: Callable[[], int] = lambda: 0,
    ) -> None:
        self._artifacts, self._best = artifacts, best
        self._objectives = Objectives(objective)
        self._limit, self._others = limit, others
        self._trials: dict[int, Trial] = {}
        self._running: dict[int, Trial] = {}
        self._continued: set[int] = set()
        self._spent: set[int] = set()  # continued, and their checkpoints still there
        self._pieces: dict[int, list[_Piece]] = {}
        self._holders: Counter[str] = Counter()
        self._sizes: dict[str, int] = {}
        self._total = self._largest = 0

    @property
    def size(self) -> int:
        """Return the bytes of all that is kept."""
        return self._total + self._others()

    @property
    def digests(self) -> set[str]:
        """Return what is kept."""
        return set(self._sizes)

    def record(self, trial: Trial) -> None:
        """Take a trial into account; nothing is deleted yet."""
        if trial.state is State.RUNNING:
            self._running[trial.number] = trial
            return
        self._running.pop(trial.number, None)
        self._trials[trial.number] = trial
        continues = trial.proposal.continues
        if continues is not None and continues in self._trials:
            self._continued.add(self._trained(continues))
            self._spent.add(self._trained(continues))
        measurement = trial.measurement
        if measurement is not None and measurement.cached_from is None:
            self._hold(trial.number, measurement.artifacts)

    def tidy(self) -> None:
        """Delete checkpoints that were continued, and what is needed least if there is too much."""
        for number in self._spent - self._kin():
            self._spent.discard(number)
            for piece in [one for one in self._pieces.get(number, ()) if one.is_state]:
                self._delete(piece)
        room = self._limit - _AHEAD * self._largest
        if self.size <= room:
            return
        aim = min(room, int(_AFTER * self._limit))
        for piece in self._least_needed():
            if self.size <= aim:
                break
            self._delete(piece)

    def _hold(self, number: int, artifacts: Mapping[str, str]) -> None:
        pieces = [
            _Piece(number, digest, name.startswith(STATE)) for name, digest in artifacts.items()
        ]
        if not pieces:
            return
        self._pieces[number] = pieces
        for piece in pieces:
            self._holders[piece.digest] += 1
            if piece.digest not in self._sizes:
                self._sizes[piece.digest] = self._artifacts.size(piece.digest)
                self._total += self._sizes[piece.digest]
        self._largest = max(self._largest, sum(self._sizes[one.digest] for one in pieces))

    def _delete(self, piece: _Piece) -> None:
        """Let go of a piece; its file goes with the last trial that holds it."""
        self._pieces[piece.trial].remove(piece)
        self._holders[piece.digest] -= 1
        if self._holders[piece.digest] == 0:
            del self._holders[piece.digest]
            self._total -= self._sizes.pop(piece.digest)
            self._artifacts.delete((piece.digest,))

    def _kin(self) -> set[int]:
        """Return the trials from which running ones start."""
        named = [
            number
            for trial in self._running.values()
            for number in (trial.proposal.continues, trial.proposal.parent)
            if number is not None and number in self._trials
        ]
        return {self._trained(number) for number in named}

    def _least_needed(self) -> list[_Piece]:
        """Return what may go, in the order in which it should: never the best trial's weights, nor a running one's kin."""
        best = [self._trained(one.number) for one in self._best()]
        held, places = self._kin() | set(best[:1]), self._places()
        youth = {number: place for place, number in enumerate(sorted(self._trials))}

        def need(piece: _Piece) -> tuple[float, float]:
            if piece.trial in best:
                return 3.0, -best.index(piece.trial)
            if piece.is_state:
                share = places.get(piece.trial, 1.0)
                return (0.0 if share > 0.5 else 2.0), -share
            return (0.5 if piece.trial in self._continued else 1.0), youth[piece.trial]

        free = [one for number, own in self._pieces.items() if number not in held for one in own]
        return sorted(free, key=need)

    def _places(self) -> dict[int, float]:
        """Return where on its rung each paused trial stands: 0 is the best, 1 the worst."""
        rungs: dict[float, list[Trial]] = {}
        for trial in self._trials.values():
            if not trial.proposal.fidelity.is_full:
                rungs.setdefault(trial.proposal.fidelity.epochs, []).append(trial)
        return dict(_ranked(self._objectives.order(rung) for rung in rungs.values()))

    def _trained(self, number: int) -> int:
        """Return the number of the trial that was trained, for a copy."""
        measurement = self._trials[number].measurement
        source = None if measurement is None else measurement.cached_from
        return number if source is None else source


def _ranked(rungs: Iterable[Sequence[Trial]]) -> Iterable[tuple[int, float]]:
    for rung in rungs:
        for place, trial in enumerate(rung):
            yield trial.number, place / len(rung)
