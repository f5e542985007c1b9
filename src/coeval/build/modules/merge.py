"""Modules that make one value of several."""

import math

import torch
from torch import nn


class Add(nn.Module):
    """Sum of values of one shape."""

    def forward(self, first: torch.Tensor, *others: torch.Tensor) -> torch.Tensor:
        """Keep the shape."""
        return sum(others, start=first)


class Multiply(nn.Module):
    """Elementwise product of values of one shape."""

    def forward(self, first: torch.Tensor, *others: torch.Tensor) -> torch.Tensor:
        """Keep the shape."""
        return math.prod(others, start=first)


class Concatenate(nn.Module):
    """Features of all values side by side."""

    def forward(self, *values: torch.Tensor) -> torch.Tensor:
        """From several ``(batch, ..., features)`` to one."""
        return torch.cat(values, dim=-1)


class Gate(nn.Module):
    """A value with positions times a vector."""

    def forward(self, value: torch.Tensor, gate: torch.Tensor) -> torch.Tensor:
        """Keep the shape ``(batch, ..., features)`` of the value; the gate is ``(batch, features)``."""
        return value * gate.reshape(gate.shape[0], *[1] * (value.ndim - 2), gate.shape[1])
