"""Moves on a level: typed rewrites whose sites can be listed before any is applied.

A rule lists its sites as small tuples, so that a mutation can draw one and apply only that. What
comes out is checked by the grammar and the limits: nothing is built or trained to find out.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from coeval.architecture.component import Component, Settings, Value
from coeval.component.region import REPEAT
from coeval.space import edits
from coeval.space.choices import adjacent
from coeval.space.grammar import Grammar, Level, width_of, with_width
from coeval.space.motifs import MOTIFS, Style, linear, motif
from coeval.space.plan import Node, Nodes
from coeval.space.silent import is_positive, is_silent, mixes_features
from coeval.space.vocabulary import Role, Vocabulary

RUN = 6
"""Longest run of nodes that is wrapped, copied or cut out at once."""


@dataclass(frozen=True, slots=True)
class Place:
    """A level as a rule sees it: where it is, what it holds, the widths of its results, the network's style."""

    path: edits.Path
    nodes: Nodes
    level: Level
    widths: tuple[int, ...]
    style: Style


@dataclass(frozen=True, slots=True)
class Edited:
    """A level after a move: its nodes, the index where it happened, in words what happened."""

    nodes: Nodes
    index: int
    detail: str
    exact: bool = False
    name: str = ""


Site = tuple[int, Any]
"""Where in a level, and with what: each rule knows its own kind of argument."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of move.

    Attributes:
        name: As recorded.
        weight: How often it is drawn.
        sites: Where it may apply.
        apply: The edited level, or ``None`` where a reference would be lost.
        grows: It only ever adds steps, so that a sequence of full length has no site for it.
    """

    name: str
    weight: float
    sites: Callable[[Grammar, Place], Iterator[Site]]
    apply: Callable[[Grammar, Place, int, Any], Edited | None]
    grows: bool = False


def places(grammar: Grammar, nodes: Nodes, level: Level, style: Style) -> list[Place]:
    """Return a level and all levels nested in it, outermost first."""
    found: list[Place] = []

    def visit(path: edits.Path, inner: Nodes, at: Level) -> None:
        widths = tuple(grammar.widths(inner, at.start))
        found.append(Place(path, inner, at, widths, style))
        for index, node in enumerate(inner):
            if node.body:
                visit((*path, index), node.body, grammar.inner(at, widths[index]))

    visit((), nodes, level)
    return found


def _role(words: Vocabulary, node: Node) -> Role:
    return words.kinds[node.component.name]


# replace: another component of the same signature


def _replace_sites(grammar: Grammar, place: Place) -> Iterator[Site]:
    words = grammar.words
    groups = {
        Role.SETTER: words.setters, Role.KEEPER: words.keepers, Role.MERGE: words.merges,
        Role.JOIN: words.joins, Role.REGION: words.regions,
    }  # fmt: skip
    for index, node in enumerate(place.nodes):
        for component in groups[_role(words, node)]:
            if component.name != node.component.name:
                yield index, component


def _replace(grammar: Grammar, place: Place, index: int, what: Any) -> Edited:
    node = place.nodes[index]
    settings = grammar.words.default(what)
    if _role(grammar.words, node) is Role.SETTER:
        settings = with_width(settings, width_of(node))
    new = dataclasses.replace(node, component=what, settings=settings)
    detail = f"{node.component.name} -> {new.label()}"
    return Edited(edits.swap(place.nodes, index, new), index, detail)


# step: a setting to a neighbouring value


def _step_sites(grammar: Grammar, place: Place) -> Iterator[Site]:
    for index, node in enumerate(place.nodes):
        if _role(grammar.words, node) is Role.SETTER:
            first = grammar.words.ladder[0]
            plain = with_width(node.settings, first)
            for settings in stepped(
                node.component, plain, grammar.words.variants[node.component.name]
            ):
                yield index, with_width(settings, width_of(node))
        else:
            for settings in stepped(
                node.component, node.settings, grammar.words.variants[node.component.name]
            ):
                yield index, settings


def stepped(
    component: Component, settings: Settings, variants: tuple[Settings, ...]
) -> Iterator[Settings]:
    """Yield the variants that differ by one step of one setting (idle settings return to their defaults)."""
    if len(variants) < 2:
        return
    current = dict(settings)
    for setting in component.settings:
        choices = tuple(
            value
            for value in setting.choices
            if any((setting.name, value) in one for one in variants)
        )
        for value in adjacent(dataclasses.replace(setting, choices=choices), current[setting.name]):
            wanted = {**current, setting.name: value}
            if component.relevant is not None:
                relevant = component.relevant(wanted)
                if setting.name not in relevant:
                    continue
                wanted = {
                    one.name: wanted[one.name] if one.name in relevant else one.default
                    for one in component.settings
                }
            found = tuple(wanted.items())
            if found in variants:
                yield found


def _step(grammar: Grammar, place: Place, index: int, what: Any) -> Edited:
    node = place.nodes[index]
    new = dataclasses.replace(node, settings=what)
    names = [
        name for (name, old), (_, value) in zip(node.settings, what, strict=True) if old != value
    ]
    return Edited(
        edits.swap(place.nodes, index, new),
        index,
        f"{node.label()} -> {new.label()}",
        exact=_is_exact_step(node, dict(what), names, place.widths[index]),
    )


def _is_exact_step(node: Node, after: Mapping[str, Value], names: list[str], width: int) -> bool:
    """Return whether a step of one setting changes no prediction: untying, one time more that can be idle, a bias of zero."""
    before = dict(node.settings)
    if "stochastic" in node.component.capabilities:
        return True
    if names == ["times"] and node.component == REPEAT:
        idle = is_silent(node.body, width, positive=is_positive(node.body))
        return idle and not after["tied"] and int(after["times"]) > int(before["times"])
    return (names == ["tied"] and not after["tied"]) or (names == ["bias"] and bool(after["bias"]))


# width: a setter up or down the ladder, what depends on it following


def _width_sites(grammar: Grammar, place: Place) -> Iterator[Site]:
    ladder = grammar.words.ladder
    for index, node in enumerate(place.nodes):
        if _role(grammar.words, node) is Role.SETTER:
            width = width_of(node)
            below = [one for one in ladder if one < width]
            above = [one for one in ladder if one > width]
            for other in (*below[-2:], *above[:2]):
                yield index, other


def _width(grammar: Grammar, place: Place, index: int, what: Any) -> Edited | None:
    words, old = grammar.words, width_of(place.nodes[index])
    nodes = edits.rewiden(place.nodes, words, index, what)
    detail, touched = f"width {old} -> {what}", _segment(words, place.nodes, index)
    if grammar.fault(nodes, place.level):
        nodes, touched = edits.rename(place.nodes, words, old, what), place.nodes
        detail = f"every width {old} -> {what}"
    if what < old:
        return Edited(nodes, index, detail, name="narrow")
    return Edited(nodes, index, detail, exact=not mixes_features(touched), name="widen")


def _segment(words: Vocabulary, nodes: Nodes, index: int) -> Nodes:
    """Return a setter and what has its width: the nodes up to the next setter of the level."""
    end = index + 1
    while end < len(nodes) and _role(words, nodes[end]) is not Role.SETTER:
        end += 1
    return nodes[index:end]


# insert, merge, motif: new nodes


def _insert_sites(grammar: Grammar, place: Place) -> Iterator[Site]:
    for index in range(len(place.nodes) + 1):
        for component in (*grammar.words.keepers, *grammar.words.setters):
            yield index, component


def _insert(grammar: Grammar, place: Place, index: int, what: Any) -> Edited:
    words = grammar.words
    settings = words.default(what)
    if words.kinds[what.name] is Role.SETTER:
        settings = with_width(settings, place.widths[index])
    node = Node(what, settings)
    return _put_in(place, index, (node,), f"{node.label()} put in")


def _put_in(place: Place, index: int, new: Nodes, detail: str) -> Edited:
    """Return the level with new nodes before ``index``: exact where they can start without changing anything."""
    silent = is_silent(new, place.widths[index], positive=is_positive(place.nodes[:index]))
    return Edited(edits.insert(place.nodes, index, new), index, detail, exact=silent)


def _merge_sites(grammar: Grammar, place: Place) -> Iterator[Site]:
    words, widths = grammar.words, place.widths
    for index in range(1, len(widths)):
        for source in range(index):
            for component in words.merges if widths[source] == widths[index] else ():
                yield index, (component, source)
        for component in words.joins:
            yield index, (component, 0)


def _merge(grammar: Grammar, place: Place, index: int, what: Any) -> Edited:
    component, source = what
    node = Node(component, grammar.words.default(component), source)
    after = place.nodes[index] if index < len(place.nodes) else None
    new: Nodes = (node,)
    if grammar.words.kinds[component.name] is Role.JOIN and (
        after is None or _role(grammar.words, after) is not Role.SETTER
    ):
        new = (node, linear(grammar.words, _nearest(grammar, place.level, place.widths[index])))
    what_for = "the level's input" if source == 0 else f"result {source}"
    return _put_in(place, index, new, f"{component.name} with {what_for} put in")


def _nearest(grammar: Grammar, level: Level, width: int) -> int:
    return min(grammar.widths_for(level), key=lambda one: (abs(one - width), one))


def _motif_sites(grammar: Grammar, place: Place) -> Iterator[Site]:
    allowed = grammar.widths_for(place.level)
    for index, width in enumerate(place.widths):
        for name in MOTIFS:
            if width in allowed or name == "gated":
                yield index, name


def _motif(grammar: Grammar, place: Place, index: int, what: Any) -> Edited | None:
    new = motif(grammar.words, what, place.widths[index], place.style)
    if not new:
        return None
    return _put_in(place, index, new, f"a {what} block put in")


# delete, shorten, deepen, wrap, unwrap: runs of nodes


def _delete_sites(grammar: Grammar, place: Place) -> Iterator[Site]:
    for index in range(len(place.nodes)):
        yield index, None


def _delete(grammar: Grammar, place: Place, index: int, what: Any) -> Edited | None:
    nodes = edits.remove(place.nodes, index, index)
    if nodes is None:
        return None
    return Edited(nodes, index, f"{place.nodes[index].component.name} taken out")


def _run_sites(grammar: Grammar, place: Place) -> Iterator[Site]:
    """Runs that keep the width: those that may stand in the plural, or inside a region."""
    widths = place.widths
    for first in range(len(place.nodes)):
        for last in range(first, min(len(place.nodes), first + RUN)):
            if widths[first] == widths[last + 1]:
                yield first, last


def _block_sites(grammar: Grammar, place: Place) -> Iterator[Site]:
    """Runs of at least two nodes that begin with a new width or hold one."""
    for first, last in _run_sites(grammar, place):
        run = place.nodes[first : last + 1]
        if last > first and any(_role(grammar.words, one) is Role.SETTER for one in run):
            yield first, last


def _deepen_sites(grammar: Grammar, place: Place) -> Iterator[Site]:
    yield from _block_sites(grammar, place)
    for index, node in enumerate(place.nodes):
        if _role(grammar.words, node) is Role.REGION:
            yield index, index


def _deepen(grammar: Grammar, place: Place, index: int, what: Any) -> Edited | None:
    nodes = edits.copy_run(place.nodes, index, what)
    if nodes is None:
        return None
    run = place.nodes[index : what + 1]
    silent = is_silent(run, place.widths[what + 1], positive=is_positive(run))
    return Edited(nodes, index, f"{_names(run)} doubled", exact=silent)


def _shorten(grammar: Grammar, place: Place, index: int, what: Any) -> Edited | None:
    nodes = edits.remove(place.nodes, index, what)
    if nodes is None:
        return None
    return Edited(nodes, index, f"{_names(place.nodes[index : what + 1])} taken out")


def _wrap_sites(grammar: Grammar, place: Place) -> Iterator[Site]:
    if place.level.depth > 0:
        for first, last in _run_sites(grammar, place):
            for component in grammar.words.regions:
                yield first, (last, component)


def _wrap(grammar: Grammar, place: Place, index: int, what: Any) -> Edited | None:
    last, component = what
    nodes = edits.wrap(place.nodes, index, last, component, grammar.words.default(component))
    if nodes is None:
        return None
    run = place.nodes[index : last + 1]
    # Every further time may be idle, in weights of its own.
    again = component == REPEAT and not dict(nodes[index].settings)["tied"]
    exact = again and is_silent(run, place.widths[index], positive=is_positive(run))
    return Edited(nodes, index, f"{_names(run)} wrapped in {component.name}", exact)


def _unwrap_sites(grammar: Grammar, place: Place) -> Iterator[Site]:
    for index, node in enumerate(place.nodes):
        if _role(grammar.words, node) is Role.REGION:
            yield index, None


def _unwrap(grammar: Grammar, place: Place, index: int, what: Any) -> Edited:
    name = place.nodes[index].component.name
    return Edited(edits.unwrap(place.nodes, index), index, f"{name} unwrapped")


def _names(nodes: Nodes) -> str:
    return ", ".join(one.component.name for one in nodes)


RULES: tuple[Rule, ...] = (
    Rule("replace", 1.5, _replace_sites, _replace),
    Rule("step", 1.5, _step_sites, _step),
    Rule("width", 2.5, _width_sites, _width),
    Rule("insert", 1.0, _insert_sites, _insert, grows=True),
    Rule("delete", 1.5, _delete_sites, _delete),
    Rule("wrap", 0.5, _wrap_sites, _wrap, grows=True),
    Rule("unwrap", 0.4, _unwrap_sites, _unwrap),
    Rule("merge", 0.5, _merge_sites, _merge, grows=True),
    Rule("motif", 1.0, _motif_sites, _motif, grows=True),
    Rule("deepen", 0.8, _deepen_sites, _deepen, grows=True),
    Rule("shorten", 1.0, _block_sites, _shorten),
)
