"""Adam for arrays that come into being while learning goes on (Kingma & Ba 2015, algorithm 1, arXiv:1412.6980)."""

from collections.abc import Hashable, Mapping
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
K = TypeVar("K", bound=Hashable)

DECAY_1, DECAY_2, TINY = 0.9, 0.999, 1e-8
"""The paper's beta 1, beta 2 and epsilon."""


class Adam(Generic[K]):
    """Moments of gradients by the name of their array; each array counts its own steps.

    A table that got further rows continues with zero moments for them.

    Args:
        lr: Step size.
    """

    def __init__(self, lr: float) -> None:
        self.lr = lr
        self._moments: dict[K, tuple[int, Floats, Floats]] = {}

    def step(self, arrays: Mapping[K, Floats], gradients: Mapping[K, Floats]) -> None:
        """Move, in place, the arrays that have a gradient downhill."""
        for name, gradient in gradients.items():
            steps, first, second = self._moments.get(name, (0, gradient * 0, gradient * 0))
            first, second = _padded(first, gradient), _padded(second, gradient)
            steps += 1
            first = DECAY_1 * first + (1 - DECAY_1) * gradient
            second = DECAY_2 * second + (1 - DECAY_2) * gradient**2
            self._moments[name] = steps, first, second
            scale = np.sqrt(second / (1 - DECAY_2**steps)) + TINY
            arrays[name][...] -= self.lr * first / (1 - DECAY_1**steps) / scale

    def state(self) -> dict[K, tuple[int, Floats, Floats]]:
        """Return each array's count of steps and both moments."""
        return {
            name: (count, first.copy(), second.copy())
            for name, (count, first, second) in self._moments.items()
        }

    def load(self, state: Mapping[K, tuple[int, Floats, Floats]]) -> None:
        """Go on from what ``state`` returned."""
        self._moments = dict(state)


def _padded(moments: Floats, gradient: Floats) -> Floats:
    missing = len(gradient) - len(moments)
    if not missing:
        return moments
    return np.pad(moments, [(0, missing)] + [(0, 0)] * (moments.ndim - 1))
