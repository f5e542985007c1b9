"""Rows sent down a ``TreeEnsemble`` in compiled loops, in a third of the time that its module takes.

The first call on a machine waits half a second for the compiler.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from coeval.architecture.component import Value
from coeval.build.modules.trees import TreeEnsemble
from coeval.build.network import Network

NOBODY = np.zeros(0, np.int32)
"""Speaks for an output where each has trees of its own."""


def ensemble_of(network: torch.nn.Module) -> tuple[TreeEnsemble, Mapping[str, Value]] | None:
    """Return the trees of a network that is nothing else, and the settings of their component."""
    if not isinstance(network, Network) or len(network.architecture.body.steps) != 1:
        return None
    (step,), (ensemble,) = network.architecture.body.steps, network.values()
    return (ensemble, dict(step.settings)) if isinstance(ensemble, TreeEnsemble) else None


def forward_of(network: torch.nn.Module) -> Callable[..., torch.Tensor]:
    """Return what computes a network's outputs from its inputs: itself, unless it is trees."""
    grown = ensemble_of(network)
    if grown is None:
        return network
    ensemble, _ = grown

    def forward(*row: torch.Tensor) -> torch.Tensor:
        every = added(ensemble, ensemble.features(row), 0, len(ensemble.value))
        return ensemble.linked(every, ensemble.offset)

    return forward


@torch.no_grad()
def added(ensemble: TreeEnsemble, numbers: torch.Tensor, first: int, last: int) -> torch.Tensor:
    """Return what some of the rounds add to rows of features, ``(batch, outputs)``, as ``TreeEnsemble.rounds`` does.

    Sums are taken in double precision.
    """
    if ensemble.value.device.type != "cpu":
        return ensemble.rounds(numbers, first, last)
    from coeval.train.kernels.walk import walk  # noqa: PLC0415 - loads numba

    def flat(name: str) -> npt.NDArray[Any]:
        nodes: torch.Tensor = getattr(ensemble, name)[first:last]
        return nodes.flatten().numpy()

    total = torch.zeros(len(numbers), len(ensemble.offset), dtype=torch.float64)
    walk(
        numbers.flatten().numpy(),
        numbers.shape[1],
        flat("feature"),
        flat("threshold"),
        flat("left"),
        flat("right"),
        flat("value"),
        flat("speaks") if ensemble.is_forest else NOBODY,
        ensemble.value.shape[2],
        total.view(-1).numpy(),
        total.shape[1],
    )
    return total.to(ensemble.value.dtype)
