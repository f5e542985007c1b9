"""The rules of a level: which node may follow, decided in order, and checked.

A level is a sequence of nodes from a start width, for a region's body back to that width.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from coeval.architecture.component import Settings
from coeval.space.counting import Words, count_trunks
from coeval.space.limits import Limits
from coeval.space.plan import Node, Nodes
from coeval.space.vocabulary import Role, Vocabulary

END = "end"
Pick = Callable[[tuple[str, ...]], int]


@dataclass(frozen=True, slots=True)
class Level:
    """What is fixed for one level.

    Attributes:
        start: Width of the level's input.
        closed: Whether the level must hold a node and end at its start width (a region's body).
        length: Steps at most, those of nested levels included.
        depth: How deep regions may still nest inside.
    """

    start: int
    closed: bool
    length: int
    depth: int


@dataclass(frozen=True, slots=True)
class Grammar:
    """Which sequences a level may hold."""

    words: Vocabulary
    limits: Limits

    def trunk(self, stem: int) -> Level:
        """Return the outermost level over a stem of the given width."""
        return Level(stem, False, self.limits.length, self.limits.depth)

    def inner(self, level: Level, width: int, length: int | None = None) -> Level:
        """Return the level of a region's body at a width; its length is the outer level's where not said."""
        return Level(width, True, level.length if length is None else length, level.depth - 1)

    def widths_for(self, level: Level) -> tuple[int, ...]:
        """Return the widths that a setter may choose: the ladder, and in a body the start width."""
        if not level.closed or level.start in self.words.ladder:
            return self.words.ladder
        return tuple(sorted((*self.words.ladder, level.start)))

    def widths(self, nodes: Nodes, start: int) -> list[int]:
        """Return the widths of all results: the level's input, then one a node."""
        widths = [start]
        kinds = self.words.kinds
        for node in nodes:
            kind = kinds[node.component.name]
            if kind is Role.SETTER:
                widths.append(width_of(node))
            elif kind is Role.JOIN and node.source is not None:
                widths.append(widths[-1] + widths[node.source])
            else:
                widths.append(widths[-1])
        return widths

    def fault(self, nodes: Nodes, level: Level) -> str:
        """Return which rule a level breaks, in words; empty if none."""
        steps = steps_of(nodes)
        if steps > level.length:
            return f"{steps} steps, limit {level.length}"
        return self._level_fault(nodes, level)

    def _level_fault(self, nodes: Nodes, level: Level) -> str:
        if level.closed and not nodes:
            return "an empty region"
        kinds = self.words.kinds
        if any(node.component.name not in kinds for node in nodes):
            return "a component of another space"
        widths, joined = self.widths(nodes, level.start), False
        for number, node in enumerate(nodes):
            kind = kinds[node.component.name]
            if joined and kind is not Role.SETTER:
                return f"{node.component.name} at {number} behind a concatenation, which a new width must follow"
            fault = self._fault(node, widths[number], level) or self._source_fault(
                nodes, number, widths
            )
            if fault:
                return f"{fault} at {number}"
            joined = kind is Role.JOIN
        if joined:
            return "a concatenation at the end"
        if level.closed and widths[-1] != level.start:
            return f"a region from width {level.start} to {widths[-1]}"
        return ""

    def _fault(self, node: Node, width: int, level: Level) -> str:
        words, settings, kind = self.words, node.settings, self.words.kinds[node.component.name]
        if kind is Role.SETTER:
            if width_of(node) not in self.widths_for(level):
                return f"{node.label()}: width not on the ladder"
            settings = with_width(settings, words.ladder[0])
        if settings not in words.allowed[node.component.name]:
            return f"{node.label()}: settings not in the space"
        two = kind is Role.MERGE or kind is Role.JOIN
        if (node.source is not None) is not two or (bool(node.body) and kind is not Role.REGION):
            return f"{node.component.name}: a source or a body where none belongs"
        if kind is Role.REGION:
            if level.depth < 1:
                return f"{node.component.name}: nested too deep"
            return self._level_fault(node.body, self.inner(level, width))
        return ""

    def _source_fault(self, nodes: Nodes, number: int, widths: list[int]) -> str:
        name, source = nodes[number].component.name, nodes[number].source
        if source is None:
            return ""
        if not 0 <= source < number:
            return f"{name}: no earlier result {source}"
        if source > 0 and self.words.kinds[name] is Role.JOIN:
            return f"{name}: only the level's input is joined, not result {source}"
        if source > 0 and self.words.kinds[nodes[source - 1].component.name] is Role.JOIN:
            return f"{name}: the result of a concatenation is for the next step only"
        if self.words.kinds[name] is Role.MERGE and widths[source] != widths[number]:
            return f"{name}: widths {widths[number]} and {widths[source]}"
        return ""

    def grow(self, level: Level, pick: Pick) -> Nodes:
        """Decide a level node by node.

        Args:
            level: What to grow.
            pick: From the options of a decision to the index of the chosen one; asked only where the
                sequence is not already full.
        """
        nodes: list[Node] = []
        widths, joined, left = [level.start], set[int](), level.length
        while True:
            options = self._options(level, widths, joined, left)
            if left == 0:
                return tuple(nodes)
            name = options[pick(options)]
            if name == END:
                return tuple(nodes)
            node = self._node(name, level, (widths, joined, left), pick)
            nodes.append(node)
            left -= 1 + steps_of(node.body)
            widths = self.widths(tuple(nodes), level.start)
            if self.words.kinds[name] is Role.JOIN:
                joined.add(len(nodes))

    def _options(
        self, level: Level, widths: list[int], joined: set[int], left: int
    ) -> tuple[str, ...]:
        """Return the names that may come next, so that the level can still be completed."""
        words, last = self.words, len(widths) - 1
        if last in joined:
            return tuple(one.name for one in words.setters)
        home = widths[-1] == level.start or not level.closed
        names = [END] if home and (last > 0 or not level.closed) else []
        if left >= 1:
            names += [one.name for one in words.setters]
        if left >= (1 if home else 2):
            names += [one.name for one in words.keepers]
            if _equal_sources(widths, joined):
                names += [one.name for one in words.merges]
        if left >= 2 and last > 0:
            names += [one.name for one in words.joins]
        if left >= (2 if home else 3) and level.depth > 0:
            names += [one.name for one in words.regions]
        return tuple(names)

    def _node(
        self, name: str, level: Level, state: tuple[list[int], set[int], int], pick: Pick
    ) -> Node:
        words, kind = self.words, self.words.kinds[name]
        widths, joined, left = state
        component = words.named(name)
        assert component is not None
        variants = words.variants[name]
        settings = variants[0]
        if len(variants) > 1:
            settings = variants[pick(tuple(_text(one) for one in variants))]
        match kind:
            case Role.SETTER:
                last_chance = level.closed and left == 1
                allowed = (level.start,) if last_chance else self.widths_for(level)
                width = allowed[pick(tuple(f"width={one}" for one in allowed))]
                return Node(component, with_width(settings, width))
            case Role.MERGE:
                sources = _equal_sources(widths, joined)
                return Node(
                    component, settings, sources[pick(tuple(f"from={one}" for one in sources))]
                )
            case Role.JOIN:
                return Node(component, settings, 0)
            case Role.REGION:
                home = widths[-1] == level.start or not level.closed
                room = left - 1 if home else left - 2
                body = self.grow(self.inner(level, widths[-1], room), pick)
                return Node(component, settings, body=body)
            case _:
                return Node(component, settings)

    def count(self, level: Level) -> int:
        """Return exactly how many trunks ``grow`` can decide for an open level."""
        words = self.words
        sizes = {
            role: sum(len(words.variants[one.name]) for one in getattr(words, role))
            for role in Role
        }
        counted = Words(
            setters=sizes[Role.SETTER],
            keepers=sizes[Role.KEEPER],
            merges=sizes[Role.MERGE],
            joins=sizes[Role.JOIN],
            regions=sizes[Role.REGION],
            ladder=len(words.ladder),
        )
        on_ladder = level.start in words.ladder
        return count_trunks(counted, level.length, level.depth, on_ladder=on_ladder)


def steps_of(nodes: Nodes) -> int:
    """Return the number of steps, nested ones included."""
    return len(nodes) + sum([steps_of(node.body) for node in nodes if node.body])


def width_of(node: Node) -> int:
    """Return the width that a setter sets."""
    return next(int(value) for name, value in node.settings if name == "width")


def with_width(settings: Settings, width: int) -> Settings:
    """Return a setter's settings with another width."""
    return tuple((name, width if name == "width" else value) for name, value in settings)


def _equal_sources(widths: Sequence[int], joined: set[int]) -> list[int]:
    """Return the earlier results of the last one's width; concatenations serve no merge."""
    return [i for i, width in enumerate(widths[:-1]) if width == widths[-1] and i not in joined]


def _text(settings: Settings) -> str:
    shown = [f"{name}={value}" for name, value in settings if name != "width"]
    return ", ".join(shown) or "plain"
