"""The architecture weights of a search by gradients: one vector, its Adam, and gradients of first and second order.

All slots' logits, and the edge weights of joins where there are any, lie in one vector ``theta``, so that moments, decay and
curvature are a few operations each.
"""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch

from coeval.seed import generator

LossOf = Callable[[torch.Tensor], torch.Tensor]
"""From ``theta`` to a loss on one batch; reads the shared weights as they are."""

SPREAD = 1e-3
"""Standard deviation of the logits at the start (Liu et al. 2019)."""
DECAY_2, TINY = 0.999, 1e-8
STEP = 0.01
"""Length of the step in the shared weights over which their mixed derivative is taken (Liu et al. 2019, section 2.3)."""


class Architect:
    """Logits of every slot, learnt by Adam.

    Args:
        sizes: Options of each slot.
        joins: Edges of each join that has edge weights; none for most methods.
        seed: Below which the logits are drawn.
        momentum: Adam's first decay rate.
        decay: L2 decay.

    Attributes:
        theta: ``(sum of sizes and joins,)``.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        joins: Sequence[int] = (),
        *,
        seed: int,
        momentum: float,
        decay: float,
    ) -> None:
        self.sizes, self.joins = tuple(sizes), tuple(joins)
        length = sum(self.sizes) + sum(self.joins)
        drawn = generator(seed, "architecture").normal(size=length) * SPREAD
        self.theta = torch.tensor(drawn, dtype=torch.float32)
        self._momentum, self._decay = momentum, decay
        self._first, self._second = torch.zeros(length), torch.zeros(length)
        self._steps = 0

    def logits(self, theta: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return the slots' logits, views of ``theta``."""
        return torch.split(theta, [*self.sizes, *self.joins])[: len(self.sizes)]

    def edges(self, theta: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return the joins' edge logits, views of ``theta``."""
        return torch.split(theta, [*self.sizes, *self.joins])[len(self.sizes) :]

    def step(self, gradient: torch.Tensor, lr: float) -> None:
        """Make one step of Adam (Kingma & Ba 2015, algorithm 1) with L2 decay in the gradient."""
        gradient = gradient + self._decay * self.theta
        self._steps += 1
        self._first.lerp_(gradient, 1 - self._momentum)
        self._second.lerp_(gradient.square(), 1 - DECAY_2)
        mean = self._first / (1 - self._momentum**self._steps)
        scale = (self._second / (1 - DECAY_2**self._steps)).sqrt() + TINY
        self.theta -= lr * mean / scale

    def state(self) -> dict[str, np.ndarray]:
        """Return all that the next step depends on."""
        return {
            "theta": self.theta.numpy().copy(),
            "first": self._first.numpy().copy(),
            "second": self._second.numpy().copy(),
            "steps": np.array(self._steps),
        }

    def load(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from what ``state`` returned."""
        self.theta = torch.from_numpy(np.array(state["theta"]))
        self._first = torch.from_numpy(np.array(state["first"]))
        self._second = torch.from_numpy(np.array(state["second"]))
        self._steps = int(state["steps"])


def first_order(theta: torch.Tensor, loss: LossOf) -> torch.Tensor:
    """Return the gradient of a loss by ``theta``, the shared weights as they are (Liu et al. 2019, equation 6 at xi = 0)."""
    leaf = theta.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(leaf), leaf, materialize_grads=True)
    return gradient


def second_order(
    theta: torch.Tensor,
    loss: LossOf,
    train_loss: LossOf,
    weights: Sequence[torch.Tensor],
    momenta: Sequence[torch.Tensor],
    *,
    lr: float,
    momentum: float,
    decay: float,
) -> torch.Tensor:
    """Return the gradient that looks one step of the shared weights ahead (Liu et al. 2019, equations 6 to 8).

    ``w' = w - lr (momentum m + dL_train/dw + decay w)``, and ``dL(w')/dtheta - lr d2L_train/dtheta dw . dL(w')/dw'``, whose
    second term is a central difference over ``STEP / |dL(w')/dw'|``. The weights are left as they were, bit for bit.

    Args:
        theta: Architecture weights.
        loss: Of the architecture's batch.
        train_loss: Of the shared weights' batch.
        weights: The shared weights, changed and put back.
        momenta: Their optimiser's, in the same order.
        lr: Of the step ahead.
        momentum: Of the step ahead.
        decay: L2 decay of the step ahead.
    """
    kept = [one.detach().clone() for one in weights]
    slopes = torch.autograd.grad(train_loss(theta.detach()), weights, materialize_grads=True)
    with torch.no_grad():
        for weight, slope, moment in zip(weights, slopes, momenta, strict=True):
            weight.sub_(lr * (momentum * moment + slope + decay * weight))
    leaf = theta.detach().requires_grad_()
    gradient, *ahead = torch.autograd.grad(loss(leaf), (leaf, *weights), materialize_grads=True)
    length = math.sqrt(sum(float(one.square().sum()) for one in ahead))
    step = STEP / max(length, 1e-12)
    sides = []
    for sign in (1.0, -1.0):
        with torch.no_grad():
            for weight, own, slope in zip(weights, kept, ahead, strict=True):
                weight.copy_(own + sign * step * slope)
        sides.append(first_order(theta, train_loss))
    with torch.no_grad():
        for weight, own in zip(weights, kept, strict=True):
            weight.copy_(own)
    result: torch.Tensor = gradient - lr * (sides[0] - sides[1]) / (2 * step)
    return result
