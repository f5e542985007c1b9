"""Edits of a level's nodes that keep every reference pointing at the result it meant.

All return ``None`` where a reference would be lost. Whether the result obeys the grammar is
checked by the caller: an edit knows indices, the grammar knows widths.
"""

import dataclasses
from collections.abc import Callable

from coeval.architecture.component import Component, Settings
from coeval.space.grammar import width_of, with_width
from coeval.space.plan import Node, Nodes
from coeval.space.vocabulary import Role, Vocabulary

Path = tuple[int, ...]


def at(nodes: Nodes, path: Path) -> Nodes:
    """Return the level that a path of node indices leads to."""
    for index in path:
        nodes = nodes[index].body
    return nodes


def put(nodes: Nodes, path: Path, level: Nodes) -> Nodes:
    """Return the nodes with the level at a path replaced."""
    if not path:
        return level
    index = path[0]
    node = dataclasses.replace(nodes[index], body=put(nodes[index].body, path[1:], level))
    return (*nodes[:index], node, *nodes[index + 1 :])


def swap(nodes: Nodes, index: int, node: Node) -> Nodes:
    """Return the nodes with one exchanged."""
    return (*nodes[:index], node, *nodes[index + 1 :])


def insert(nodes: Nodes, index: int, new: Nodes) -> Nodes:
    """Return the nodes with others put in before ``index``; sources of the new ones count in the result."""
    size = len(new)
    later = _remap(nodes[index:], lambda source: source + size if source > index else source)
    assert later is not None
    return (*nodes[:index], *new, *later)


def remove(nodes: Nodes, first: int, last: int) -> Nodes | None:
    """Return the nodes without a run; who referred to its results now refers to its input."""
    size = last - first + 1

    def moved(source: int) -> int:
        return source if source <= first else max(first, source - size)

    later = _remap(nodes[last + 1 :], moved)
    return None if later is None else (*nodes[:first], *later)


def wrap(
    nodes: Nodes, first: int, last: int, component: Component, settings: Settings
) -> Nodes | None:
    """Return the nodes with a run put into a region; only the run's input and result stay visible."""
    size = last - first + 1

    def inside(source: int) -> int | None:
        return source - first if source >= first else None

    def moved(source: int) -> int | None:
        if source <= first:
            return source
        return None if source <= last else source - size + 1

    body, later = _remap(nodes[first : last + 1], inside), _remap(nodes[last + 1 :], moved)
    if body is None or later is None:
        return None
    return (*nodes[:first], Node(component, settings, None, body), *later)


def unwrap(nodes: Nodes, index: int) -> Nodes:
    """Return the nodes with a region replaced by its body."""
    body = nodes[index].body
    inner = _remap(body, lambda source: source + index)
    later = _remap(
        nodes[index + 1 :],
        lambda source: source if source <= index else source + len(body) - 1,
    )
    assert inner is not None
    assert later is not None
    return (*nodes[:index], *inner, *later)


def copy_run(nodes: Nodes, first: int, last: int) -> Nodes | None:
    """Return the nodes with a run repeated behind itself; the copy refers to its own results."""
    size = last - first + 1
    copied = _remap(
        nodes[first : last + 1],
        lambda source: source + size if source >= first else source,
    )
    return None if copied is None else insert(nodes, last + 1, copied)


def rename(nodes: Nodes, words: Vocabulary, old: int, new: int) -> Nodes:
    """Return the nodes with every setter of one width set to another, in nested levels too."""
    renamed = []
    for one in nodes:
        node = one
        if words.kinds[one.component.name] is Role.SETTER and width_of(one) == old:
            node = dataclasses.replace(one, settings=with_width(one.settings, new))
        elif one.body:
            node = dataclasses.replace(one, body=rename(one.body, words, old, new))
        renamed.append(node)
    return tuple(renamed)


def rewiden(nodes: Nodes, words: Vocabulary, index: int, new: int) -> Nodes:
    """Return the nodes with the setter at ``index`` set to a new width, its segment's bodies following.

    The segment ends where the next setter of the level chooses a width of its own.
    """
    old = width_of(nodes[index])
    end = index + 1
    while end < len(nodes) and words.kinds[nodes[end].component.name] is not Role.SETTER:
        end += 1
    return (*nodes[:index], *rename(nodes[index:end], words, old, new), *nodes[end:])


def _remap(nodes: Nodes, moved: Callable[[int], int | None]) -> Nodes | None:
    """Return the nodes with their sources moved; ``None`` where a source is lost."""
    result = []
    for node in nodes:
        if node.source is None:
            result.append(node)
            continue
        source = moved(node.source)
        if source is None:
            return None
        result.append(node if source == node.source else dataclasses.replace(node, source=source))
    return tuple(result)
