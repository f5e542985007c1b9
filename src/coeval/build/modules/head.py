"""The last map, to the outputs that a loss takes."""

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import nn


class Head(nn.Module):
    """Affine map to the outputs, starting near zero: every class equally likely, every value the mean."""

    def __init__(self, features: int, outputs: int) -> None:
        super().__init__()
        bound = 0.1 * features**-0.5
        self.weight = nn.Parameter(torch.empty(outputs, features).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """From ``(batch, features)`` to ``(batch, outputs)``."""
        return F.linear(x, self.weight, self.bias)
