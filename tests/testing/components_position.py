"""A module whose answer to zeros depends on the position."""

import torch
from torch import nn


class Place(nn.Module):
    def __init__(self, features: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(features))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        places = torch.arange(x.shape[1], dtype=x.dtype)
        return (x + places[:, None]) * self.scale
