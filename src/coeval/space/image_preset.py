"""What a preset space for images is: the parts of its candidates, their network, and what an expert would start with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from coeval.architecture.inference import infer
from coeval.architecture.step import Architecture, Region
from coeval.errors import SpaceError
from coeval.space.image_frame import ImageFrame, Network
from coeval.space.limits import Limits
from coeval.space.protocol import Candidate, Genotype, Space


@dataclass(frozen=True, slots=True)
class Parts:
    """A preset for one task.

    Attributes:
        spaces: The spaces of the architecture's parts by name.
        network: From a candidate with these parts to its whole network.
        seeds: By name the genotypes of these parts; the first is the network that a run compares itself with.
    """

    spaces: Mapping[str, Space[Any]]
    network: Network
    seeds: Mapping[str, Mapping[str, Genotype]]


@dataclass(frozen=True, slots=True)
class Preset:
    """A preset under its name.

    Attributes:
        line: What it is, in one line.
        build: From images, head and limits to its parts.
        has_choices: Whether its decisions are options of one type each, so that a supernet holds them all.
    """

    line: str
    build: Callable[[ImageFrame, Limits], Parts]
    has_choices: bool = True


@dataclass(frozen=True, slots=True)
class Stack:
    """How many cells stand in a stage, and how many features the first stage has."""

    cells: int
    width: int


STACKS = tuple(Stack(*one) for one in ((5, 16), (3, 16), (2, 16), (1, 16), (2, 8), (1, 8), (1, 4)))
"""From the size of the papers' proxies down."""


def single(part: str, space: Space[Any], network: Network, seeds: Mapping[str, Genotype]) -> Parts:
    """Return a preset of one part.

    Args:
        part: Its name.
        space: Of the part.
        network: From a candidate with this part to its whole network.
        seeds: By name; the first is the network that a run compares itself with.
    """
    return Parts({part: space}, network, {name: {part: one} for name, one in seeds.items()})


def around(
    whole: Callable[[Region, Stack, ImageFrame], Architecture],
    stack: Stack,
    candidate: Candidate,
    frame: ImageFrame,
) -> Architecture:
    """Return the network around a candidate's part ``architecture``.

    Args:
        whole: From the part's body to the network: puts stem and head around it.
        stack: Of the body.
        candidate: With this part.
        frame: Images and head.
    """
    return whole(candidate.architecture.body, stack, frame)


def affordable(
    network: Callable[[Stack], Architecture], limits: Limits, stacks: tuple[Stack, ...] = STACKS
) -> Stack:
    """Return the largest stack whose network fits the limits.

    Args:
        network: From a stack to the network that is to fit; the costliest, for all members to fit.
        limits: Of parameters, multiply-accumulates and memory.
        stacks: From the largest to the smallest.

    Raises:
        SpaceError: Not even the smallest fits.
    """
    excess = ""
    for stack in stacks:
        excess = limits.excess(infer(network(stack)).cost)
        if not excess:
            return stack
    last = stacks[-1]
    raise SpaceError(
        f"Even {last.cells} cells a stage of {last.width} features exceed the limits: {excess}. Raise the limit, give "
        "smaller images, or choose the space 'stages'."
    )
