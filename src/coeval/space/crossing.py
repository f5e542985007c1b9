"""Crossover of two plans: typed exchanges of sub-sequences, so that every width still meets its equal."""

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from coeval.space import edits
from coeval.space.moves import Place
from coeval.space.plan import Nodes, Plan


@dataclass(frozen=True, slots=True)
class Exchange:
    """One possible exchange: what it is, in words, where it happens, and how to make the child."""

    detail: str
    path: edits.Path
    index: int
    make: Callable[[], Plan | None]


def exchanges(
    first: Plan, second: Plan, mine: list[Place], theirs: list[Place]
) -> Iterator[Exchange]:
    """Yield every exchange from the second plan into the first.

    One-point crossovers at equal widths (head of the first trunk, tail of the second), region bodies
    of equal width, and the settings of one entry.

    Args:
        first: Whose child it is.
        second: Who gives.
        mine: The levels of ``first``, the trunk first.
        theirs: The levels of ``second``, the trunk first.
    """
    for slot, (own, other) in enumerate(zip(first.entries, second.entries, strict=True)):
        if own != other:
            yield Exchange(
                f"entry {slot} of the other parent", (), slot, _entry(first, slot, second)
            )
    for here, width in enumerate(mine[0].widths):
        for there, other_width in enumerate(theirs[0].widths):
            if width == other_width and (here, there) != (0, 0):
                yield Exchange(
                    f"first {here} steps, then the other parent's from its step {there}",
                    (),
                    here,
                    _tail(first, second, here, there),
                )
    for own_place in mine[1:]:
        for other_place in theirs[1:]:
            if (
                own_place.level.start == other_place.level.start
                and own_place.nodes != other_place.nodes
            ):
                yield Exchange(
                    "a region of the other parent",
                    own_place.path,
                    0,
                    _body(first, own_place.path, other_place.nodes),
                )


def _entry(first: Plan, slot: int, second: Plan) -> Callable[[], Plan | None]:
    def make() -> Plan:
        entries = (*first.entries[:slot], second.entries[slot], *first.entries[slot + 1 :])
        return Plan(entries, first.trunk)

    return make


def _tail(first: Plan, second: Plan, here: int, there: int) -> Callable[[], Plan | None]:
    def make() -> Plan | None:
        trunk = joined(first.trunk[:here], second.trunk[there:], there)
        return None if trunk == first.trunk else Plan(first.entries, trunk)

    return make


def _body(first: Plan, path: edits.Path, nodes: Nodes) -> Callable[[], Plan | None]:
    def make() -> Plan:
        return Plan(first.entries, edits.put(first.trunk, path, nodes))

    return make


def joined(head: Nodes, tail: Nodes, cut: int) -> Nodes:
    """Return a head continued by another sequence's tail from its result ``cut`` on.

    A merge of the tail that refers behind the cut refers to the level's input instead: the grammar
    decides afterwards whether the widths agree there.
    """
    offset = len(head) - cut
    moved = []
    for node in tail:
        source = node.source
        if source is not None:
            source = source + offset if source >= cut else 0
        moved.append(dataclasses.replace(node, source=source))
    return (*head, *moved)
