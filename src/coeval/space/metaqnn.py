"""MetaQNN's chains (Baker et al. 2017, arXiv:1611.02167, table 1): each decision is the next layer, or the end.

Convolutions of one stride; pools, never two in a row; full layers, at most two, at the end and only on a small grid. Widths are
those of a CPU, windows are odd so that they fit any grid, and a batch norm follows each convolution.
"""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from coeval.architecture.step import Architecture
from coeval.space.chain_plan import (
    CONVOLUTION,
    FULL,
    POOL,
    ChainPlan,
    Layer,
    after,
    assemble,
    parse,
)
from coeval.space.image_frame import ImageFrame
from coeval.space.image_preset import Parts, single
from coeval.space.limits import Limits
from coeval.space.plan_space import Edit, Pick, PlanSpace, largest_seeds
from coeval.space.stage_seeds import network

WIDTHS = (8, 16, 32, 64, 128)
KERNELS = (1, 3, 5)
POOLS = ((3, 2), (5, 2), (5, 3))
"""Windows and strides."""
FULLS = (64, 128, 256)
MOST = 12
"""Layers."""
MOST_FULL = 2
FULL_SIDE = 8
"""Side of the grid up to which a full layer may follow; the paper has 8 too."""
END = "end"

_CONVOLUTIONS = tuple(Layer(CONVOLUTION, width, kernel) for width in WIDTHS for kernel in KERNELS)
_POOLS = tuple(Layer(POOL, 0, kernel, stride) for kernel, stride in POOLS)
_FULLS = tuple(Layer(FULL, width) for width in FULLS)


def _c(width: int, kernel: int = 3) -> Layer:
    return Layer(CONVOLUTION, width, kernel)


_P = Layer(POOL, 0, 3, 2)
SEEDS: Mapping[str, tuple[ChainPlan, ...]] = {
    "vgg": (
        (_c(32), _P, _c(64), _c(64), _P, _c(128), _c(128)),
        (_c(32), _P, _c(64), _c(64), _P, _c(128)),
        (_c(16), _P, _c(32), _c(32), _P, _c(64), _c(64)),
        (_c(16), _P, _c(32), _P, _c(64)),
        (_c(8), _P, _c(16), _P, _c(32)),
        (_P, _c(8)),
        (_c(8, 1),),
    ),
    "lenet": tuple(
        (_c(first, 5), _P, _c(2 * first, 5), _P, Layer(FULL, full))
        for first, full in ((16, 128), (16, 64), (8, 64))
    ),
    "pyramid": tuple(
        (_P, _c(width, 5), _P, _c(2 * width), _c(2 * width)) for width in (64, 32, 16, 8)
    ),
}
"""Chains that an expert would start with, each from large to small."""


def parts(frame: ImageFrame, limits: Limits) -> Parts:
    """Return the part ``architecture``, a chain, and its seeds, the largest that keep the limits.

    Args:
        frame: Images and head.
        limits: Of every network.

    Raises:
        SpaceError: Not even the smallest network keeps them.
    """
    space = PlanSpace(Chains(frame), limits)
    return single("architecture", space, network, largest_seeds(space, SEEDS))


@dataclass(frozen=True, slots=True)
class Chains:
    """Plans of chains for the images of a frame."""

    frame: ImageFrame

    @property
    def what(self) -> str:
        """Return what a network of these plans is, for messages."""
        grid = self.frame.grid
        return f"chain of at most {MOST} layers for images of {grid.height}x{grid.width}"

    def options(self, layers: ChainPlan) -> tuple[Layer, ...]:
        """Return what may follow some layers."""
        if len(layers) == MOST:
            return ()
        fulls = sum(one.kind == FULL for one in layers)
        side = after(self.frame.grid, layers)
        full = _FULLS if side <= FULL_SIDE and fulls < MOST_FULL else ()
        if fulls:
            return full
        pools = () if side < 2 or (layers and layers[-1].kind == POOL) else _POOLS
        return (*_CONVOLUTIONS, *pools, *full)

    def decided(self, pick: Pick) -> ChainPlan:
        """Return the plan of decisions: the next layer each, until the end."""
        layers: ChainPlan = ()
        while options := self.options(layers):
            chosen = pick("layer", (*((END,) if layers else ()), *options))
            if chosen == END:
                break
            layers = (*layers, chosen)
        return layers

    def size(self) -> int:
        """Return how many plans the decisions lead to."""

        @functools.cache
        def below(length: int, side: int, last: str, fulls: int) -> int:
            """Return how many plans begin with layers of this state, these themselves among them."""
            total = 1 if length else 0
            if length == MOST:
                return total
            if side <= FULL_SIDE and fulls < MOST_FULL:
                total += len(_FULLS) * below(length + 1, side, FULL, fulls + 1)
            if fulls:
                return total
            total += len(_CONVOLUTIONS) * below(length + 1, side, CONVOLUTION, 0)
            if side >= 2 and last != POOL:
                for one in _POOLS:
                    total += below(length + 1, -(-side // one.stride), POOL, 0)
            return total

        return below(0, after(self.frame.grid, ()), END, 0)

    def least(self) -> ChainPlan:
        """Return the cheapest plan: one narrow pointwise convolution."""
        return (_c(WIDTHS[0], KERNELS[0]),)

    def cheaper(self, plan: ChainPlan) -> Iterator[ChainPlan]:
        """Yield plans one step down: narrower, of a smaller kernel, without the last layer."""
        for number, layer in enumerate(plan):
            for other in _smaller(layer):
                yield (*plan[:number], other, *plan[number + 1 :])
        if len(plan) > 1:
            yield plan[:-1]

    def edits(self, plan: ChainPlan) -> Iterator[Edit[ChainPlan]]:
        """Yield the plans one edit away: a layer changed, put in, or taken out."""
        every = (*_CONVOLUTIONS, *_POOLS, *_FULLS)
        for number, layer in enumerate(plan):
            before, behind = plan[:number], plan[number + 1 :]
            for name, others in (("resize", _beside(layer)), ("swap", _others(layer))):
                for other in others:
                    said = f"{layer} -> {other}"
                    yield Edit(name, str(number), said, (*before, other, *behind))
            yield Edit("remove", str(number), str(layer), (*before, *behind))
        for number in range(len(plan) + 1):
            for layer in every:
                put = (*plan[:number], layer, *plan[number:])
                yield Edit("insert", str(number), str(layer), put)

    def crossed(
        self, first: ChainPlan, second: ChainPlan, rng: np.random.Generator
    ) -> Edit[ChainPlan]:
        """Return the first's layers up to one, then the second's, those left out that may not follow."""
        cut = int(rng.integers(1, len(first) + 1))
        other = int(rng.integers(len(second)))
        layers = first[:cut]
        for one in second[other:]:
            layers = (*layers, one) if one in self.options(layers) else layers
        said = f"{cut} layers, then the other's from layer {other} on"
        return Edit("cross", str(cut), said, layers)

    def fault(self, plan: ChainPlan) -> str:
        """Return why a plan is none that decisions lead to; empty if it is one."""
        for number, one in enumerate(plan):
            if one not in self.options(plan[:number]):
                return f"layer {number}, {one}, may not stand there"
        return "" if plan else "a chain without layers"

    def assemble(self, plan: ChainPlan) -> Architecture:
        """Return the plan's network."""
        return assemble(self.frame, plan)

    def parse(self, architecture: Architecture) -> ChainPlan | None:
        """Return the plan that an architecture seems to be of."""
        return parse(architecture)

    def encode(self, plan: ChainPlan) -> list[float]:
        """Return the layers' kinds and sizes, zeros where there is none."""
        numbers = [float(len(plan))]
        for number in range(MOST):
            one = plan[number] if number < len(plan) else Layer("none")
            numbers += [float(one.kind == kind) for kind in (CONVOLUTION, POOL, FULL)]
            numbers += [float(np.log2(1 + one.width)), float(one.kernel), float(one.stride)]
        return numbers


def _smaller(layer: Layer) -> list[Layer]:
    """Return the layer one step cheaper, in each way there is."""
    return [one for one in _beside(layer) if one.width < layer.width or one.kernel < layer.kernel]


def _beside(layer: Layer) -> list[Layer]:
    """Return the layers of the same kind whose width or kernel is the next on its ladder."""
    if layer.kind == POOL:
        return []
    widths = WIDTHS if layer.kind == CONVOLUTION else FULLS
    found = [replace(layer, width=one) for one in _next(widths, layer.width)]
    if layer.kind == CONVOLUTION:
        found += [replace(layer, kernel=one) for one in _next(KERNELS, layer.kernel)]
    return found


def _others(layer: Layer) -> list[Layer]:
    """Return the other pools for a pool; a pool for a convolution, and one of its middle sizes for either."""
    if layer.kind == FULL:
        return []
    convolution = Layer(CONVOLUTION, WIDTHS[2], KERNELS[1])
    return [
        *(one for one in _POOLS if one != layer),
        *([convolution] if layer.kind == POOL else []),
    ]


def _next(ladder: tuple[int, ...], value: int) -> list[int]:
    place = ladder.index(value)
    return list(ladder[max(0, place - 1) : place]) + list(ladder[place + 1 : place + 2])
