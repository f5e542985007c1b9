"""Modules that change the positions of a grid."""

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import nn


class Subsample(nn.Module):
    """Every ``stride``-th row and column from ``offset`` on, behind ``below`` rows and ``right`` columns of zeros more."""

    def __init__(self, stride: int, offset: int, below: int, right: int) -> None:
        super().__init__()
        self.stride, self.offset = stride, offset
        self.edge = (0, 0, 0, right, 0, below)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """From ``(batch, height, width, features)`` to ``(batch, height / stride, width / stride, features)``."""
        if any(self.edge):
            x = F.pad(x, self.edge)
        return x[:, self.offset :: self.stride, self.offset :: self.stride].contiguous()


class Upsample(nn.Module):
    """``factor`` times as many rows and columns, repeated or interpolated."""

    def __init__(self, factor: int, mode: str) -> None:
        super().__init__()
        self.factor, self.mode = float(factor), mode

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """From ``(batch, height, width, features)`` to ``(batch, factor * height, factor * width, features)``."""
        y = F.interpolate(x.permute(0, 3, 1, 2), scale_factor=self.factor, mode=self.mode)
        return y.permute(0, 2, 3, 1).contiguous()


class PatchEmbedding(nn.Module):
    """Learnt affine map of each patch of a grid."""

    def __init__(self, features: int, width: int, patch: int) -> None:
        super().__init__()
        bound = (features * patch * patch) ** -0.5
        self.weight = nn.Parameter(
            torch.empty(width, features, patch, patch).uniform_(-bound, bound)
        )
        self.bias = nn.Parameter(torch.empty(width).uniform_(-bound, bound))
        self.patch = patch

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """From ``(batch, height, width, features)`` to ``(batch, height / patch, width / patch, features')``."""
        y = F.conv2d(x.permute(0, 3, 1, 2), self.weight, self.bias, self.patch)
        return y.permute(0, 2, 3, 1)


class ToSequence(nn.Module):
    """Positions one behind the other, row by row."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """From ``(batch, height, width, features)`` to ``(batch, height * width, features)``."""
        return x.flatten(1, 2)


class ToGrid(nn.Module):
    """A sequence as the rows of a grid."""

    def __init__(self, height: int) -> None:
        super().__init__()
        self.height = height

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """From ``(batch, length, features)`` to ``(batch, height, length / height, features)``."""
        return x.reshape(x.shape[0], self.height, -1, x.shape[2])
