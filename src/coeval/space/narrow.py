"""The same architecture with fewer features: a narrower copy, as a cheap stand-in for the whole.

Of the ways to make a training cheaper, narrower networks keep the order of architectures best, next to fewer epochs
(Zhou et al. 2020, EcoNAS, arXiv:2001.01233, section 3: channels before resolution, epochs before data).

What must be equal stays equal by construction: features that a sum, a region or an output ties together form one
class, which is scaled as a whole or not at all. What enters the network (a table's encoded columns, an image's
colours) and what leaves it keep their size. Depth is left alone: most of it is written out, step by step, and dropping
steps makes another architecture, not a smaller copy.
"""

from collections.abc import Sequence
from dataclasses import replace

from coeval.architecture.inference import Inference, infer
from coeval.architecture.step import Architecture, Region, Step
from coeval.architecture.types import Grid, Set, ValueType, Vector
from coeval.architecture.types import Sequence as Line
from coeval.errors import SpaceError

MULTIPLE = 8
"""Widths become multiples of this, as hardware likes them, and never less."""

_Path = tuple[int, ...]


def narrowed(architecture: Architecture, share: float) -> Architecture:
    """Return the architecture with each width at about a share of what it was.

    Args:
        architecture: Legal.
        share: In (0, 1]; 1 returns the architecture itself.

    Raises:
        SpaceError: The share is not in (0, 1], or the architecture is not legal.
    """
    if not 0 < share <= 1:
        raise SpaceError(f"The share of the widths that stays must lie in (0, 1], got {share:g}.")
    if share == 1:
        return architecture
    ties = _Ties()
    entering = [ties.new(pinned=True) for _ in architecture.inputs]
    leaving = ties.walk(architecture.body, entering, infer(architecture), ())
    ties.pin(leaving)
    ties.settle()
    return replace(architecture, body=_rebuilt(architecture.body, ties, share, ()))


def narrow_width(width: int, share: float) -> int:
    """Return the nearest multiple of 8 to a share of a width: at least 8, at most the width.

    Example:
        >>> narrow_width(96, 0.25), narrow_width(16, 0.25), narrow_width(4, 0.5)
        (24, 8, 4)
    """
    nearest = MULTIPLE * int(width * share / MULTIPLE + 0.5)
    return min(width, max(MULTIPLE, nearest))


class _Ties:
    """Which values have equally many features, whatever the widths: a union-find over feature axes.

    An axis is set by a step's ``width``, or pinned (it comes from outside), or derived from others (a concatenation).
    """

    def __init__(self) -> None:
        self.setters: dict[_Path, int] = {}
        self._above: list[int] = []
        self._pinned: set[int] = set()
        self._derived: dict[int, list[int]] = {}

    def new(self, *, pinned: bool = False, of: Sequence[int] = ()) -> int:
        """Return a new axis, perhaps pinned, perhaps derived from others."""
        axis = len(self._above)
        self._above.append(axis)
        if pinned:
            self._pinned.add(axis)
        if of:
            self._derived[axis] = list(of)
        return axis

    def pin(self, axis: int) -> None:
        """Let an axis keep its size."""
        self._pinned.add(self._top(axis))

    def is_pinned(self, axis: int) -> bool:
        """Return whether an axis keeps its size."""
        return self._top(axis) in {self._top(one) for one in self._pinned}

    def tie(self, axes: Sequence[int]) -> int:
        """Let axes be one, and return it."""
        for one in axes[1:]:
            self._above[self._top(one)] = self._top(axes[0])
        return self._top(axes[0])

    def walk(self, region: Region, entering: list[int], known: Inference, path: _Path) -> int:
        """Take in a region's steps; return the axis of its result."""
        axes = list(entering)
        for number, step in enumerate(region.steps):
            given = [axes[one] for one in step.inputs]
            here = (*path, number)
            bodies = [
                self.walk(body, given, known.nested[number][place], (*here, place))
                for place, body in enumerate(step.regions)
            ]
            axes.append(self._made(step, given, bodies, known, here))
        return axes[region.output]

    def settle(self) -> None:
        """Pin what a derived axis is made of where that axis must equal another one."""
        is_settled = False
        while not is_settled:
            found = [one for axis in self._derived for one in self._loose(axis)]
            for one in found:
                self.pin(one)
            is_settled = not found

    def _loose(self, axis: int) -> list[int]:
        """Return what must be pinned because a derived axis cannot follow what it is made of."""
        others = (*self.setters.values(), *(one for one in self._derived if one != axis))
        is_tied = any(self._top(one) == self._top(axis) for one in others)
        if not is_tied and not self.is_pinned(axis):
            return []
        return [one for one in (axis, *self._derived[axis]) if not self.is_pinned(one)]

    def _made(
        self, step: Step, given: list[int], bodies: list[int], known: Inference, path: _Path
    ) -> int:
        """Return the axis of a step's result."""
        facts = step.component.capabilities
        before, after = (
            known.calls[path[-1]].inputs,
            known.types[len(known.types) - len(known.calls) + path[-1]],
        )
        if facts & {"entry", "head"}:
            return self.new(pinned=True)
        settings = dict(step.settings)
        parts = int(settings.get("groups", settings.get("heads", 1)))
        if parts > 1 and (MULTIPLE % parts or given[0] in self._derived):
            self.pin(given[0])  # equal parts of its features must stay equal
        if "width" in settings:
            axis = self.setters[path] = self.new()
            if "groups" in settings:
                if MULTIPLE % parts:
                    self.pin(axis)
            elif "projection" not in facts:  # itself a number of parts
                self.pin(axis)
                self.pin(given[0])
            return axis
        if bodies or ("merging" in facts and "joining" not in facts):
            return self.tie([*given, *bodies])
        if len(given) == 1 and _features(before[0]) == _features(after):
            return given[0]
        return self.new(of=given)

    def _top(self, axis: int) -> int:
        while self._above[axis] != axis:
            axis = self._above[axis]
        return axis


def _rebuilt(region: Region, ties: _Ties, share: float, path: _Path) -> Region:
    steps = tuple(
        _narrow(step, ties, share, (*path, number)) for number, step in enumerate(region.steps)
    )
    return replace(region, steps=steps)


def _narrow(step: Step, ties: _Ties, share: float, path: _Path) -> Step:
    settings, axis = step.settings, ties.setters.get(path)
    if axis is not None and not ties.is_pinned(axis):
        settings = tuple(
            (name, narrow_width(int(value), share) if name == "width" else value)
            for name, value in settings
        )
    regions = tuple(
        _rebuilt(region, ties, share, (*path, place)) for place, region in enumerate(step.regions)
    )
    return replace(step, settings=settings, regions=regions)


def _features(value: ValueType) -> int | None:
    return value.features if isinstance(value, Vector | Line | Grid | Set) else None
