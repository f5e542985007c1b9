"""Entries: from a prepared row, the triple ``(numeric, codes, tokens)``, to one vector."""

import math

import torch
from torch import nn


class NumericEntry(nn.Module):
    """Numeric columns as one vector: plain, piecewise-linearly encoded, or as learnt cosines.

    ``piecewise_linear`` follows Gorishniy et al. 2022 (arXiv:2203.05556, equation 3), then a linear map
    of its own for each column. ``periodic`` is PBLD (Holzmüller et al. 2024, arXiv:2407.04491).
    """

    start: torch.Tensor
    slope: torch.Tensor
    lowest: torch.Tensor
    highest: torch.Tensor

    def __init__(
        self, *, columns: int, encoding: str, width: int, bins: int, frequencies: int, scale: float
    ) -> None:
        super().__init__()
        self.encoding = encoding
        if encoding == "plain":
            return
        inside, outside = (
            (bins, width) if encoding == "piecewise_linear" else (frequencies, width - 1)
        )
        bound = inside**-0.5
        self.weight = nn.Parameter(torch.empty(columns, inside, outside).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(columns, 1, outside).uniform_(-bound, bound))
        if encoding == "piecewise_linear":
            for name in ("start", "slope", "lowest", "highest"):
                self.register_buffer(name, torch.empty(columns, bins))
            self._set_edges(torch.linspace(-2.0, 2.0, bins + 1).repeat(columns, 1))
        else:
            self.frequencies = nn.Parameter(torch.randn(columns, frequencies) * scale)
            self.phases = nn.Parameter(
                torch.empty(columns, frequencies).uniform_(-math.pi, math.pi)
            )

    @torch.no_grad()
    def fit_rows(self, numeric: torch.Tensor, codes: torch.Tensor, tokens: torch.Tensor) -> None:
        """Set the bins to quantiles of the rows; other encodings need nothing."""
        if self.encoding != "piecewise_linear":
            return
        shares = torch.linspace(0.0, 1.0, self.start.shape[1] + 1, device=numeric.device)
        places = (shares * (len(numeric) - 1)).round().long()
        self._set_edges(numeric.sort(dim=0).values[places].T)

    def _set_edges(self, edges: torch.Tensor) -> None:
        gaps = edges.diff(dim=1)
        real = gaps > 0  # equal quantiles give a bin without width, which stays 0
        rank = real.cumsum(dim=1)
        beyond = torch.finfo(
            torch.float32
        ).max  # the outer bins go on: no infinity among the weights
        self.start.copy_(edges[:, :-1])
        self.slope.copy_(torch.where(real, 1 / torch.where(real, gaps, 1.0), 0.0))
        self.lowest.copy_(torch.where(real & (rank == 1), -beyond, 0.0))
        self.highest.copy_(torch.where(real & (rank == rank[:, -1:]), beyond, 1.0))

    def forward(self, row: tuple[torch.Tensor, torch.Tensor, torch.Tensor]) -> torch.Tensor:
        """From ``(batch, columns)`` to ``(batch, columns)`` (plain) or ``(batch, columns * width)``."""
        numeric = row[0]
        if self.encoding == "plain":
            return numeric
        x = numeric.unsqueeze(-1)
        if self.encoding == "piecewise_linear":
            inside = torch.minimum(
                torch.maximum((x - self.start) * self.slope, self.lowest), self.highest
            )
        else:
            inside = torch.cos(2 * math.pi * self.frequencies * x + self.phases)
        # One small product for each column: (columns, batch, inside) @ (columns, inside, outside).
        y = torch.bmm(inside.transpose(0, 1), self.weight) + self.bias
        y = y.transpose(0, 1)
        if self.encoding == "periodic":
            y = torch.cat([x, y], dim=-1)
        return y.flatten(1)


class CategoryEntry(nn.Module):
    """Categorical columns as learnt embeddings side by side, columns of one width together."""

    def __init__(self, cardinalities: tuple[int, ...], widths: tuple[int, ...]) -> None:
        super().__init__()
        # One table for all columns of one width: a look-up costs as much for ten columns as for one.
        self.tables = nn.ModuleList()
        for number, width in enumerate(sorted(set(widths))):
            columns = [column for column, one in enumerate(widths) if one == width]
            sizes = torch.tensor([cardinalities[column] for column in columns])
            offsets = sizes.cumsum(0) - sizes
            table = nn.Embedding(int(sizes.sum()), width)
            nn.init.normal_(table.weight, std=width**-0.5)
            with torch.no_grad():
                table.weight[offsets] = 0.0  # rare or unseen: nothing is known
            self.tables.append(table)
            self.register_buffer(f"columns_{number}", torch.tensor(columns), persistent=False)
            self.register_buffer(f"offsets_{number}", offsets, persistent=False)

    def forward(self, row: tuple[torch.Tensor, torch.Tensor, torch.Tensor]) -> torch.Tensor:
        """From codes ``(batch, columns)`` to ``(batch, sum of widths)``."""
        parts = []
        for number, table in enumerate(self.tables):
            codes = row[1].index_select(1, self.get_buffer(f"columns_{number}"))
            parts.append(table(codes + self.get_buffer(f"offsets_{number}")).flatten(1))
        return torch.cat(parts, dim=1) if len(parts) > 1 else parts[0]


class TextEntry(nn.Module):
    """Text columns: the mean of each column's token embeddings, padding left out, side by side."""

    def __init__(self, lengths: tuple[int, ...], vocabularies: tuple[int, ...], width: int) -> None:
        super().__init__()
        self.lengths = list(lengths)
        self.tables = nn.ModuleList()
        for size in vocabularies:
            table = nn.Embedding(size, width)
            nn.init.normal_(table.weight, std=width**-0.5)
            self.tables.append(table)

    def forward(self, row: tuple[torch.Tensor, torch.Tensor, torch.Tensor]) -> torch.Tensor:
        """From tokens ``(batch, sum of lengths)`` to ``(batch, columns * width)``."""
        parts = []
        for tokens, table in zip(
            torch.split(row[2], self.lengths, dim=1), self.tables, strict=True
        ):
            mask = (tokens != 0).unsqueeze(-1).float()
            total = (table(tokens) * mask).sum(dim=1)
            parts.append(total / mask.sum(dim=1).clamp(min=1.0))
        return torch.cat(parts, dim=1) if len(parts) > 1 else parts[0]
