"""The optimisers of ``train.optimizer`` over a population's flat weights, each member at its own rate."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch.optim.adamw import adamw

from coeval.train.population_run import Run

_BETA, _BETA_SQUARE, _EPSILON = 0.9, 0.999, 1e-8
_MOMENTUM_DECAY = 4e-3  # NAdamW's


class PopulationOptimizer:
    """Moments of all members, and their common count of steps.

    The update is made for a learning rate of 1 over the whole flat vector in one go, then each block of weights
    takes it at its members' rates.

    Args:
        name: ``"adamw"``, ``"nadamw"`` or ``"sgd"``.
        run: Whose weights are updated.
    """

    def __init__(self, name: str, run: Run) -> None:
        self.name = name
        self.steps, self.product = 0, 1.0
        self._count = torch.zeros((), device=run.device)  # of steps, as the fused kernel keeps it
        self._run = run
        arena = run.arena
        self.first, self.first_views = arena.vector()
        self.second, self.second_views = arena.vector()
        self._update, updates = arena.vector()
        self._make = {"adamw": self._adamw, "nadamw": self._nadamw, "sgd": self._sgd}[name]
        self._pairs = [
            (block.decays, block.shape, arena.views[block.name], updates[block.name])
            for block in arena.blocks
        ]

    def step(self, rates: torch.Tensor, decays: torch.Tensor) -> None:
        """Make one step.

        Args:
            rates: Each member's learning rate at this step, ``(members,)``.
            decays: What each member's decaying weights are multiplied with, ``(members,)``.
        """
        self.steps += 1
        self._make()
        for is_decayed, shape, weights, update in self._pairs:
            places = (-1, *(1 for _ in shape))
            if is_decayed:
                weights.mul_(decays.view(places))
            weights.addcmul_(update, rates.view(places))

    def state(self, member: int) -> dict[str, np.ndarray]:
        """Return a member's moments and counts, as ``Optimizer.state`` does."""
        arena = self._run.arena
        kinds = {"first": arena.get(self.first_views, member)}
        names = [block.name for block in arena.blocks]
        if self.name != "sgd":
            kinds["second"] = arena.get(self.second_views, member)
            kinds["steps"] = {name: np.array(self.steps, np.float32) for name in names}
        if self.name == "nadamw":
            kinds["products"] = {name: np.array(self.product, np.float32) for name in names}
        return {
            f"{kind}/{name}": one for kind, found in kinds.items() for name, one in found.items()
        }

    def load(self, states: Sequence[Mapping[str, np.ndarray]]) -> None:
        """Go on from what ``Optimizer.state`` returned for each member.

        Raises:
            ValueError: The members have not made the same number of steps.
        """
        arena = self._run.arena
        one = arena.blocks[0].name
        arena.put(self.first_views, [_of(state, "first") for state in states])
        if self.name == "sgd":
            return
        arena.put(self.second_views, [_of(state, "second") for state in states])
        steps = {int(state[f"steps/{one}"]) for state in states}
        if len(steps) > 1:
            raise ValueError(
                f"members must have made the same number of steps, got {sorted(steps)}. Train them apart."
            )
        product = float(states[0][f"products/{one}"]) if self.name == "nadamw" else 1.0
        self.go_on(steps.pop(), product)

    def go_on(self, steps: int, product: float) -> None:
        """Count on from a number of steps and NAdamW's product of momenta."""
        self.steps, self.product = steps, product
        self._count.fill_(float(steps))

    def _adamw(self) -> None:
        self._update.zero_()
        adamw(
            [self._update],
            [self._run.gradient],
            [self.first],
            [self.second],
            [],
            [self._count],
            fused=True,
            amsgrad=False,
            beta1=_BETA,
            beta2=_BETA_SQUARE,
            lr=1.0,
            weight_decay=0.0,
            eps=_EPSILON,
            maximize=False,
        )

    def _nadamw(self) -> None:
        """Dozat 2016, as ``torch.optim.NAdam`` computes it."""
        now = _BETA * (1 - 0.5 * 0.96 ** (self.steps * _MOMENTUM_DECAY))
        later = _BETA * (1 - 0.5 * 0.96 ** ((self.steps + 1) * _MOMENTUM_DECAY))
        self.product *= now
        gradient = self._run.gradient
        self.first.lerp_(gradient, 1 - _BETA)
        self.second.mul_(_BETA_SQUARE).addcmul_(gradient, gradient, value=1 - _BETA_SQUARE)
        torch.mul(gradient, -(1 - now) / (1 - self.product), out=self._update)
        self._update.add_(self.first, alpha=-later / (1 - self.product * later))
        size = self.second.div(1 - _BETA_SQUARE**self.steps).sqrt_().add_(_EPSILON)
        self._update.div_(size)

    def _sgd(self) -> None:
        """Momentum as ``torch.optim.SGD`` with ``nesterov=True`` computes it."""
        gradient = self._run.gradient
        self.first.mul_(_BETA).add_(gradient)
        torch.add(gradient, self.first, alpha=_BETA, out=self._update).neg_()


def _of(state: Mapping[str, np.ndarray], kind: str) -> dict[str, np.ndarray]:
    return {
        name.removeprefix(f"{kind}/"): state[name] for name in state if name.startswith(f"{kind}/")
    }
