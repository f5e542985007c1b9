"""Scores of an untrained network on one minibatch: milliseconds instead of a training.

What each is worth is another matter: on NAS-Bench-201 they rank well, off the beaten track some rank backwards
(Krishnakumar et al. 2022, NAS-Bench-Suite-Zero, arXiv:2210.03230). Parameters and multiply-accumulates, the rivals that any
of them must beat, stand among a trial's costs. Nothing here decides; the trust gauge does.
"""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from coeval.evaluate.zero_cost_passes import (
    Batch,
    Seen,
    activation_codes,
    gradient_norm,
    input_jacobian,
    saliency,
    synaptic_flow,
    zen,
)
from coeval.seed import generator
from coeval.task.task import Problem
from coeval.train.data import Examples, TrainingData, numbers, target_scale, to_tensors
from coeval.train.loss import loss_for

SIGNALS = ("synflow", "naswot", "jacov", "grad_norm", "snip", "zen")
"""What is scored; for each, more is said to be better."""
BATCH_ROWS = 64


def zero_cost(network: nn.Module, batch: Batch, problem: Problem, seed: int) -> dict[str, float]:
    """Return the scores of an untrained network by name; those that are not finite are left out.

    Weights, gradients, buffers, modes and the global generator stay as they are. In training mode, but without
    dropout: batch norms take the batch's own statistics.

    Args:
        network: Untrained: these scores are about initial weights, and mean nothing after a few epochs.
        batch: Training rows; at least 2.
        problem: Decides the loss.
        seed: Of what zen draws.
    """
    inputs, target, weights = batch
    seen = Seen(network, inputs)
    loss = loss_for(problem)(seen.outputs, target, weights)
    gradients = seen.gradients(loss)
    scores: dict[str, Callable[[], float]] = {
        "synflow": lambda: synaptic_flow(network, inputs),
        "naswot": lambda: activation_codes(seen.codes),
        "jacov": lambda: input_jacobian(seen.jacobian()),
        "grad_norm": lambda: gradient_norm(gradients),
        "snip": lambda: saliency(seen.weights, gradients),
        "zen": lambda: zen(network, inputs, seed),
    }
    found = {name: _or_infinite(scores[name]) for name in SIGNALS}
    return {name: value for name, value in found.items() if math.isfinite(value)}


def _or_infinite(score: Callable[[], float]) -> float:
    """Return a score, infinite where it cannot be had: a signal must never cost a trial.

    An outsider's component may not take double precision, or have no second derivative.
    """
    try:
        return score()
    except (RuntimeError, ValueError):
        return math.inf


def signals_of(network: nn.Module, data: TrainingData, seed: int) -> dict[str, float]:
    """Return ``zero_cost`` on a minibatch of the training rows.

    The same rows for every network of a table, so that chance in the draw tells no two apart.

    Args:
        network: Untrained.
        data: Its training rows are drawn from.
        seed: Of what zen draws.
    """
    device = next((one.device for one in network.parameters()), torch.device("cpu"))
    scale = target_scale(data.problem, data.train)
    tensors = to_tensors(minibatch(data.train), data.problem, scale, device)
    batch = (numbers(tensors.inputs), tensors.target, tensors.weights)
    return zero_cost(network, batch, data.problem, seed)


def minibatch(examples: Examples, rows: int = BATCH_ROWS) -> Examples:
    """Return some of the examples, the same ones whenever there are as many to draw from."""
    count = len(examples.target)
    drawn = np.sort(generator(0, "minibatch", count).permutation(count)[:rows])
    return Examples(
        tuple([part[drawn] for part in examples.rows]),
        examples.target[drawn],
        None if examples.weights is None else examples.weights[drawn],
    )
