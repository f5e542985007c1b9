"""Gradient-boosted trees as a module, so that they are stored, exported and verified as networks are."""

import torch
from torch import nn


class TreeEnsemble(nn.Module):
    """A sum of regression trees over numbers and category codes; ``rounds`` trees for each output.

    A node sends a row to its left child where the feature is at most the threshold. A leaf is its own child, so that
    every row makes as many steps as the deepest tree has levels. Rounds that were not needed are leaves of value 0.
    """

    feature: torch.Tensor
    threshold: torch.Tensor
    left: torch.Tensor
    right: torch.Tensor
    levels: torch.Tensor

    def __init__(self, *, columns: int, outputs: int, rounds: int, leaves: int) -> None:
        super().__init__()
        self.columns = columns
        shape = (rounds, outputs, 2 * leaves - 1)
        for name in ("feature", "left", "right"):
            self.register_buffer(name, torch.zeros(shape, dtype=torch.int32))
        self.register_buffer("threshold", torch.zeros(shape))
        self.register_buffer("levels", torch.zeros(rounds, dtype=torch.int32))
        self.value = nn.Parameter(torch.zeros(shape))
        self.offset = nn.Parameter(torch.zeros(outputs))

    def forward(self, row: tuple[torch.Tensor, torch.Tensor, torch.Tensor]) -> torch.Tensor:
        """From a row's numbers and codes to ``(batch, outputs)``."""
        return self.offset + self.rounds(row, 0, len(self.value))

    def rounds(
        self, row: tuple[torch.Tensor, torch.Tensor, torch.Tensor], first: int, last: int
    ) -> torch.Tensor:
        """Return what some of the rounds add, ``(batch, outputs)``."""
        numbers = torch.cat([row[0], row[1].to(row[0].dtype)], dim=1)
        total = numbers.new_zeros(len(numbers), self.value.shape[1])
        for number in range(first, last):
            node = numbers.new_zeros(total.shape, dtype=torch.int64)
            for _ in range(int(self.levels[number])):
                asked = numbers.gather(1, self._of(self.feature[number], node).long())
                goes_left = asked <= self._of(self.threshold[number], node)
                left, right = (self._of(one[number], node) for one in (self.left, self.right))
                node = torch.where(goes_left, left, right).long()
            total = total + self._of(self.value[number], node)
        return total

    @staticmethod
    def _of(table: torch.Tensor, node: torch.Tensor) -> torch.Tensor:
        """Return ``(batch, outputs)`` entries of ``(outputs, nodes)``."""
        return table.T.gather(0, node)
