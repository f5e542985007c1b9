"""Modules of decisions that are still open: every option is built, and whoever holds the network says which of them run.

They are lists of their options, so that a weight's name is its path.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import nn


@dataclass(frozen=True, slots=True)
class Mixture:
    """A slot's weighted sum.

    Attributes:
        options: Numbers of the options that run.
        weights: A tensor of no axes for each of ``options``.
        values: The same as plain numbers.
        scale: What the whole result is multiplied with, a tensor of no axes, or ``None``.
    """

    options: tuple[int, ...]
    weights: tuple[torch.Tensor, ...]
    values: tuple[float, ...]
    scale: torch.Tensor | None = None


Path = int | Mixture


@dataclass(slots=True)
class Route:
    """Each slot's path, shared by all choices of a network: it is set once for all of them."""

    paths: Sequence[Path] = field(default_factory=list)


class Choice(nn.ModuleList):
    """The option that the route names, or a weighted sum of several.

    Attributes:
        slot: Where the route is looked up.
        route: Set by whoever holds the network.
        zeros: Options that give zeros whatever the input; a sum leaves them out.
    """

    def __init__(self, *bodies: nn.Module, slot: int) -> None:
        super().__init__(bodies)
        self.slot = slot
        self.route = Route()
        self.zeros: frozenset[int] = frozenset()

    def forward(self, *values: torch.Tensor) -> torch.Tensor:
        """Return what the options give."""
        path = self.route.paths[self.slot]
        if isinstance(path, int):
            output: torch.Tensor = self[path](*values)
            return output
        return _scaled(_mixed(self, path, self.zeros, values), path)


class PartialChoice(nn.ModuleList):
    """A choice that sees the first of ``share`` equal parts of the features; attributes as in ``Choice``.

    The others pass by, pooled to the grid of the result, and all are shuffled, so that the next choice sees others.
    """

    def __init__(self, *bodies: nn.Module, slot: int, share: int) -> None:
        super().__init__(bodies)
        self.slot, self.share = slot, share
        self.route = Route()
        self.zeros: frozenset[int] = frozenset()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """From ``(batch, height, width, features)`` to ``(batch, height', width', features)``."""
        path = self.route.paths[self.slot]
        part = x.shape[-1] // self.share
        seen, passing = x[..., :part], x[..., part:]
        if isinstance(path, int):
            y: torch.Tensor = self[path](seen)
            return self._joined(y, passing)
        return _scaled(self._joined(_mixed(self, path, self.zeros, (seen,)), passing), path)

    def _joined(self, y: torch.Tensor, passing: torch.Tensor) -> torch.Tensor:
        if y.shape[1:-1] != passing.shape[1:-1]:
            stride = -(-passing.shape[1] // y.shape[1])
            pooled = F.max_pool2d(passing.permute(0, 3, 1, 2), stride, ceil_mode=True)
            passing = pooled.permute(0, 2, 3, 1)
        together = torch.cat((y, passing.to(y.dtype)), dim=-1)
        groups = together.reshape(*together.shape[:-1], self.share, -1)
        return groups.transpose(-1, -2).flatten(-2)


def _mixed(
    options: nn.ModuleList,
    mixture: Mixture,
    zeros: frozenset[int],
    inputs: tuple[torch.Tensor, ...],
) -> torch.Tensor:
    running = [n for n, option in enumerate(mixture.options) if option not in zeros]
    if not running:
        zero: torch.Tensor = options[mixture.options[0]](*inputs)
        return zero
    outputs = []
    for n in running:
        option = options[mixture.options[n]]
        if mixture.values[n] == 0.0:  # its weight may have a gradient, what is inside has none
            with torch.no_grad():
                outputs.append(option(*inputs))
        else:
            outputs.append(option(*inputs))
    weights = [mixture.weights[n] for n in running]
    total: torch.Tensor = _WeightedSum.apply(  # type: ignore[no-untyped-call]
        tuple([mixture.values[n] for n in running]), *weights, *outputs
    )
    return total


def _scaled(y: torch.Tensor, mixture: Mixture) -> torch.Tensor:
    return y if mixture.scale is None else y * mixture.scale


class _WeightedSum(torch.autograd.Function):
    """Sum of weighted tensors of one shape, without keeping the products."""

    @staticmethod
    def forward(ctx: Any, values: tuple[float, ...], *tensors: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(*tensors)
        outputs = tensors[len(values) :]
        total = outputs[0] * values[0]
        for value, output in zip(values[1:], outputs[1:], strict=True):
            if value and output.dtype == total.dtype:
                total.add_(output, alpha=value)
            elif value:
                total = torch.add(total, output, alpha=value)
        return total

    @staticmethod
    def backward(ctx: Any, g: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        tensors = ctx.saved_tensors
        count = len(tensors) // 2
        weights, outputs = tensors[:count], tensors[count:]
        needed = ctx.needs_input_grad[1:]
        of_weights = [
            _product(g, output).to(weight.dtype) if wanted else None
            for weight, output, wanted in zip(weights, outputs, needed[:count], strict=True)
        ]
        of_outputs = [
            (g * weight).to(output.dtype) if wanted else None
            for weight, output, wanted in zip(weights, outputs, needed[count:], strict=True)
        ]
        return None, *of_weights, *of_outputs


def _product(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Return the inner product of ``(batch, ...)``, added up over the batch in at least float32."""
    wide = torch.promote_types(first.dtype, second.dtype)
    if first.dtype == second.dtype == torch.bfloat16:
        # An example's sum in bfloat16 is off by 0.2 %, their sum by less; torch.dot takes 50 times as long.
        each: torch.Tensor = torch.linalg.vecdot(first.flatten(1), second.flatten(1))
        return each.float().sum()
    return torch.dot(first.reshape(-1).to(wide), second.reshape(-1).to(wide))
