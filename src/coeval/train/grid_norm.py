"""Batch norm of a grid in training, together with the ReLU and the 2 x 2 max-pool behind it; other pools and depthwise convolutions.

What the modules compute one after the other is computed in two passes over memory (``kernels.grid``): batch norm is a
factor and a shift for each feature once the batch's moments are known, and its gradient another (Ioffe & Szegedy 2015,
arXiv:1502.03167, section 3).
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from coeval.build.modules.channel import ReLU
from coeval.build.modules.grid import MaxPool
from coeval.build.modules.norm import BatchNorm
from coeval.build.network import RegionSteps
from coeval.train.grid_depthwise import depthwise_shortcuts
from coeval.train.grid_memory import memory_of
from coeval.train.grid_pools import pool_shortcuts
from coeval.train.kernels import grid as loops
from coeval.train.spread import spread

EPSILON, MOMENTUM = 1e-5, 0.1  # PyTorch's own
LEAST_POOLED = {torch.float32: 24, torch.bfloat16: 16}
"""Features from which pooling in the same loop is the faster: its inner loops are as long as there are features."""

_NO_FLOOR = np.float32(-np.inf)

Doubles = npt.NDArray[np.float64]


@contextmanager
def joined(network: nn.Module) -> Iterator[None]:
    """Let a network on the CPU train through the loops inside the block: the same function, summed in another order."""
    changed = [one for one in network.modules() if isinstance(one, RegionSteps)]
    for one in changed:
        one.shortcuts = {**depthwise_shortcuts(one), **pool_shortcuts(one), **_shortcuts(one)}
    try:
        yield
    finally:
        for one in changed:
            one.shortcuts = {}


def _shortcuts(steps: RegionSteps) -> dict[str, Callable[..., Any]]:
    """Return what to call in place of steps: the whole chain in place of its batch norm, nothing in place of the rest."""
    uses = Counter(one for _, _, taken in steps.plan for one in taken)
    uses[steps.region.output] += 1
    following = {taken[0]: (index, name) for index, name, taken in steps.plan if len(taken) == 1}
    found: dict[str, Callable[..., Any]] = {}
    for index, name, _ in steps.plan:
        module = steps[name]
        if not isinstance(module, BatchNorm):
            continue
        chain: list[nn.Module] = [module]
        for wanted in (_is_relu, _is_halving):
            if uses[index] != 1 or index not in following:
                break
            index, later = following[index]  # noqa: PLW2901 - the chain's end so far
            if not wanted(steps[later]):
                break
            chain.append(steps[later])
            found[later] = _same
        found[name] = _Chain(chain)
    return found


class _Chain:
    """Batch norm, then ReLU, then max-pool, as far as they follow one another."""

    def __init__(self, modules: list[nn.Module]) -> None:
        self._modules = modules
        norm = modules[0]
        assert isinstance(norm, BatchNorm)  # the caller chose it
        self._norm = norm

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        norm, modules = self._norm, self._modules
        if norm.training and x.ndim == 4 and x.dtype in LEAST_POOLED:
            is_thin = len(modules) == 3 and x.shape[-1] < LEAST_POOLED[x.dtype]
            length = 2 if is_thin else len(modules)
            x = _Joined.apply(  # type: ignore[no-untyped-call]
                x, norm.scale, norm.bias, norm.mean, norm.variance, length
            )
            modules = modules[length:]
        for module in modules:
            x = module(x)
        return x


class _Joined(torch.autograd.Function):
    """The first ``length`` of batch norm, ReLU and max-pool, for ``(batch, height, width, features)``."""

    @staticmethod
    def forward(
        ctx: Any,
        x: torch.Tensor,
        scale: torch.Tensor,
        bias: torch.Tensor,
        running_mean: torch.Tensor,
        running_variance: torch.Tensor,
        length: int,
    ) -> torch.Tensor:
        x = x.contiguous()
        batch, height, width, features = x.shape
        flat, wide = memory_of(x), loops.lanes(features)
        origin = x[0, 0, 0].float().numpy()
        count = batch * height * width
        size, around = height * width * features, _wide(origin, wide)
        sums = spread(lambda own: loops.moments(flat[own], around, features), batch, size)
        first, second = np.sum(sums, axis=0) / count
        mean, variance = origin + first, np.maximum(second - first * first, 0.0)
        _remember(running_mean, mean)
        _remember(running_variance, variance * (count / max(count - 1, 1)))
        inverse = 1.0 / np.sqrt(variance + EPSILON)
        factor = scale.numpy() * inverse
        shift = bias.numpy() - mean * factor
        by, plus = _wide(factor, wide), _wide(shift, wide)
        winner = torch.empty(0, dtype=torch.uint8)
        if length == 3:
            y = x.new_empty(batch, height // 2, width // 2, features)
            winner = torch.empty(y.shape, dtype=torch.uint8)
            pooled, won = memory_of(y), winner.numpy().reshape(-1)

            def pool(own: slice) -> None:
                to = _pooled(own, size, len(pooled) // batch)
                loops.pool(flat[own], pooled[to], won[to], height, width, features, by, plus)

            spread(pool, batch, size)
        else:
            y = torch.empty_like(x)
            made, floor = memory_of(y), _floor(length)
            spread(lambda own: loops.affine(flat[own], made[own], by, plus, floor), batch, size)
        ctx.save_for_backward(x, winner)
        ctx.known = (length, mean, inverse, factor, by, plus)
        return y

    @staticmethod
    def backward(ctx: Any, g: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, winner = ctx.saved_tensors
        length, mean, inverse, factor, by, plus = ctx.known
        batch, height, width, features = x.shape
        size = height * width * features
        slopes, flat, wide = memory_of(g.to(x.dtype).contiguous()), memory_of(x), len(by)
        dx, won, middle = torch.empty_like(x), winner.numpy().reshape(-1), _wide(mean, wide)
        floor, made, after = _floor(length), memory_of(dx), len(won) // batch

        def moments(own: slice) -> Doubles:
            if length == 3:
                to, given = _pooled(own, size, after), flat[own]
                return loops.pool_moments(
                    slopes[to], given, won[to], height, width, features, middle
                )
            return loops.affine_moments(slopes[own], flat[own], by, plus, middle, features, floor)

        total, product = np.sum(spread(moments, batch, size), axis=0)
        count = x.numel() // features
        # dx = factor (g - mean(g) - normalised x * mean(g * normalised x)), as g, x and a constant.
        slope = -factor * inverse * inverse * product / count
        of_x, offset = _wide(slope, wide), _wide(-factor * total / count - slope * mean, wide)

        def gradient(own: slice) -> None:
            x, dx = flat[own], made[own]
            if length == 3:
                to = _pooled(own, size, after)
                loops.pool_gradient(
                    slopes[to], x, dx, won[to], height, width, features, by, of_x, offset
                )
            else:
                loops.affine_gradient(slopes[own], x, dx, by, plus, floor, of_x, offset)

        spread(gradient, batch, size)
        scale = torch.from_numpy((product * inverse).astype(np.float32))
        return dx, scale, torch.from_numpy(total.astype(np.float32)), None, None, None


def _pooled(own: slice, size: int, after: int) -> slice:
    """Return where the pictures lie, of ``after`` numbers each, that were of ``size`` numbers before they were pooled."""
    return slice(own.start // size * after, own.stop // size * after)


def _is_relu(module: nn.Module) -> bool:
    return isinstance(module, ReLU)


def _is_halving(module: nn.Module) -> bool:
    return isinstance(module, MaxPool) and module.kernel == module.stride == 2


def _same(x: torch.Tensor) -> torch.Tensor:
    return x


def _wide(one: npt.NDArray[Any], width: int) -> loops.Floats:
    return np.tile(one.astype(np.float32), width // len(one))


def _floor(length: int) -> np.float32:
    return np.float32(0.0) if length > 1 else _NO_FLOOR


def _remember(running: torch.Tensor, value: Doubles) -> None:
    running.mul_(1 - MOMENTUM).add_(torch.from_numpy(value).to(running.dtype), alpha=MOMENTUM)
