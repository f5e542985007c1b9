"""The rules of a level: which node may follow, decided in order, checked, and counted exactly.

A level is a sequence of nodes from a start width, for a region's body back to that width. The
number of a level's sequences depends on which widths are equal, not on the widths themselves. So it is
counted over states that record how many results each class of equal width has (memoised), and not over sequences.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from coeval.architecture.component import Settings
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
        length: Nodes at most.
        depth: How deep regions may still nest inside.
    """

    start: int
    closed: bool
    length: int
    depth: int


@dataclass(frozen=True, slots=True)
class Count:
    """A state of counting: results by width class; ``home`` is the start width's class."""

    left: int
    at_home: bool
    home: int
    here: int
    others: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Grammar:
    """Which sequences a level may hold."""

    words: Vocabulary
    limits: Limits
    _counts: dict[object, int] = field(default_factory=dict, compare=False, repr=False)

    def trunk(self, stem: int) -> Level:
        """Return the outermost level over a stem of the given width."""
        return Level(stem, False, self.limits.length, self.limits.depth)

    def inner(self, level: Level, width: int) -> Level:
        """Return the level of a region's body at a width."""
        return Level(width, True, self.limits.body_length, level.depth - 1)

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
        if len(nodes) > level.length or (level.closed and not nodes):
            return f"a level of {len(nodes)} steps, limit {level.length}"
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
            return self.fault(node.body, self.inner(level, width))
        return ""

    def _source_fault(self, nodes: Nodes, number: int, widths: list[int]) -> str:
        name, source = nodes[number].component.name, nodes[number].source
        if source is None:
            return ""
        if not 0 <= source < number:
            return f"{name}: no earlier result {source}"
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
        widths, joined = [level.start], set[int]()
        while True:
            options = self._options(level, widths, joined)
            if options == (END,) and len(nodes) == level.length:
                return tuple(nodes)
            name = options[pick(options)]
            if name == END:
                return tuple(nodes)
            node, width = self._node(name, level, widths, joined, pick)
            nodes.append(node)
            widths.append(width)
            if self.words.kinds[name] is Role.JOIN:
                joined.add(len(nodes))

    def _options(self, level: Level, widths: list[int], joined: set[int]) -> tuple[str, ...]:
        """Return the names that may come next, so that the level can still be completed."""
        words, last = self.words, len(widths) - 1
        left, home = level.length - last, widths[-1] == level.start or not level.closed
        if last in joined:
            return tuple(one.name for one in words.setters)
        names = [END] if home and (last > 0 or not level.closed) else []
        if left >= 1:
            names += [one.name for one in words.setters]
        if left >= (1 if home else 2):
            names += [one.name for one in words.keepers]
            if _equal_sources(widths, joined):
                names += [one.name for one in words.merges]
            if level.depth > 0:
                names += [one.name for one in words.regions]
        if left >= 2 and last - len(joined) > 0:
            names += [one.name for one in words.joins]
        return tuple(names)

    def _node(
        self, name: str, level: Level, widths: list[int], joined: set[int], pick: Pick
    ) -> tuple[Node, int]:
        words, last, kind = self.words, len(widths) - 1, self.words.kinds[name]
        component = words.named(name)
        assert component is not None
        variants = words.variants[name]
        settings = variants[0]
        if len(variants) > 1:
            settings = variants[pick(tuple(_text(one) for one in variants))]
        match kind:
            case Role.SETTER:
                allowed = self.widths_for(level)
                if level.closed and level.length - last == 1:
                    allowed = (level.start,)
                width = allowed[pick(tuple(f"width={one}" for one in allowed))]
                return Node(component, with_width(settings, width)), width
            case Role.MERGE:
                sources = _equal_sources(widths, joined)
                source = sources[pick(tuple(f"from={one}" for one in sources))]
                return Node(component, settings, source), widths[-1]
            case Role.JOIN:
                sources = [i for i in range(last) if i not in joined]
                source = sources[pick(tuple(f"from={one}" for one in sources))]
                return Node(component, settings, source), widths[-1] + widths[source]
            case Role.REGION:
                body = self.grow(self.inner(level, widths[-1]), pick)
                return Node(component, settings, body=body), widths[-1]
            case _:
                return Node(component, settings), widths[-1]

    def count(self, level: Level) -> int:
        """Return exactly how many sequences ``grow`` can decide."""
        on_ladder = level.start in self.words.ladder
        key = (level.closed, level.length, level.depth, on_ladder)
        return self._count(key, Count(level.length, True, 1, 0, ()))

    def _count(self, key: tuple[bool, int, int, bool], state: Count) -> int:
        known = self._counts.get((key, state))
        if known is not None:
            return known
        closed, length, _, _ = key
        empty = state.left == length
        total = int((state.at_home or not closed) and not (closed and empty))
        if state.left > 0:
            stay = _stay(state)
            total += self._keeping(key, state) * self._count(key, stay)
            total += self._setting(key, state, 1)
        if state.left > 1:
            sources = state.home + state.here + sum(state.others) - 1
            total += sources * self._variants("joins") * self._setting(key, state, 2)
        self._counts[key, state] = total
        return total

    def _keeping(self, key: tuple[bool, int, int, bool], state: Count) -> int:
        """Return the number of nodes that keep the width."""
        _, _, depth, on_ladder = key
        same = (state.home if state.at_home else state.here) - 1
        nodes = self._variants("keepers") + same * self._variants("merges")
        if depth > 0:
            start = self.words.ladder[0] if on_ladder or not state.at_home else -1
            body = Level(start, True, self.limits.body_length, depth - 1)
            nodes += self._variants("regions") * self.count(body)
        return nodes

    def _setting(self, key: tuple[bool, int, int, bool], state: Count, steps: int) -> int:
        """Return the number of sequences that go on with a new width, ``steps`` nodes being spent on it."""
        closed, _, _, on_ladder = key
        left = state.left - steps
        others = state.others if state.at_home else tuple(sorted((*state.others, state.here)))
        total = 0
        if on_ladder or closed:
            total += self._count(key, Count(left, True, state.home + 1, 0, others))
        for value in set(others):
            rest = list(others)
            rest.remove(value)
            total += others.count(value) * self._count(
                key, Count(left, False, state.home, value + 1, tuple(rest))
            )
        unused = len(self.words.ladder) - int(on_ladder) - len(others)
        if unused > 0:
            total += unused * self._count(key, Count(left, False, state.home, 1, others))
        return self._variants("setters") * total

    def _variants(self, group: str) -> int:
        return sum(len(self.words.variants[one.name]) for one in getattr(self.words, group))


def width_of(node: Node) -> int:
    """Return the width that a setter sets."""
    return next(int(value) for name, value in node.settings if name == "width")


def with_width(settings: Settings, width: int) -> Settings:
    """Return a setter's settings with another width."""
    return tuple((name, width if name == "width" else value) for name, value in settings)


def _stay(state: Count) -> Count:
    if state.at_home:
        return Count(state.left - 1, True, state.home + 1, 0, state.others)
    return Count(state.left - 1, False, state.home, state.here + 1, state.others)


def _equal_sources(widths: Sequence[int], joined: set[int]) -> list[int]:
    """Return the earlier results of the last one's width; concatenations serve no merge."""
    return [i for i, width in enumerate(widths[:-1]) if width == widths[-1] and i not in joined]


def _text(settings: Settings) -> str:
    shown = [f"{name}={value}" for name, value in settings if name != "width"]
    return ", ".join(shown) or "plain"
