"""What the operations of a population share while they run, and their contract."""

from collections.abc import Sequence
from typing import Protocol

import torch

from coeval.build.tape import Tape
from coeval.train.data import Inputs
from coeval.train.population_arena import Arena, Block
from coeval.train.population_values import Axis


class Run:
    """A population's weights and gradients by name, and what the current pass works on.

    Attributes:
        tape: One member's: widths apart, all have the same.
        axes: Of every value.
        weights: ``(members, *shape)`` by name.
        gradients: Likewise.
        buffers: Likewise, what does not learn.
        shared: Names of weights whose gradients add up.
        inputs: ``(members, batch, …)`` each.
        masks: Of the current step, by the index of the operation, ``(members, batch, width)``.
        is_training: Whether the pass is followed by a backward one.
    """

    def __init__(
        self,
        tape: Tape,
        axes: Sequence[Axis],
        blocks: Sequence[Block],
        members: int,
        device: torch.device,
    ) -> None:
        self.tape, self.axes, self.members, self.device = tape, tuple(axes), members, device
        self.arena = Arena([one for one in blocks if one.learns], members, device)
        self.kept = Arena([one for one in blocks if not one.learns], members, device)
        self.weights, self.buffers = self.arena.views, self.kept.views
        self.gradient, self.gradients = self.arena.vector()
        self.shared = [one.name for one in blocks if one.learns and one.is_shared]
        self.inputs: Inputs = (torch.empty(0),) * 3
        self.masks: dict[int, torch.Tensor] = {}
        self.is_training = False

    def mask(self, value: int) -> torch.Tensor | None:
        """Return ``(members, 1, width)`` ones where a member has a feature; ``None`` if no place is empty."""
        axis = self.axes[value]
        return None if axis.is_full else mask_of(axis, self.device).unsqueeze(1)

    def widths(self, value: int) -> torch.Tensor:
        """Return how many features each member has, ``(members, 1, 1)``."""
        counts = [float(len(places)) for places in self.axes[value].places]
        return torch.tensor(counts, device=self.device).view(-1, 1, 1)

    def give(self, name: str, gradient: torch.Tensor) -> None:
        """Take a weight's gradient."""
        if name in self.shared:
            self.gradients[name].add_(gradient)
        else:
            self.gradients[name].copy_(gradient)

    def give_product(self, name: str, left: torch.Tensor, right: torch.Tensor) -> None:
        """Take a weight's gradient as a product of matrices for each member (or each of its columns)."""
        gradient = self.gradients[name]
        gradient = gradient.view(-1, *gradient.shape[-2:])
        if name in self.shared:
            gradient.baddbmm_(left, right)
        else:
            torch.bmm(left, right, out=gradient)

    def give_sum(self, name: str, gradient: torch.Tensor, axis: int) -> None:
        """Take a weight's gradient as a sum along an axis."""
        if name in self.shared:
            self.gradients[name].add_(gradient.sum(axis))
        else:
            torch.sum(gradient, axis, out=self.gradients[name])


def mask_of(axis: Axis, device: torch.device) -> torch.Tensor:
    """Return ones where a member has an entry, else zeros, ``(members, size)``."""
    mask = torch.zeros(len(axis.places), axis.size)
    for member, places in enumerate(axis.places):
        mask[member, list(places)] = 1.0
    return mask.to(device)


class Executed(Protocol):
    """One operation of a tape for all members at once. Padding is 0 in every value and every gradient."""

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """Return the value, ``(members, batch, width)``."""
        ...

    def backward(self, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Give the run the gradients of the weights; return those of the inputs.

        Args:
            gradient: Of the value, ``(members, batch, width)``; it may be overwritten.
        """
        ...
