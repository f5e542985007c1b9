"""Modules that mix the positions of a grid.

torch's convolutions want the features first. Seen through ``permute``, a tensor with the features last is in its
``channels_last`` memory format, in which they compute as fast or faster, so nothing is copied on the way.
"""

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import nn


class Conv(nn.Module):
    """Convolution; an odd kernel is padded so that stride 1 keeps the grid."""

    def __init__(
        self, features: int, width: int, kernel: int, stride: int, dilation: int, bias: bool
    ) -> None:
        super().__init__()
        bound = (features * kernel * kernel) ** -0.5
        self.weight = nn.Parameter(
            torch.empty(width, features, kernel, kernel).uniform_(-bound, bound)
        )
        self.bias = nn.Parameter(torch.empty(width).uniform_(-bound, bound)) if bias else None
        self.stride, self.dilation = stride, dilation
        self.padding = dilation * (kernel - 1) // 2

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """From ``(batch, height, width, features)`` to ``(batch, height', width', features')``."""
        y = F.conv2d(
            x.permute(0, 3, 1, 2), self.weight, self.bias, self.stride, self.padding, self.dilation
        )
        return y.permute(0, 2, 3, 1)


class DepthwiseConv(nn.Module):
    """Convolution of each feature on its own."""

    def __init__(self, features: int, kernel: int, stride: int, dilation: int, bias: bool) -> None:
        super().__init__()
        bound = 1 / kernel
        self.weight = nn.Parameter(torch.empty(features, 1, kernel, kernel).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(features).uniform_(-bound, bound)) if bias else None
        self.features, self.stride, self.dilation = features, stride, dilation
        self.padding = dilation * (kernel - 1) // 2

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """From ``(batch, height, width, features)`` to ``(batch, height', width', features)``."""
        y = F.conv2d(
            x.permute(0, 3, 1, 2),
            self.weight,
            self.bias,
            self.stride,
            self.padding,
            self.dilation,
            groups=self.features,
        )
        return y.permute(0, 2, 3, 1)


class AveragePool(nn.Module):
    """Mean of each window; padding does not count."""

    def __init__(self, kernel: int, stride: int) -> None:
        super().__init__()
        self.kernel, self.stride, self.padding = kernel, stride, (kernel - 1) // 2

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """From ``(batch, height, width, features)`` to ``(batch, height', width', features)``."""
        y = F.avg_pool2d(
            x.permute(0, 3, 1, 2), self.kernel, self.stride, self.padding, count_include_pad=False
        )
        return y.permute(0, 2, 3, 1)


class MaxPool(nn.Module):
    """Largest number of each window."""

    def __init__(self, kernel: int, stride: int) -> None:
        super().__init__()
        self.kernel, self.stride, self.padding = kernel, stride, (kernel - 1) // 2

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """From ``(batch, height, width, features)`` to ``(batch, height', width', features)``."""
        y = F.max_pool2d(x.permute(0, 3, 1, 2), self.kernel, self.stride, self.padding)
        return y.permute(0, 2, 3, 1)


class GlobalAveragePool(nn.Module):
    """Mean over all positions."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """From ``(batch, ..., features)`` to ``(batch, features)``."""
        return x.flatten(1, -2).mean(1)


class Flatten(nn.Module):
    """All positions' features side by side."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """From ``(batch, ..., features)`` to ``(batch, positions * features)``."""
        return x.flatten(1)
