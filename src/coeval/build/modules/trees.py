"""Gradient-boosted trees, and forests, as a module, so that they are stored, exported and verified as networks are."""

import torch
from torch import nn


class TreeEnsemble(nn.Module):
    """Regression trees over numbers, category codes and indicators of codes, added up: boosted ones, or a forest's.

    A node sends a row to its left child where the feature is at most the threshold. A leaf is its own child, so that
    every row makes as many steps as the deepest tree has levels. Rounds that were not needed are leaves of value 0.

    Boosted (``kind="sum"``), a round has a tree for each output. A forest's round is one tree, each of whose leaves speaks for one
    output, with its part of the mean: of values (``"value"``), or of shares, of the second of two classes (``"logit"``) or
    of each of many (``"classes"``), which become logits; ``offset`` is added to each so that no class is impossible.
    """

    TOGETHER = 16  # trees walked at once: few enough to stay in the cache

    feature: torch.Tensor
    threshold: torch.Tensor
    left: torch.Tensor
    right: torch.Tensor
    levels: torch.Tensor
    speaks: torch.Tensor  # of a forest

    def __init__(
        self,
        *,
        columns: int,
        outputs: int,
        rounds: int,
        leaves: int,
        kind: str = "sum",
        indicators: tuple[int, ...] = (),
    ) -> None:
        super().__init__()
        self.columns, self.indicators = columns + sum(indicators), indicators
        self.kind, self.is_forest = kind, kind != "sum"
        shape = (rounds, 1 if self.is_forest else outputs, 2 * leaves - 1)
        for name in ("feature", "left", "right", *(["speaks"] if self.is_forest else [])):
            self.register_buffer(name, torch.zeros(shape, dtype=torch.int32))
        self.register_buffer("threshold", torch.zeros(shape))
        self.register_buffer("levels", torch.zeros(rounds, dtype=torch.int32))
        self.value = nn.Parameter(torch.zeros(shape))
        self.offset = nn.Parameter(torch.full((outputs,), float(kind in ("logit", "classes"))))

    def forward(self, row: tuple[torch.Tensor, torch.Tensor, torch.Tensor]) -> torch.Tensor:
        """From a row's numbers and codes to ``(batch, outputs)``."""
        return self.linked(self.rounds(self.features(row), 0, len(self.value)), self.offset)

    def features(self, row: tuple[torch.Tensor, ...]) -> torch.Tensor:
        """Return what trees ask for, ``(batch, columns)``: numbers, codes, and for some columns of codes whether it is 2, 3, ..."""
        numbers, codes = row[0], row[1]
        found = numbers.new_empty(len(numbers), self.columns)  # filled in place: it may be large
        end = numbers.shape[1] + codes.shape[1]
        found[:, : numbers.shape[1]] = numbers
        found[:, numbers.shape[1] : end] = codes
        for place, count in enumerate(self.indicators):
            levels = torch.arange(2, 2 + count, device=codes.device)
            found[:, end : end + count] = codes[:, place, None] == levels
            end += count
        return found

    def linked(self, total: torch.Tensor, offset: torch.Tensor) -> torch.Tensor:
        """Return the outputs of what all trees say together."""
        raised = total + offset
        if self.kind == "logit":
            return raised.log() - (1 + 2 * offset - raised).log()
        return raised.log() if self.kind == "classes" else raised

    def rounds(self, numbers: torch.Tensor, first: int, last: int) -> torch.Tensor:
        """Return what some of the rounds add to rows of features, ``(batch, outputs)``; several trees, alike in depth, are walked down at once."""
        kept = self.value[first:last].flatten(1).any(dim=1).nonzero()
        last = first + int(kept.max()) + 1 if len(kept) else last
        total = numbers.new_zeros(len(numbers), len(self.offset))
        step = max(1, self.TOGETHER // self.value.shape[1])
        levels = self.levels[first:last].tolist()  # a list: ONNX cannot sort as this is sorted
        ranked = sorted(range(first, last), key=lambda number: levels[number - first])
        order = torch.tensor(ranked, dtype=torch.int64, device=numbers.device)
        for start in range(0, len(order), step):
            chosen = order[start : start + step]
            total = total + self._said(chosen, self._walked(numbers, chosen))
        return total

    def _walked(self, numbers: torch.Tensor, chosen: torch.Tensor) -> torch.Tensor:
        """Return the leaf that each row reaches in each tree of some rounds, one tree's nodes behind the other's, ``(batch, trees)``."""
        count, (_, outputs, nodes) = len(chosen), self.value.shape
        trees = count * outputs
        root = torch.arange(trees, device=numbers.device) * (2 * nodes)
        # A node has two places, for its two children: a step is three looks into a table and no choice between two, which
        # takes torch as long as all of them.
        feature, threshold = (
            one[chosen].flatten().repeat_interleave(2) for one in (self.feature, self.threshold)
        )
        feature = feature.long()
        children = torch.stack([self.right[chosen], self.left[chosen]], dim=3)
        child = (2 * children.view(trees, -1) + root[:, None]).flatten()
        node = root.repeat(len(numbers))
        for _ in range(int(self.levels[chosen].max())):
            asked = numbers.gather(1, feature.index_select(0, node).view(-1, trees)).flatten()
            goes_left = asked <= threshold.index_select(0, node)
            node = child.index_select(0, node + goes_left)
        return (node // 2).view(-1, trees)

    def _said(self, chosen: torch.Tensor, leaves: torch.Tensor) -> torch.Tensor:
        """Return what those leaves add to the outputs, ``(batch, outputs)``."""
        flat = leaves.flatten()
        values = self.value[chosen].flatten().index_select(0, flat)
        if not self.is_forest:
            return values.view(-1, len(chosen), self.value.shape[1]).sum(dim=1)
        speaks = self.speaks[chosen].flatten().index_select(0, flat).view(leaves.shape).long()
        total = values.new_zeros(len(leaves), len(self.offset))
        return total.scatter_add(1, speaks, values.view(leaves.shape))
