"""A prepared row, the triple ``(numeric, codes, tokens)``, as a set of tokens."""

import torch
from torch import nn


class TokenEntry(nn.Module):
    """A token for each column: a direction times the number, or the category's vector, plus the column's offset."""

    def __init__(self, columns: int, cardinalities: tuple[int, ...], width: int) -> None:
        super().__init__()
        bound = width**-0.5
        count = columns + len(cardinalities)
        self.directions = nn.Parameter(torch.empty(columns, width).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(count, width).uniform_(-bound, bound))
        self.table = nn.Embedding(max(sum(cardinalities), 1), width) if cardinalities else None
        sizes = torch.tensor(cardinalities, dtype=torch.int64)
        self.register_buffer("offsets", sizes.cumsum(0) - sizes, persistent=False)
        if self.table is not None:
            nn.init.uniform_(self.table.weight, -bound, bound)

    def forward(self, row: tuple[torch.Tensor, torch.Tensor, torch.Tensor]) -> torch.Tensor:
        """From ``(batch, columns)`` numbers and codes to ``(batch, tokens, width)``."""
        tokens = row[0].unsqueeze(-1) * self.directions
        if self.table is not None:
            categories = self.table(row[1] + self.get_buffer("offsets"))
            tokens = torch.cat([tokens, categories], dim=1)
        return tokens + self.bias
