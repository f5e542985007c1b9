"""Numbered trials on their way to a measurement: waiting, handed out in batches, or held for an equal one."""

from collections.abc import Callable, Sequence

from coeval.trial import Proposal, Trial


class Flow:
    """What waits and what runs. A batch holds trials of one bucket, those of lowest number first.

    The next batch depends only on which trials wait, so that a search that was killed and goes on makes
    the batches of one that was not.

    Args:
        bucket: Trials of equal answers may share a batch; asked only where batches hold more than one trial.
        batch: Trials a batch at most.
    """

    def __init__(self, bucket: Callable[[Proposal], str], batch: int) -> None:
        self._bucket, self._batch = bucket, batch
        self._waiting: list[Trial] = []
        self._running: dict[int, tuple[Trial, int]] = {}  # with the batch each is in
        self._open: dict[int, int] = {}  # trials that each running batch still owes
        self._batches = 0
        self._names: dict[int, str] = {}  # of what waits and runs
        self._taken: set[str] = set()
        self._twins: dict[str, list[Trial]] = {}  # held for a trial of the same name
        self._held = 0

    def __len__(self) -> int:
        return len(self._waiting) + len(self._running) + self._held

    @property
    def batches(self) -> int:
        """Return how many batches run."""
        return len(self._open)

    @property
    def running(self) -> list[int]:
        """Return the numbers of the trials that run."""
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
        self._batches += 1
        self._open[self._batches] = len(chosen)
        for trial in chosen:
            self._running[trial.number] = trial, self._batches
        return chosen

    def runs(self, number: int) -> bool:
        """Return whether a trial was handed out and not taken back."""
        return number in self._running

    def take(self, number: int) -> tuple[Trial, str]:
        """Return a trial that was measured, and its name; it runs no more."""
        trial, batch = self._running.pop(number)
        self._open[batch] -= 1
        if not self._open[batch]:
            del self._open[batch]
        name = self._names.pop(number)
        self._taken.remove(name)
        return trial, name

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
