"""Gradient-boosted trees as a module, so that they are stored, exported and verified as networks are."""

import torch
from torch import nn


class TreeEnsemble(nn.Module):
    """A sum of regression trees over numbers and category codes; ``rounds`` trees for each output.

    A node sends a row to its left child where the feature is at most the threshold. A leaf is its own child, so that
    every row makes as many steps as the deepest tree has levels. Rounds that were not needed are leaves of value 0.
    """

    TOGETHER = 16  # trees walked at once: few enough to stay in the cache

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
        """Return what some of the rounds add, ``(batch, outputs)``; several trees, alike in depth, are walked down at once."""
        numbers = torch.cat([row[0], row[1].to(row[0].dtype)], dim=1)
        kept = self.value[first:last].flatten(1).any(dim=1).nonzero()
        last = first + int(kept.max()) + 1 if len(kept) else last
        total = numbers.new_zeros(len(numbers), self.value.shape[1])
        step = max(1, self.TOGETHER // self.value.shape[1])
        levels = self.levels[first:last].tolist()  # a list: ONNX cannot sort as this is sorted
        ranked = sorted(range(first, last), key=lambda number: levels[number - first])
        order = torch.tensor(ranked, dtype=torch.int64, device=numbers.device)
        for start in range(0, len(order), step):
            total = total + self._walked(numbers, order[start : start + step])
        return total

    def _walked(self, numbers: torch.Tensor, chosen: torch.Tensor) -> torch.Tensor:
        count, (_, outputs, nodes) = len(chosen), self.value.shape
        trees = count * outputs
        root = torch.arange(trees, device=numbers.device) * (2 * nodes)
        # A node has two places, for its two children: a step is three looks into a table and no choice between two, which
        # takes torch as long as all of them.
        feature, threshold, value = (
            one[chosen].flatten().repeat_interleave(2)
            for one in (self.feature, self.threshold, self.value)
        )
        feature = feature.long()
        children = torch.stack([self.right[chosen], self.left[chosen]], dim=3)
        child = (2 * children.view(trees, -1) + root[:, None]).flatten()
        node = root.repeat(len(numbers))
        for _ in range(int(self.levels[chosen].max())):
            asked = numbers.gather(1, feature.index_select(0, node).view(-1, trees)).flatten()
            goes_left = asked <= threshold.index_select(0, node)
            node = child.index_select(0, node + goes_left)
        return value.index_select(0, node).view(-1, count, outputs).sum(dim=1)
