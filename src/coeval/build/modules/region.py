"""Modules around nested regions. They are lists of their bodies, so that a weight's name is its path."""

import torch
from torch import nn


class Residual(nn.ModuleList):
    """The input plus the body's result."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__([body])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Keep the shape."""
        y: torch.Tensor = self[0](x)
        return x + y


class Repeat(nn.ModuleList):
    """One body applied ``times`` times, or as many bodies one after the other."""

    def __init__(self, *bodies: nn.Module, times: int) -> None:
        super().__init__(bodies)
        self.times = times

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Keep the shape."""
        for number in range(self.times):
            x = self[number % len(self)](x)
        return x
