"""A run's weights folder while it searches: checkpoints, weights, and the states of what is in training."""

from collections.abc import Callable, Sequence

from coeval.run.keeper import Keeper
from coeval.run.site import Site
from coeval.store.slices import FileSlices
from coeval.trial import State, Trial

RUNNING = "running"
"""Folder of the states of running trials, below that of the weights."""


class Storage:
    """Keeps the folder in step with the journal.

    Args:
        site: Where the sitting works.
        best: Returns the trials whose weights may become the model, the best first.
    """

    def __init__(self, site: Site, best: Callable[[], Sequence[Trial]]) -> None:
        self.slices = FileSlices(site.folder.weights / RUNNING)
        self._artifacts = site.artifacts
        self._keeper = Keeper(site.artifacts, site.objective, best, others=lambda: self.slices.size)
        self._running: set[int] = set()
        self._finished: list[int] = []

    def record(self, trial: Trial) -> None:
        """Take a trial into account; nothing is deleted yet."""
        self._keeper.record(trial)
        if trial.state is State.RUNNING:
            self._running.add(trial.number)
        else:
            self._running.discard(trial.number)
            self._finished.append(trial.number)

    def begin(self) -> None:
        """Delete what a killed sitting left that is nobody's. Only before workers start."""
        self._finished.clear()
        self.slices.keep_only(self._running)
        self._artifacts.prune(self._keeper.digests)
        self._keeper.tidy()

    def tidy(self) -> None:
        """Delete the states of trials that finished, and what is too much."""
        for number in self._finished:
            self.slices.drop(number)
        self._finished.clear()
        self._keeper.tidy()
