"""Pools of a training step on the CPU, in compiled loops: the modules' function in less than half of PyTorch's time."""

from collections.abc import Callable
from typing import Any

import torch

from coeval.build.modules.grid import AveragePool, MaxPool
from coeval.build.network import RegionSteps
from coeval.train.grid_memory import TYPES, memory_of
from coeval.train.kernels import pools as loops

_MOST = 15  # side of a window whose positions a byte can number


def pool_shortcuts(steps: RegionSteps) -> dict[str, Callable[..., Any]]:
    """Return what to call in place of a region's pools."""
    return {
        name: _Pool(steps[name])
        for _, name, _ in steps.plan
        if isinstance(steps[name], AveragePool | MaxPool)
    }


class _Pool:
    """A pool, computed by the loops in training."""

    def __init__(self, module: torch.nn.Module) -> None:
        assert isinstance(module, AveragePool | MaxPool)  # the caller chose it
        self._module = module

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        module = self._module
        if not module.training or x.dtype not in TYPES or module.kernel > _MOST:
            made: torch.Tensor = module(x)
            return made
        form = _Greatest if isinstance(module, MaxPool) else _Mean
        pooled: torch.Tensor = form.apply(x, module.kernel, module.stride)
        return pooled


class _Greatest(torch.autograd.Function):
    """The greatest number of each window."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, kernel: int, stride: int) -> torch.Tensor:
        x, y, window = _windowed(x, kernel, stride)
        winner = torch.empty(y.shape, dtype=torch.uint8)
        loops.greatest(memory_of(x), memory_of(y), memory_of(winner), window)
        ctx.save_for_backward(winner)
        ctx.known = (window, x.shape, x.dtype)
        return y

    @staticmethod
    def backward(ctx: Any, g: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        (winner,) = ctx.saved_tensors
        window, shape, dtype = ctx.known
        dx = torch.empty(shape, dtype=dtype)
        loops.greatest_gradient(
            memory_of(g.to(dtype).contiguous()), memory_of(dx), memory_of(winner), window
        )
        return dx, None, None


class _Mean(torch.autograd.Function):
    """The mean of each window."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, kernel: int, stride: int) -> torch.Tensor:
        x, y, window = _windowed(x, kernel, stride)
        loops.mean(memory_of(x), memory_of(y), window)
        ctx.known = (window, x.shape, x.dtype)
        return y

    @staticmethod
    def backward(ctx: Any, g: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        window, shape, dtype = ctx.known
        dx = torch.empty(shape, dtype=dtype)
        loops.mean_gradient(memory_of(g.to(dtype).contiguous()), memory_of(dx), window)
        return dx, None, None


def _windowed(
    x: torch.Tensor, kernel: int, stride: int
) -> tuple[torch.Tensor, torch.Tensor, loops.Window]:
    """Return the input in order, room for the result, and how the window moves over the one to the other."""
    batch, height, width, features = x.shape
    window = loops.window_of(height, width, features, kernel, stride)
    return x.contiguous(), x.new_empty(batch, window.down, window.across, features), window
