"""The batches of a population: every member's own order of the same rows, gathered for many steps at once."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch

from coeval.train.batches import BLOCK_BATCHES, count_batches
from coeval.train.data import Inputs, Tensors
from coeval.train.memory import BLOCK_BYTES

CACHED_BYTES = 2 * 2**20
"""Gathered at once on a CPU: what stays in its cache is gathered three times as fast."""


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """The rows of some steps, ``(members, rows of all of them, …)`` each.

    Attributes:
        first: Number of the first step within the epoch.
        sizes: Rows of each step's batch.
        inputs: As ``data.Tensors`` has them.
        target: Likewise.
        weights: Likewise.
    """

    first: int
    sizes: tuple[int, ...]
    inputs: Inputs
    target: torch.Tensor
    weights: torch.Tensor | None


def gathered(
    data: Tensors,
    batch_size: int,
    orders: Sequence[torch.Generator],
    bytes_a_row: int,
) -> Iterator[Gathered]:
    """Yield an epoch: for each member the batches of ``batches.epoch_batches``.

    Args:
        data: The rows.
        batch_size: The largest size of a batch.
        orders: Each member's generator, on the CPU.
        bytes_a_row: What else is made for each row of all members.
    """
    rows, members = len(data.target), len(orders)
    batches = count_batches(rows, batch_size)
    ends = [rows * number // batches for number in range(batches + 1)]
    orders_drawn = torch.stack([torch.randperm(rows, generator=one) for one in orders])
    permutation = orders_drawn.to(data.target.device)
    own = sum(part.element_size() * part.shape[1] for part in data.inputs) + 16
    block = CACHED_BYTES if permutation.device.type == "cpu" else BLOCK_BYTES
    fitting = block // ((own * members + bytes_a_row) * math.ceil(rows / batches))
    per_block = min(max(1, fitting), BLOCK_BATCHES)
    for first in range(0, batches, per_block):
        last = min(first + per_block, batches)
        chosen = permutation[:, ends[first] : ends[last]]
        sizes = tuple(ends[number + 1] - ends[number] for number in range(first, last))
        numeric, codes, tokens = (_take(part, chosen) for part in data.inputs)
        weights = None if data.weights is None else _take(data.weights, chosen)
        yield Gathered(first, sizes, (numeric, codes, tokens), _take(data.target, chosen), weights)


def steps_of(block: Gathered, begin: Callable[[int], None]) -> Iterator["Gathered"]:
    """Yield each step of a block by itself, told to ``begin`` before."""
    start = 0
    for number, size in enumerate(block.sizes):
        begin(number)
        numeric, codes, tokens = (part.narrow(1, start, size) for part in block.inputs)
        weights = None if block.weights is None else block.weights.narrow(1, start, size)
        target = block.target.narrow(1, start, size)
        yield Gathered(block.first + number, (size,), (numeric, codes, tokens), target, weights)
        start += size


def _take(part: torch.Tensor, chosen: torch.Tensor) -> torch.Tensor:
    return part.index_select(0, chosen.reshape(-1)).view(*chosen.shape, *part.shape[1:])
