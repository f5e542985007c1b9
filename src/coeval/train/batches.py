"""One epoch's batches: one permutation, few large gathers, no Python per row."""

import math
from collections.abc import Iterator

import torch

from coeval.train.augment import Augmenter, changed
from coeval.train.data import Inputs, Tensors, numbers
from coeval.train.kernels.status import are_pictures_ready
from coeval.train.memory import BLOCK_BYTES

BLOCK_BATCHES = 256  # at once, so that the first step of an epoch never waits for long

Batch = tuple[Inputs, torch.Tensor, torch.Tensor | None]


def count_batches(rows: int, batch_size: int) -> int:
    """Return how many batches an epoch has.

    Example:
        >>> count_batches(257, 256)
        2
    """
    # Two rows are the least that batch statistics can be taken of.
    return min(math.ceil(rows / max(batch_size, 2)), max(1, rows // 2))


def epoch_batches(
    data: Tensors,
    batch_size: int,
    order: torch.Generator,
    change: Augmenter | None = None,
) -> Iterator[Batch]:
    """Yield every row once, in batches of nearly equal size in a random order.

    Equal sizes instead of a short last batch: every row weighs the same in the epoch, and no batch
    has a single row, of which batch normalisation can take no statistics.

    Args:
        data: The rows.
        batch_size: The largest size of a batch (at least 2 are taken).
        order: A generator on the CPU; the same state gives the same order on every device.
        change: Of pictures, while they still are bytes.
    """
    rows = len(data.target)
    batches = count_batches(rows, batch_size)
    ends = [rows * number // batches for number in range(batches + 1)]
    permutation = torch.randperm(rows, generator=order).to(data.target.device)
    row_bytes = sum(part.element_size() * math.prod(part.shape[1:]) for part in data.inputs) + 16
    fitting = BLOCK_BYTES // (row_bytes * math.ceil(rows / batches))
    per_block = min(max(1, fitting), BLOCK_BATCHES)
    for first in range(0, batches, per_block):
        last = min(first + per_block, batches)
        chosen = permutation[ends[first] : ends[last]]
        sizes = [ends[number + 1] - ends[number] for number in range(first, last)]
        yield from _split(data, chosen, sizes, change)


def _split(
    data: Tensors, chosen: torch.Tensor, sizes: list[int], change: Augmenter | None
) -> Iterator[Batch]:
    inputs = (_pictures if _are_pictures(data.inputs) else _rows)(
        data.inputs, chosen, sizes, change
    )
    target = torch.split(data.target.index_select(0, chosen), sizes)
    weights: tuple[torch.Tensor | None, ...] = (None,) * len(sizes)
    if data.weights is not None:
        weights = torch.split(data.weights.index_select(0, chosen), sizes)
    yield from zip(inputs, target, weights, strict=True)


def _rows(
    given: Inputs, chosen: torch.Tensor, sizes: list[int], change: Augmenter | None
) -> Iterator[Inputs]:
    """Yield the inputs of batches, gathered all at once."""
    taken = tuple([part.index_select(0, chosen) for part in given])
    parts = [torch.split(part, sizes) for part in (change(taken) if change else taken)]
    for number in range(len(sizes)):
        yield numbers(tuple([one[number] for one in parts]))


def _are_pictures(inputs: Inputs) -> bool:
    """Return whether inputs are pictures of bytes that compiled loops can read, and the loops are there."""
    if len(inputs) != 1 or inputs[0].dtype != torch.uint8 or inputs[0].device.type != "cpu":
        return False
    return are_pictures_ready()


def _pictures(
    given: Inputs, chosen: torch.Tensor, sizes: list[int], change: Augmenter | None
) -> Iterator[Inputs]:
    """Yield the inputs of batches as ``_rows`` does, from bytes to numbers in one pass over memory."""
    from coeval.train import pixels  # noqa: PLC0415 - loads the compiler, for images only

    shape, places = given[0].shape[1:], chosen.numpy()
    pictures = given[0].contiguous().numpy()
    flat = pictures.reshape(len(pictures), -1)
    drawn = None if change is None else change.draws(len(places), shape)
    last = 0
    for size in sizes:
        first, last = last, last + size
        if drawn is not None:
            yield (changed(pictures, places[first:last], drawn.part(first, last)),)
            continue
        made = torch.empty((size, *shape))
        pixels.reals(flat, places[first:last], made.numpy().reshape(size, -1))
        yield (made,)
