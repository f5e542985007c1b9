"""A right module and wrong ones, for the tests of the contract of components."""

import numpy
import torch
from torch import nn

LOUDNESS = 2.0


class Gain(nn.Module):
    """``x · gain``, a factor for each feature."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.full((features,), 0.5))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.gain


class Mixing(nn.Module):
    def __init__(self, features: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(features))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x - x.mean(0)) * self.gain


class Halving(nn.Module):
    def __init__(self, features: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(features))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x * self.gain)[..., ::2]


class Double(Gain):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x * self.gain).double()


class Drawing(nn.Module):
    def __init__(self, features: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(features))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.gain * torch.rand_like(x) if self.training else x * self.gain


class Exploding(nn.Module):
    def __init__(self, features: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(features))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.exp(x) * self.gain


class Idle(nn.Module):
    def __init__(self, features: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(features))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * 2


class Rooted(nn.Module):
    def __init__(self, features: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.zeros(features))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.gain.sqrt()


class Borrowing(nn.Module):
    def __init__(self, features: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(features))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.gain * LOUDNESS


class Leaning(nn.Module):
    """Needs a library that an exported network does not have."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(features))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.gain * float(numpy.e)


class Reversing(nn.Module):
    """Without weights: the features from last to first, the first left out of the sum."""

    def forward(self, *values: torch.Tensor) -> torch.Tensor:
        return values[0].flip(-1) * torch.arange(values[0].shape[-1]) + 1 + sum(values[1:])


class Subtracting(nn.Module):
    def forward(self, *values: torch.Tensor) -> torch.Tensor:
        return values[0] - sum(values[1:])
