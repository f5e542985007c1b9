"""What each source of proposals was worth lately, per second, and a draw of what it may be worth."""

from collections import deque
from collections.abc import Mapping

import numpy as np


class Credits:
    """Credits of the latest finished trials of all sources.

    Attributes:
        trials: How many trials each source proposed.
        last: Number of the latest trial that each source proposed; sources that never did are left out.

    Args:
        names: Of the sources.
        window: Finished trials that count.
    """

    def __init__(self, names: tuple[str, ...], window: int) -> None:
        self.trials = dict.fromkeys(names, 0)
        self.last: dict[str, int] = {}
        self._names = names
        self._window: deque[tuple[str, float, float]] = deque(maxlen=window)

    def asked(self, name: str, number: int) -> None:
        """Record that a source proposed a trial."""
        self.trials[name] += 1
        self.last[name] = max(number, self.last.get(name, number))

    def earned(self, name: str, gain: float, seconds: float) -> None:
        """Record what a source's finished trial brought, 0..1, and how long it took; 0 s where nothing is told."""
        self._window.append((name, gain, seconds))

    def lately(self, name: str) -> tuple[float | None, float]:
        """Return a source's mean credit in the window, ``None`` without trials, and mean seconds a trial."""
        mine = [(gain, seconds) for one, gain, seconds in self._window if one == name]
        gain = sum(one for one, _ in mine) / len(mine) if mine else None
        return gain, self._seconds()[name]

    def drawn(self, rng: np.random.Generator) -> Mapping[str, float]:
        """Return for each source a draw of its credit per second, from Beta(1 + credit, 1 + the rest)."""
        gained = dict.fromkeys(self._names, 1.0)
        missed = dict.fromkeys(self._names, 1.0)
        for name, gain, _ in self._window:
            gained[name] += gain
            missed[name] += 1.0 - gain
        seconds = self._seconds()
        return {
            name: float(rng.beta(gained[name], missed[name])) / seconds[name]
            for name in self._names
        }

    def _seconds(self) -> dict[str, float]:
        """Return mean seconds a trial, those of all where a source has none; 1 where no trial tells any.

        One imagined trial of average length beside a source's own keeps a single quick one (a failure, a value that
        was known) from counting as endless speed.
        """
        told = [seconds for _, _, seconds in self._window]
        mean = sum(told) / len(told) if told else 0.0
        if mean <= 0:
            return dict.fromkeys(self._names, 1.0)
        sums, counts = dict.fromkeys(self._names, mean), dict.fromkeys(self._names, 1)
        for name, _, seconds in self._window:
            sums[name] += seconds
            counts[name] += 1
        return {name: sums[name] / counts[name] for name in self._names}
