"""Which sub-network a training step of shared weights runs: one option for each slot, uniformly or fairly."""

from collections.abc import Sequence

import numpy as np

Picks = tuple[int, ...]


def uniform_path(sizes: Sequence[int], rng: np.random.Generator) -> Picks:
    """Draw an option for each slot, all with equal chance (Guo et al. 2020, SPOS, arXiv:1904.00420, section 3.3).

    Args:
        sizes: Options of each slot.
        rng: Decides.
    """
    return tuple(rng.integers(sizes).tolist())


def fair_paths(sizes: Sequence[int], rng: np.random.Generator) -> tuple[Picks, ...]:
    """Draw paths that use every option equally often (Chu et al. 2021, FairNAS, arXiv:1907.01845, section 3.3).

    Their gradients are added up before one update, so that no option is trained before another. Where slots have different
    numbers of options, the smaller ones go round again: their options' uses differ by one at most.

    Args:
        sizes: Options of each slot.
        rng: Decides.

    Returns:
        As many paths as the largest slot has options.

    Example:
        >>> paths = fair_paths((3, 3), np.random.default_rng(0))
        >>> [sorted(slot) for slot in zip(*paths)]
        [[0, 1, 2], [0, 1, 2]]
    """
    count = max(sizes)
    rounds = [
        np.concatenate([rng.permutation(size) for _ in range(-(-count // size))])[:count]
        for size in sizes
    ]
    return tuple([tuple(one) for one in np.stack(rounds, axis=1).tolist()])
