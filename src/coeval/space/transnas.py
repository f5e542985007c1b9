"""TransNAS-Bench-101, macro level: four to six modules of four kinds (Duan et al. 2021, arXiv:2105.11871, section 3.1).

A kind says what a module does: 1 nothing more, 2 doubles the features, 3 halves the grid, 4 both. One to three modules
double, one to four halve: 3,256 backbones. A genotype is the modules as an ordinary architecture, behind the stem; a candidate's
architecture is the whole classifying network of the authors' ``net_macro.py``. The benchmark's other tasks put other decoders
behind the same backbone.
"""

import functools
import itertools

from coeval.architecture.step import Architecture, Region, Step, sequence, step
from coeval.architecture.types import Grid
from coeval.component.channel import RELU
from coeval.component.grid import CONV, GLOBAL_AVERAGE_POOL
from coeval.component.head import CLASS_HEAD
from coeval.component.merge import ADD
from coeval.component.norm import BATCH_NORM
from coeval.errors import SpaceError
from coeval.space.product import ProductSpace
from coeval.space.protocol import Candidate
from coeval.space.slots import Slot, SlotSpace
from coeval.space.template import placed

KINDS = ("1", "2", "3", "4")
NONE = "none"
"""The fifth and sixth module may be missing."""
BASE = 64
"""Features behind the stem."""
SIDE = 256
"""Of the images: Taskonomy's, as the benchmark scales them."""
SCENES, OBJECTS = 47, 75
_BLOCKS = 2  # a module
_LEAST, _MOST = 4, 6


def space(classes: int = OBJECTS) -> ProductSpace:
    """Return the benchmark's space: one part ``"macro"``; a candidate's architecture is a whole classifier.

    Args:
        classes: 75 for the benchmark's objects, 47 for its scenes.
    """
    return ProductSpace(
        {"macro": macro_space()}, typing=functools.partial(_candidate_network, classes)
    )


@functools.cache
def macro_space() -> SlotSpace:
    """Return the space of backbones; its slots are the modules. Its order is that of the table's sorted keys."""
    slots = tuple(
        Slot(f"module{number + 1}", KINDS if number < _LEAST else (NONE, *KINDS))
        for number in range(_MOST)
    )
    return SlotSpace(slots, _Modules(), "macro", _allowed())


def _allowed() -> tuple[tuple[int, ...], ...]:
    """Return the choices with one to three doublings and one to four halvings, no module behind a missing one."""
    found = []
    for length in range(_LEAST, _MOST + 1):
        for kinds in itertools.product(range(4), repeat=length):
            doubled, halved = sum(one in (1, 3) for one in kinds), sum(one > 1 for one in kinds)
            if 1 <= doubled <= 3 and 1 <= halved <= 4:
                later = [one + 1 for one in kinds[_LEAST:]] + [0] * (_MOST - length)
                found.append((*kinds[:_LEAST], *later))
    return tuple(sorted(found))


class _Modules:
    """The assembly: widths follow from the modules before, so that options are no fixed regions."""

    def assemble(self, picks: tuple[int, ...]) -> Architecture:
        """Return the backbone of these options."""
        steps: list[Step] = []
        width = BASE
        for number, pick in enumerate(picks):
            kind = pick + 1 if number < _LEAST else pick
            if not kind:
                break
            doubles, halves = kind in (2, 4), kind > 2
            after = 2 * width if doubles else width
            for block in range(_BLOCKS):
                changes = block == 0 and (doubles or halves)
                stride = 2 if halves and block == 0 else 1
                steps += _block(len(steps), after, stride, projects=changes)
            width = after
        return Architecture((Grid(SIDE // 4, SIDE // 4, BASE),), sequence(1, steps))

    def parse(self, architecture: Architecture) -> tuple[int, ...] | None:
        """Return the options that the sums and first convolutions of an architecture suggest."""
        sums = [n for n, one in enumerate(architecture.body.steps) if one.component == ADD]
        kinds = []
        width, start = BASE, 0
        for end in sums[1::_BLOCKS]:
            first = architecture.body.steps[min(start + 1, end)]
            if first.component != CONV:
                return None
            after = int(first.setting("width"))
            kinds.append((2 if first.setting("stride") == 2 else 0) + (1 if after != width else 0))
            width, start = after, end + 1
        if not _LEAST <= len(kinds) <= _MOST:
            return None
        later = [one + 1 for one in kinds[_LEAST:]] + [0] * (_MOST - len(kinds))
        return (*kinds[:_LEAST], *later)


@functools.cache  # few are different, and every backbone is made of them
def _block(value: int, width: int, stride: int, *, projects: bool) -> tuple[Step, ...]:
    """Return a residual block of two convolutions (He et al. 2016), activations in front."""
    steps = (
        step(RELU, value),
        step(CONV, value + 1, width=width, stride=stride),
        step(BATCH_NORM, value + 2),
        step(RELU, value + 3),
        step(CONV, value + 4, width=width),
        step(BATCH_NORM, value + 5),
    )
    if not projects:
        return (*steps, step(ADD, (value, value + 6)))
    projection = step(CONV, value, width=width, kernel=1, stride=stride)
    return (*steps, projection, step(BATCH_NORM, value + 7), step(ADD, (value + 6, value + 8)))


def network(macro: Architecture, classes: int = OBJECTS) -> Architecture:
    """Return the whole classifier of a backbone: stem, backbone, pool, linear map."""
    stem = (
        step(CONV, 0, width=BASE // 2, stride=2),
        step(BATCH_NORM, 1),
        step(RELU, 2),
        step(CONV, 3, width=BASE, stride=2),
        step(BATCH_NORM, 4),
    )
    moved, value = placed(macro.body, (len(stem),), len(stem) + 1)
    pooled = len(stem) + 1 + len(moved)
    last = (step(GLOBAL_AVERAGE_POOL, value), step(CLASS_HEAD, pooled, classes=classes))
    steps = (*stem, *moved, *last)
    return Architecture((Grid(SIDE, SIDE, 3),), Region(1, steps, len(steps)))


def _candidate_network(classes: int, candidate: Candidate) -> Architecture:
    macro = candidate.part("macro")
    if not isinstance(macro, Architecture):
        raise SpaceError(f"The part 'macro' must be an architecture, got {type(macro).__name__}.")
    return network(macro, classes)


def key(macro: Architecture) -> str:
    """Return the backbone's key in the benchmark's table, such as ``"4-1-4-1-4"``: the modules' kinds.

    Raises:
        SpaceError: The architecture is no such backbone.
    """
    return "-".join(one for one in macro_space().choices(macro) if one != NONE)


def from_key(text: str) -> Architecture:
    """Return the backbone of a key.

    Raises:
        SpaceError: The text is not four to six kinds joined by hyphens, or they double or halve too often or never.
    """
    kinds = text.split("-")
    if not _LEAST <= len(kinds) <= _MOST or not set(kinds) <= set(KINDS):
        raise SpaceError(
            f"A backbone's key is {_LEAST} to {_MOST} of the kinds {', '.join(KINDS)} joined by hyphens, got {text!r}."
        )
    return macro_space().assemble([*kinds, *[NONE] * (_MOST - len(kinds))])
