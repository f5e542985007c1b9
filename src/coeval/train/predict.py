"""Predictions of a trained network, as a user reads them."""

from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from coeval.task.table import Rows
from coeval.task.task import Problem
from coeval.train.data import UNSCALED, Arrays, Inputs, Scale, numbers, to_inputs
from coeval.train.memory import rows_at_once
from coeval.train.trees_walk import forward_of


@runtime_checkable
class KnowsItsSize(Protocol):
    """A network that says how many numbers it computes for one row; others are taken to be small."""

    activations: int


def predict(
    network: nn.Module, rows: Rows | Arrays, problem: Problem, scale: Scale = UNSCALED
) -> npt.NDArray[np.float64]:
    """Return what the network predicts, on the device and in the precision it is in.

    Args:
        network: Left in evaluation mode.
        rows: Prepared rows, or arrays with a row for each example.
        problem: Decides what the outputs mean.
        scale: The target's mean and standard deviation, of the rows that it was trained on.

    Returns:
        Probabilities ``(rows, classes)``, also for binary; values ``(rows,)`` in the user's units.
        Not finite where the network's outputs are not.
    """
    return predict_inputs(network, to_inputs(rows, _like(network).device), problem, scale)


def predict_inputs(
    network: nn.Module, inputs: Inputs, problem: Problem, scale: Scale
) -> npt.NDArray[np.float64]:
    """Return what ``predict`` returns, for rows that already are tensors on the network's device."""
    return predictions_of(outputs_of(network, inputs), problem, scale)


def predictions_of(
    outputs: torch.Tensor, problem: Problem, scale: Scale
) -> npt.NDArray[np.float64]:
    """Return what outputs ``(rows, outputs)`` mean, as ``predict`` returns it."""
    outputs = outputs.double()
    if problem is Problem.REGRESSION:
        result = outputs[:, 0] * scale.std + scale.mean
    elif problem is Problem.BINARY:
        result = torch.sigmoid(torch.cat([-outputs, outputs], dim=1))
    else:
        result = torch.softmax(outputs, dim=1)
    return result.numpy()


@torch.inference_mode()
def outputs_of(network: nn.Module, inputs: Inputs) -> torch.Tensor:
    """Return a network's outputs in evaluation mode, ``(rows, outputs)`` on the CPU."""
    network.eval()
    rows, kind = len(inputs[0]), _like(network).dtype
    size = network.activations if isinstance(network, KnowsItsSize) else 0
    chunk = rows_at_once(size, is_on_accelerator=inputs[0].device.type != "cpu")
    forward = forward_of(network)
    # At least one call, so that no rows give an empty result of the right width.
    parts = [
        forward(*numbers(tuple([part[start : start + chunk] for part in inputs]), kind))
        for start in range(0, max(rows, 1), chunk)
    ]
    return torch.cat(parts).cpu() if len(parts) > 1 else parts[0].cpu()


def _like(network: nn.Module) -> torch.Tensor:
    """Return one of the network's real tensors, which has its device and precision."""
    held = (one for one in (*network.parameters(), *network.buffers()) if one.is_floating_point())
    return next(held, torch.zeros(()))
