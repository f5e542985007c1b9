"""The hand-made baselines of a run: fitted in a process of their own while the search works.

Each is scored on validation, then refitted on everything but test. Its predictions for the test rows are
kept unscored until the test split is opened.
"""

import math
import time
from concurrent.futures import Future, wait
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from coeval.evaluate.baselines import (
    BASELINES,
    BaselineResult,
    baseline_test_predictions,
    run_baseline,
)
from coeval.run.pool import Pool
from coeval.store.protocol import Note

Predictions = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rival:
    """A baseline's result on validation and its unscored predictions for the test rows."""

    result: BaselineResult
    predictions: Predictions | None

    def note(self, metric: str) -> Note:
        """Return the record of it for the journal."""
        return Note(
            "baseline",
            {
                "name": self.result.name,
                "label": self.result.label,
                "validation": self.result.validation.get(metric),
                "seconds": self.result.seconds,
                "detail": self.result.detail,
            },
        )


def fit_rival(name: str, source: Path, seed: int, max_seconds: float, has_test: bool) -> Rival:
    """Fit one baseline, in whatever process this runs."""
    result = run_baseline(name, source, seed=seed, max_seconds=max_seconds)
    if result.failed or not has_test:
        return Rival(result, None)
    found = baseline_test_predictions(name, source, seed=seed, max_seconds=max_seconds)
    return Rival(result, found)


class Rivals:
    """Fits the baselines one after the other beside the search."""

    def __init__(
        self,
        source: Path,
        *,
        seed: int,
        max_seconds: float,
        has_test: bool,
        skip: frozenset[str] = frozenset(),
    ) -> None:
        """Start; ``skip`` names those that the journal already holds: they are fitted again for the test rows."""
        self._pool = Pool(1)
        self._futures: list[Future[Rival]] = [
            self._pool.submit(fit_rival, name, source, seed, max_seconds, has_test)
            for name in BASELINES
        ]
        self._told = set(skip)
        self.found: list[Rival] = []

    def news(self) -> list[Rival]:
        """Return those that finished since the last call and that the journal does not hold yet."""
        done = [one for one in self._futures if one.done()]
        self._futures = [one for one in self._futures if not one.done()]
        fresh = [one.result() for one in done if one.exception() is None]
        self.found += fresh
        return [one for one in fresh if one.result.name not in self._told]

    def wait(self, end: float) -> None:
        """Wait until all have finished, or until ``time.monotonic()`` says ``end``."""
        seconds = end - time.monotonic()
        wait(self._futures, None if seconds == math.inf else max(0.0, seconds))

    def close(self) -> None:
        """Give up what still runs."""
        self._pool.close()
