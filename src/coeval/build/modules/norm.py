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

    def __init__(self, features: int, groups: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(features))
        self.bias = nn.Parameter(torch.zeros(features))
        self.groups = groups

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Keep the shape ``(batch, ..., features)``."""
        # As (batch, features, positions, 1), which torch sees in its channels_last format: nothing is copied.
        given = x.reshape(x.shape[0], -1, 1, x.shape[-1]).permute(0, 3, 1, 2)
        y = F.group_norm(given, self.groups, self.scale, self.bias)
        return y.permute(0, 2, 3, 1).reshape(x.shape)
