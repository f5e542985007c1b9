"""A linear model as a module, so that it is stored, exported and verified as networks are."""

import torch
from torch import nn


class LinearModel(nn.Module):
    """A weighted sum of numbers, of a number for each category, and of the shares that a text's words have of it."""

    def __init__(
        self,
        *,
        numeric: int,
        cardinalities: tuple[int, ...],
        lengths: tuple[int, ...],
        vocabularies: tuple[int, ...],
        outputs: int,
    ) -> None:
        super().__init__()
        self.lengths = list(lengths)
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.weight = nn.Parameter(torch.zeros(outputs, numeric)) if numeric else None
        self.categories = nn.Embedding(sum(cardinalities), outputs) if cardinalities else None
        sizes = torch.tensor(cardinalities, dtype=torch.int64)
        self.register_buffer("offsets", sizes.cumsum(0) - sizes, persistent=False)
        self.words = nn.ModuleList([nn.Embedding(size, outputs) for size in vocabularies])
        for table in self.modules():
            if isinstance(table, nn.Embedding):
                nn.init.zeros_(table.weight)

    def forward(self, row: tuple[torch.Tensor, torch.Tensor, torch.Tensor]) -> torch.Tensor:
        """From a row's numbers, codes and tokens to ``(batch, outputs)``."""
        total: torch.Tensor = self.bias
        if self.weight is not None:
            total = total + row[0] @ self.weight.T
        if self.categories is not None:
            total = total + self.categories(row[1] + self.get_buffer("offsets")).sum(dim=1)
        if self.lengths:
            texts = torch.split(row[2], self.lengths, dim=1)
            for tokens, table in zip(texts, self.words, strict=True):
                mask = (tokens != 0).unsqueeze(-1).to(self.bias.dtype)
                found = (table(tokens) * mask).sum(dim=1)
                total = total + found / mask.sum(dim=1).clamp(min=1.0)
        return total
