"""A Pareto front read from shared weights: many sub-networks scored without training any of them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from coeval.architecture.inference import infer
from coeval.architecture.step import Architecture
from coeval.oneshot.paths import Picks
from coeval.oneshot.supernet import recalibrate
from coeval.pareto import nondominated


@dataclass(frozen=True, slots=True)
class Reading:
    """A sub-network as the shared weights see it.

    Attributes:
        picks: Which it is.
        cost: Its score, smaller being better.
        parameters: Trainable numbers of the network of its own.
        macs: Multiply-accumulates an image.
    """

    picks: Picks
    cost: float
    parameters: int
    macs: int


def reading(picks: Picks, cost: float, architecture: Architecture) -> Reading:
    """Return a score beside the size of its network.

    Args:
        picks: Which sub-network.
        cost: Its score, smaller being better.
        architecture: Its own.
    """
    size = infer(architecture).cost
    return Reading(picks, cost, size.parameters, size.macs)


def readings(
    extract: Callable[[Picks], nn.Module],
    assemble: Callable[[Picks], Architecture],
    score: Callable[[nn.Module], float],
    batches: Sequence[torch.Tensor],
    picks: Iterable[Picks],
) -> tuple[Reading, ...]:
    """Score sub-networks of one network, each with batch-norm statistics of its own.

    Args:
        extract: Makes a network of its own of picks, such as ``partial(extract, supernet)``.
        assemble: Makes the architecture of picks.
        score: Of a network in evaluation mode, smaller being better.
        batches: Images for the statistics, ``(batch, height, width, features)`` each.
        picks: Which sub-networks; each is scored once.

    Returns:
        One for each different picks, in their order.
    """
    found = []
    for one in dict.fromkeys(picks):
        network = extract(one)
        recalibrate(network, batches)
        found.append(reading(one, score(network), assemble(one)))
    return tuple(found)


def front(
    found: Sequence[Reading], size: Callable[[Reading], float] = lambda one: one.parameters
) -> tuple[Reading, ...]:
    """Return the readings that no other one beats in score and size, the smallest first.

    Args:
        found: At least one.
        size: What is to be small beside the cost: parameters, or ``lambda one: one.macs``.
    """
    costs = np.array([[one.cost, size(one)] for one in found], dtype=np.float64).reshape(-1, 2)
    best = [one for one, kept in zip(found, nondominated(costs), strict=True) if kept]
    return tuple(sorted(best, key=size))


def spread(sizes: Sequence[int], count: int, rng: np.random.Generator) -> tuple[Picks, ...]:
    """Return the smallest and the largest sub-network and others between them, evenly from small to large.

    Uniform draws would nearly all be of middle size: here each draws its own inclination to large values first.

    Args:
        sizes: Options of each slot, smaller ones first.
        count: How many, at least 2; fewer come back where there are fewer.
        rng: Decides.
    """
    largest = tuple([size - 1 for size in sizes])
    found = dict.fromkeys(((0,) * len(sizes), largest))
    for _ in range(20 * count):
        if len(found) >= count:
            break
        inclination = rng.random()
        drawn = [int(rng.binomial(size - 1, inclination)) for size in sizes]
        found[tuple(drawn)] = None
    return tuple(found)[:count]
