"""What a surrogate model is to the search that uses it."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from coeval.space.features import Features

Floats = npt.NDArray[np.float64]


class Fitted(Protocol):
    """A model after its expensive part."""

    def predict(
        self,
        known: Sequence[Features],
        targets: Floats,
        pending: Sequence[Features],
        pool: Sequence[Features],
    ) -> tuple[Floats, Floats]:
        """Return what is expected of each member of the pool, and the standard deviation of that.

        Args:
            known: ``(trials,)`` features of finished trials; more than ``fit`` had, mostly.
            targets: ``(trials,)`` their values.
            pending: Features of trials that run.
            pool: ``(pool,)`` features of candidates.

        Returns:
            Two arrays ``(pool,)``.
        """
        ...


class Model(Protocol):
    """Learns values from features."""

    def fit(self, known: Sequence[Features], targets: Floats, seed: int) -> Fitted:
        """Return the fitted model; called at fixed counts of trials, as it may take long.

        Args:
            known: ``(trials,)`` features.
            targets: ``(trials,)`` standardised values.
            seed: For whatever it draws.
        """
        ...
