"""A running trial's state on disk, so that a kill costs at most the slice in flight.

A slice belongs to one trial of one run: its number, its proposal and the seed are part of its identity, and a
state of another identity is never used. The driver drops a trial's slices when the trial is in the journal.
"""

import contextlib
import hashlib
import json
import time
from collections.abc import Mapping
from typing import Protocol

import numpy as np

from coeval import __version__
from coeval.errors import RunError
from coeval.space.digest import candidate_digest
from coeval.trial import Proposal

Arrays = Mapping[str, np.ndarray]

_SECONDS = "slice/seconds"
_UNSAVED = 1.0
"""Seconds of a finished fold that are not worth a file."""


class Slices(Protocol):
    """States of running trials, one a fold. ``store.slices.FileSlices`` keeps them in files."""

    def put(self, number: int, fold: int, identity: str, state: Arrays) -> None:
        """Keep a trial's state on a fold instead of the one before, whole or not at all."""
        ...

    def get(self, number: int, fold: int, identity: str) -> dict[str, np.ndarray] | None:
        """Return the state that was kept under this identity, if any."""
        ...


def identity_of(proposal: Proposal, *, seed: int, number: int, root: int, task: str) -> str:
    """Return what tells a trial from every other.

    Args:
        proposal: The trial's.
        seed: The run's.
        number: The trial's.
        root: Where its chain began.
        task: The task's fingerprint.
    """
    fidelity = proposal.fidelity
    said = [
        __version__,
        task,
        [seed, number, root],
        candidate_digest(proposal.candidate),
        [fidelity.epochs, fidelity.rows, fidelity.width],
        [proposal.continues, proposal.parent, proposal.repeat, proposal.cases],
    ]
    return hashlib.blake2b(json.dumps(said).encode(), digest_size=20).hexdigest()


class Slicer:
    """Keeps one trial's states.

    Args:
        slices: Where; ``None`` keeps nothing.
        number: The trial's.
        identity: See ``identity_of``.
    """

    def __init__(self, slices: Slices | None, number: int, identity: str) -> None:
        self._slices, self._number, self._identity = slices, number, identity
        self._began = time.monotonic()
        self._before: dict[int, float] = {}

    @property
    def is_on(self) -> bool:
        """Return whether anything is kept."""
        return self._slices is not None

    def begin(self, fold: int) -> dict[str, np.ndarray] | None:
        """Start a fold's clock and return the state that a killed sitting left for it."""
        self._began = time.monotonic()
        if self._slices is None:
            return None
        found = self._slices.get(self._number, fold, self._identity)
        if found is not None:
            self._before[fold] = float(found.pop(_SECONDS, np.zeros(())))
        return found

    def seconds(self, fold: int) -> float:
        """Return the seconds that killed sittings spent on a fold, as far as a slice knows."""
        return self._before.get(fold, 0.0)

    def keep(self, fold: int, state: Arrays, *, among: int = 1) -> None:
        """Keep a state. What cannot be written is not kept: a full disk must not cost the trial.

        Args:
            fold: Of which fold.
            state: What training goes on from.
            among: How many trials trained together: each is charged its share of the time.
        """
        if self._slices is None:
            return
        seconds = self.seconds(fold) + (time.monotonic() - self._began) / among
        with contextlib.suppress(RunError):
            said = {**state, _SECONDS: np.array(seconds)}
            self._slices.put(self._number, fold, self._identity, said)

    def end(self, fold: int, state: Arrays | None, *, among: int = 1) -> None:
        """Keep the state of a finished fold, if others follow and it was worth a file."""
        if state is not None and time.monotonic() - self._began >= _UNSAVED:
            self.keep(fold, state, among=among)
