"""Compiled loops over the examples of a batch, shared out to as many threads as PyTorch may use.

The loops hold no lock of the interpreter, so plain threads run them side by side. Only a final training that has all cores
to itself uses more than one.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

import torch

T = TypeVar("T")

LEAST = 32_768
"""Numbers that a share must have: handing one over takes 50 microseconds, in which a loop handles as many."""


def spread(work: Callable[[slice], T], count: int, size: int) -> list[T]:
    """Return what a piece of work returns for each share of a batch.

    Args:
        work: Takes the part of a flat array that holds its examples; called in several threads at once.
        count: Examples.
        size: Numbers of an example.
    """
    shares = max(1, min(torch.get_num_threads(), count, count * size // LEAST))
    ends = [count * number // shares * size for number in range(shares + 1)]
    parts = [slice(*ends[number : number + 2]) for number in range(shares)]
    if shares == 1:
        return [work(parts[0])]
    others = [_threads().submit(work, part) for part in parts[1:]]
    return [work(parts[0]), *(one.result() for one in others)]


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(thread_name_prefix="coeval-loops")
