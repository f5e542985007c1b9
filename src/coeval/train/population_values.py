"""Where each member's features stand among padded ones, for every value of tapes of one structure.

Members of a population differ in widths; a value's width is that of the widest. A linear map may give its result in
any order, so its features come first and the padding last; a concatenation of padded values has gaps, and what is
added to it gets the same ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from coeval.architecture.inference import live
from coeval.architecture.step import Region
from coeval.build.tape import Operation, Tape

ENTRIES = ("numeric", "piecewise_linear", "periodic", "embedding", "text")
PROJECTIONS = ("linear", "glu_gate")
"""Kinds whose result is laid out freely: no feature of it belongs to one of the input."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of padded tensors.

    Attributes:
        size: The widest member's.
        places: For each member where its own entries are, in their order.
    """

    size: int
    places: tuple[tuple[int, ...], ...]

    @property
    def is_full(self) -> bool:
        """Return whether no member has padding."""
        return all(len(one) == self.size for one in self.places)

    def take(self, members: Sequence[int]) -> "Axis":
        """Return the axis of some of the members; it stays as wide."""
        return Axis(self.size, tuple(self.places[one] for one in members))


def packed(sizes: Sequence[int]) -> Axis:
    """Return an axis on which each member's entries come first.

    Example:
        >>> packed([2, 1])
        Axis(size=2, places=((0, 1), (0,)))
    """
    return Axis(max(sizes), tuple(tuple(range(size)) for size in sizes))


def beside(axes: Sequence[Axis]) -> Axis:
    """Return the axis of several values side by side.

    Example:
        >>> beside([packed([2, 1]), packed([1, 1])])
        Axis(size=3, places=((0, 1, 2), (0, 2)))
    """
    places: list[tuple[int, ...]] = [()] * len(axes[0].places)
    start = 0
    for axis in axes:
        places = [
            (*known, *(start + one for one in more))
            for known, more in zip(places, axis.places, strict=True)
        ]
        start += axis.size
    return Axis(start, tuple(places))


def structure(tape: Tape) -> tuple[object, ...]:
    """Return what tapes must have in common to form one population.

    Widths and rates of dropout may differ. Where two operations of fixed order meet (a sum of two concatenations,
    say), their gaps could lie in different places, so there widths are part of the structure.
    """
    operations = tuple(
        (
            one.kind,
            one.inputs,
            tuple(tensor.name for tensor in one.tensors),
            tuple(pair for pair in one.settings if pair[0] != "zeroed"),
        )
        for one in tape.operations
    )
    widths = tape.widths if _may_disagree(tape) else ()
    return (tape.columns, operations, tape.output, tape.widths[tape.output], widths)


def has_idle_steps(region: Region) -> bool:
    """Return whether there are steps that no result needs; their weights, which only decay, have no place on a tape."""
    return not all(live(region)) or any(
        has_idle_steps(inner) for one in region.steps for inner in one.regions
    )


def axes_of(tapes: Sequence[Tape]) -> tuple[Axis, ...]:
    """Return the axis of every value of tapes of one ``structure``."""
    tape = tapes[0]
    groups = _groups(tape)
    fixed = _fixed(tape, groups)
    found: dict[int, Axis] = {}

    def axis(value: int) -> Axis:
        group = groups[value]
        if group not in found:
            widths = [one.widths[value] for one in tapes]
            operations = fixed.get(group)
            found[group] = made(operations[0]) if operations else packed(widths)
        return found[group]

    def made(operation: Operation) -> Axis:
        if operation.kind == "concatenate":
            return beside([axis(value) for value in operation.inputs])
        parts = _parts(tape, operation)
        return beside([packed([one.widths[operation.output] // parts for one in tapes])] * parts)

    return tuple(axis(value) for value in range(len(tape.widths)))


def _parts(tape: Tape, operation: Operation) -> int:
    """Return of how many columns' features an entry's result consists."""
    if operation.kind in ("piecewise_linear", "periodic"):
        return tape.columns.numeric
    if operation.kind == "embedding":
        return len(operation.setting("columns"))  # type: ignore[arg-type]
    return 1


def _groups(tape: Tape) -> list[int]:
    """Return for each value the first one of those that must be laid out alike."""
    groups = list(range(len(tape.widths)))

    def unite(first: int, second: int) -> None:
        one, other = sorted((groups[first], groups[second]))
        for value, group in enumerate(groups):
            if group == other:
                groups[value] = one

    known: dict[str, Operation] = {}
    for operation in tape.operations:
        if operation.kind not in (*ENTRIES, *PROJECTIONS, "concatenate"):
            for value in operation.inputs:
                unite(value, operation.output)
        for tensor in operation.tensors:  # of a tied repeat: one weight, so one layout
            twin = known.setdefault(tensor.name, operation)
            unite(twin.output, operation.output)
            if operation.kind in PROJECTIONS:
                unite(twin.inputs[0], operation.inputs[0])
    return groups


def _fixed(tape: Tape, groups: Sequence[int]) -> dict[int, list[Operation]]:
    """Return for each group of values the operations that decide how it is laid out."""
    found: dict[int, list[Operation]] = {}
    for operation in tape.operations:
        if operation.kind in (*ENTRIES, "concatenate"):
            found.setdefault(groups[operation.output], []).append(operation)
    return found


def _may_disagree(tape: Tape) -> bool:
    return any(len(found) > 1 for found in _fixed(tape, _groups(tape)).values())
