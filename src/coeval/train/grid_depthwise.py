"""Depthwise convolutions of a training step on the CPU: compiled loops where they are faster than PyTorch's.

PyTorch 2.13 has a fast kernel for small windows in float32 and for 3 x 3 of stride 1 in bfloat16. Everything else in bfloat16,
5 x 5 and whatever strides or is dilated, takes its reference: 3 to 10 times as long as these loops (python -m
benchmarks.blocks). Cell spaces and mobile networks are made of such windows.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from coeval.build.modules.grid import DepthwiseConv
from coeval.build.network import RegionSteps
from coeval.train.grid_memory import TYPES, memory_of
from coeval.train.kernels import depthwise as loops


def depthwise_shortcuts(steps: RegionSteps) -> dict[str, Callable[..., Any]]:
    """Return what to call in place of a region's depthwise convolutions."""
    return {
        name: _Depthwise(steps[name])
        for _, name, _ in steps.plan
        if isinstance(steps[name], DepthwiseConv)
    }


class _Depthwise:
    """A depthwise convolution, computed by the loops where PyTorch has nothing faster."""

    def __init__(self, module: torch.nn.Module) -> None:
        assert isinstance(module, DepthwiseConv)  # the caller chose it
        self._module = module

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        module = self._module
        if torch.is_autocast_enabled("cpu"):
            x = x.to(torch.get_autocast_dtype("cpu"))
        kernel = module.weight.shape[-1]
        is_plain = kernel <= 3 and module.dilation == module.stride == 1
        is_torchs = is_plain and x.dtype == torch.bfloat16
        if is_torchs or not module.training or x.dtype not in TYPES:
            made: torch.Tensor = module(x)
            return made
        y: torch.Tensor = _Loops.apply(x, module.weight, module.stride, module.dilation)  # type: ignore[no-untyped-call]
        return y if module.bias is None else y + module.bias.to(y.dtype)


class _Loops(torch.autograd.Function):
    """A depthwise convolution of ``(batch, height, width, features)``."""

    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, weight: torch.Tensor, stride: int, dilation: int
    ) -> torch.Tensor:
        x = x.contiguous()
        batch, height, width, features = x.shape
        kernel = weight.shape[-1]
        shape = loops.shape_of(height, width, features, kernel, stride, dilation)
        taps = weight.detach().float().numpy().reshape(features, -1).T
        row = np.tile(taps, (1, shape.across)).reshape(-1)
        y = x.new_empty(batch, shape.down, shape.across, features)
        loops.forward(memory_of(x), memory_of(y), row, shape)
        ctx.save_for_backward(x)
        ctx.known = (shape, row, weight.shape)
        return y

    @staticmethod
    def backward(ctx: Any, g: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        (x,) = ctx.saved_tensors
        shape, row, sides = ctx.known
        dx = torch.empty_like(x)
        slopes = memory_of(g.to(x.dtype).contiguous())
        found = loops.backward(slopes, memory_of(x), memory_of(dx), row, shape)
        dw = np.ascontiguousarray(found.T, np.float32).reshape(sides)
        return dx, torch.from_numpy(dw), None, None
