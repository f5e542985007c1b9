"""Normalisations."""

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import nn


class BatchNorm(nn.Module):
    """Each feature to mean 0 and variance 1 over the batch, then scaled and shifted."""

    mean: torch.Tensor
    variance: torch.Tensor

    def __init__(self, features: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(features))
        self.bias = nn.Parameter(torch.zeros(features))
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("variance", torch.ones(features))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Keep the shape ``(batch, ..., features)``; statistics are over all other axes."""
        rows = x.reshape(-1, x.shape[-1])
        y = F.batch_norm(rows, self.mean, self.variance, self.scale, self.bias, self.training)
        return y.reshape(x.shape)


class LayerNorm(nn.Module):
    """Features to mean 0 and variance 1 within an example, then scaled and shifted."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(features))
        self.bias = nn.Parameter(torch.zeros(features))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Keep the shape ``(batch, ..., features)``."""
        return F.layer_norm(x, self.scale.shape, self.scale, self.bias)


class RMSNorm(nn.Module):
    """Features divided by their root mean square within an example, then scaled."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(features))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Keep the shape ``(batch, ..., features)``."""
        return F.rms_norm(x, self.scale.shape, self.scale.to(x.dtype), eps=1e-5)


class GroupNorm(nn.Module):
    """Groups of neighbouring features to mean 0 and variance 1 over an example's positions, then scaled and shifted."""

    def __init__(self, features: int, groups: int, positions: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(features))
        self.bias = nn.Parameter(torch.zeros(features))
        self.groups, self.numbers = groups, positions * features // groups

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Keep the shape ``(batch, ..., features)``."""
        # A layer norm of each group, brought together. Not F.group_norm: with the features last its backward pass writes
        # where it must not (torch 2.13 on a CPU: the process dies, or not).
        parts = x.reshape(x.shape[0], -1, self.groups, len(self.scale) // self.groups)
        y = F.layer_norm(parts.transpose(1, 2).flatten(2), (self.numbers,))
        y = y.reshape(parts.transpose(1, 2).shape).transpose(1, 2).reshape(x.shape)
        return y * self.scale.to(y.dtype) + self.bias.to(y.dtype)
