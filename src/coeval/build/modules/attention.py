"""Attention over the positions of a domain, and what tells them apart."""

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import nn


class Attention(nn.Module):
    """Multi-head self-attention over all positions."""

    def __init__(self, features: int, heads: int) -> None:
        super().__init__()
        bound = features**-0.5
        self.weight = nn.Parameter(torch.empty(3 * features, features).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.zeros(3 * features))
        self.out_weight = nn.Parameter(torch.empty(features, features).uniform_(-bound, bound))
        self.out_bias = nn.Parameter(torch.zeros(features))
        self.heads, self.scale = heads, (features // heads) ** -0.5

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Keep the shape ``(batch, ..., features)``."""
        given = x.flatten(1, -2)
        mapped = F.linear(given, self.weight, self.bias)
        # (batch, positions, 3 * features) -> three of (batch, heads, positions, features / heads)
        parts = mapped.reshape(*given.shape[:2], 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        query, key, value = parts
        shares = torch.matmul(query * self.scale, key.transpose(2, 3)).softmax(3)
        mixed = torch.matmul(shares, value).transpose(1, 2).flatten(2)
        return F.linear(mixed, self.out_weight, self.out_bias).reshape(x.shape)


class PositionEmbedding(nn.Module):
    """A learnt vector for each position, added."""

    def __init__(self, positions: tuple[int, ...], features: int) -> None:
        super().__init__()
        self.embedding = nn.Parameter(torch.randn(*positions, features) * 0.02)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Keep the shape ``(batch, *positions, features)``."""
        return x + self.embedding
