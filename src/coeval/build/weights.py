"""Weights as plain arrays, by the path of their step: what is stored, compared, transferred and exported."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from coeval.errors import ExportError, did_you_mean


def arrays(network: nn.Module) -> dict[str, np.ndarray]:
    """Return copies of all parameters and buffers by name, such as ``"3.weight"`` or ``"5.0.2.weight"``."""
    return {
        name: value.detach().cpu().numpy().copy() for name, value in network.state_dict().items()
    }


def load(network: nn.Module, saved: Mapping[str, np.ndarray]) -> None:
    """Give a network the weights that ``arrays`` returned.

    Raises:
        ExportError: A name or a shape is not the network's.
    """
    own = network.state_dict()
    for name in own:
        if name not in saved:
            raise ExportError(
                f"the weights must hold {name!r}, but do not.{did_you_mean(name, saved)} "
                "They belong to another architecture."
            )
    for name, value in saved.items():
        if name not in own:
            raise ExportError(f"the network has no {name!r}.{did_you_mean(name, own)}")
        if tuple(own[name].shape) != value.shape:
            raise ExportError(
                f"{name} must have shape {tuple(own[name].shape)}, got {value.shape}. "
                "The weights belong to another architecture."
            )
    with torch.no_grad():
        for name, value in own.items():
            value.copy_(torch.tensor(saved[name]))
