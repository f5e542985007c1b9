"""What trains a network for an epoch, and the state that lets training pause and go on as if it never had."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch

from coeval.train.data import Inputs

State = dict[str, np.ndarray]
"""A training between two epochs as plain arrays by name: weights, moments, random states, curves, the best so far."""

Floats = npt.NDArray[np.float64]


class Engine(Protocol):
    """Trains one network, an epoch at a time. Engines differ in speed, not in what they compute.

    The network's own parameters and buffers hold the weights between two calls.
    """

    @property
    def epochs(self) -> int:
        """Return how many epochs were trained to their end."""
        ...

    def epoch(self) -> float | None:
        """Train one epoch and return its mean loss; ``None`` if it was asked to stop inside.

        Raises:
            Diverged: The loss is not finite.
        """
        ...

    def outputs(self, inputs: Inputs) -> torch.Tensor:
        """Return the network's outputs in evaluation mode, ``(rows, outputs)`` on the CPU."""
        ...

    def state(self) -> State:
        """Return all that the next epoch depends on; any engine can go on from it."""
        ...

    def load(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from what ``state`` returned."""
        ...


def rng_state(generator: torch.Generator) -> np.ndarray:
    """Return a generator's state as an array."""
    return generator.get_state().numpy().copy()


def noise_generator(device: torch.device) -> torch.Generator:
    """Return torch's global generator of a tensor's device, from which dropout draws."""
    if device.type == "cuda":
        return torch.cuda.default_generators[device.index]
    if device.type == "mps":
        return torch.mps._get_default_mps_generator()
    return torch.default_generator


def set_rng_state(generator: torch.Generator, state: np.ndarray) -> None:
    """Give a generator the state that ``rng_state`` returned."""
    generator.set_state(torch.from_numpy(np.array(state, dtype=np.uint8)))
