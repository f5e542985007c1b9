"""An ensemble inside one network: the members' views of a row, their heads, and what they say together."""

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import nn


class Members(nn.Module):
    """The input once for each member, times the member's own factors."""

    def __init__(self, features: int, count: int) -> None:
        super().__init__()
        signs = torch.randint(0, 2, (count, features))
        self.factor = nn.Parameter(2.0 * signs - 1.0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """From ``(batch, features)`` to ``(batch, members, features)``."""
        return x.unsqueeze(1) * self.factor


class MemberLinear(nn.Module):
    """An affine map of its own for each member, starting near zero as other heads do."""

    def __init__(self, features: int, members: int, width: int) -> None:
        super().__init__()
        bound = 0.1 * features**-0.5
        self.weight = nn.Parameter(torch.empty(members, width, features).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.zeros(members, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """From ``(batch, members, features)`` to ``(batch, members, width)``."""
        # One small product for each member: (members, batch, features) @ (members, features, width).
        y = torch.bmm(x.transpose(0, 1), self.weight.transpose(1, 2))
        return y.transpose(0, 1) + self.bias


class Vote(nn.Module):
    """The mean of the members' probabilities, as logits, or of their values."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """From ``(batch, members, outputs)`` to ``(batch, outputs)``."""
        if self.kind == "value":
            return x.mean(1)
        if self.kind == "classes":
            return x.log_softmax(2).logsumexp(1)  # less log(members), which no softmax sees
        # log of the mean of p less that of 1 - p; -softplus(-x) is the logarithm of sigmoid(x)
        return (-F.softplus(-x)).logsumexp(1) - (-F.softplus(x)).logsumexp(1)
