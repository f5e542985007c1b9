"""Convolutions in groups of features, or along one axis of a grid."""

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import nn


class GroupConv(nn.Module):
    """Convolution in groups of neighbouring features, each by itself."""

    def __init__(
        self,
        features: int,
        width: int,
        groups: int,
        kernel: int,
        stride: int,
        dilation: int,
        bias: bool,
    ) -> None:
        super().__init__()
        inside = features // groups
        bound = (inside * kernel * kernel) ** -0.5
        self.weight = nn.Parameter(
            torch.empty(width, inside, kernel, kernel).uniform_(-bound, bound)
        )
        self.bias = nn.Parameter(torch.empty(width).uniform_(-bound, bound)) if bias else None
        self.groups, self.stride, self.dilation = groups, stride, dilation
        self.padding = dilation * (kernel - 1) // 2

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """From ``(batch, height, width, features)`` to ``(batch, height', width', features')``."""
        y = F.conv2d(
            x.permute(0, 3, 1, 2),
            self.weight,
            self.bias,
            self.stride,
            self.padding,
            self.dilation,
            self.groups,
        )
        return y.permute(0, 2, 3, 1)


class AxisConv(nn.Module):
    """Convolution along the height or the width of a grid."""

    def __init__(
        self, features: int, width: int, axis: str, kernel: int, stride: int, bias: bool
    ) -> None:
        super().__init__()
        bound = (features * kernel) ** -0.5
        across = axis == "width"
        sides = (1, kernel) if across else (kernel, 1)
        self.weight = nn.Parameter(torch.empty(width, features, *sides).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(width).uniform_(-bound, bound)) if bias else None
        edge = (kernel - 1) // 2
        self.stride = (1, stride) if across else (stride, 1)
        self.padding = (0, edge) if across else (edge, 0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """From ``(batch, height, width, features)`` to ``(batch, height', width', features')``."""
        y = F.conv2d(x.permute(0, 3, 1, 2), self.weight, self.bias, self.stride, self.padding)
        return y.permute(0, 2, 3, 1)
