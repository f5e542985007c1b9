"""Numbered trials on their way to a measurement: waiting, handed out in batches, or held for an equal one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from coeval.trial import Measurement, Proposal, Trial, finish


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    """Trials that were handed out together, and the measurements so far."""

    trials: Sequence[Trial]
    found: dict[int, Measurement]


class Flow:
    """What waits and what runs. A batch holds trials of one bucket, those of lowest number first.

    The next batch depends only on which trials wait, and a batch comes back as a whole, so that a search
    that was killed and goes on makes the batches of one that was not: numbers may depend on the batch.

    Args:
        bucket: Trials of equal answers may share a batch; asked only where batches hold more than one trial.
        batch: Trials a batch at most.
    """

    def __init__(self, bucket: Callable[[Proposal], str], batch: int) -> None:
        self._bucket, self._batch = bucket, batch
        self._waiting: list[Trial] = []
        self._running: dict[int, _Batch] = {}  # of trials without a measurement
        self._batches: set[int] = set()  # by their first trial
        self._size = 0  # of all that runs, measured or not
        self._names: dict[int, str] = {}  # of what waits and runs
        self._taken: set[str] = set()
        self._twins: dict[str, list[Trial]] = {}  # held for a trial of the same name
        self._held = 0

    def __len__(self) -> int:
        return len(self._waiting) + self._size + self._held

    @property
    def batches(self) -> int:
        """Return how many batches run."""
        return len(self._batches)

    @property
    def unmeasured(self) -> list[int]:
        """Return the numbers of the trials that were handed out and not measured."""
        return sorted(self._running)

    def add(self, trial: Trial, name: str) -> None:
        """Let a trial wait for its turn, or for the trial of the same name that is on its way."""
        if name in self._taken:
            self._twins.setdefault(name, []).append(trial)
            self._held += 1
        else:
            self._taken.add(name)
            self._names[trial.number] = name
            self._waiting.append(trial)

    def next_batch(self) -> Sequence[Trial]:
        """Return the trials to hand out next, which run from now on; none if none wait."""
        if not self._waiting:
            return ()
        self._waiting.sort(key=_number)
        if self._batch == 1:
            chosen, left = self._waiting[:1], self._waiting[1:]
        else:
            chosen, left = self._alike()
        self._waiting = left
        self._size += len(chosen)
        self._batches.add(chosen[0].number)
        batch = _Batch(chosen, {})
        for trial in chosen:
            self._running[trial.number] = batch
        return chosen

    def measure(self, number: int, measurement: Measurement) -> list[tuple[Trial, str]]:
        """Note a trial's measurement; a second one is ignored.

        Returns:
            The batch's finished trials with their names, by number, when this was its last; none before.
        """
        batch = self._running.pop(number, None)
        if batch is None:
            return []
        batch.found[number] = measurement
        if len(batch.found) < len(batch.trials):
            return []
        self._batches.remove(batch.trials[0].number)
        self._size -= len(batch.trials)
        done = [
            (finish(trial, batch.found[trial.number]), self._names.pop(trial.number))
            for trial in batch.trials
        ]
        self._taken.difference_update([name for _, name in done])
        return done

    def release(self, names: Sequence[str]) -> list[Trial]:
        """Return the trials that were held for some names, by number: they can be answered now, or run."""
        freed = [trial for name in names for trial in self._twins.pop(name, ())]
        self._held -= len(freed)
        return sorted(freed, key=_number)

    def _alike(self) -> tuple[list[Trial], list[Trial]]:
        chosen: list[Trial] = []
        left: list[Trial] = []
        bucket = self._bucket(self._waiting[0].proposal)
        for trial in self._waiting:
            fits = len(chosen) < self._batch and self._bucket(trial.proposal) == bucket
            (chosen if fits else left).append(trial)
        return chosen, left


def _number(trial: Trial) -> int:
    return trial.number
