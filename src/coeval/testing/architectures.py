"""Hypothesis strategies for legal architectures over table components, and equal ones in another guise.

For tests of anything that takes an architecture: a lowering, a space's moves, an evaluator.
"""

from collections.abc import Callable
from random import Random

from hypothesis import strategies as st

from coeval.architecture.component import Component, Value
from coeval.architecture.inference import infer_steps
from coeval.architecture.step import Architecture, Region, Step, step
from coeval.architecture.types import Columns, Tokens, ValueType, Vector
from coeval.component.channel import DROPOUT, GLU_GATE, IDENTITY, LINEAR, SCALE
from coeval.component.entry import CATEGORY_ENTRY, NUMERIC_ENTRY, TEXT_ENTRY
from coeval.component.head import BINARY_HEAD, CLASS_HEAD, VALUE_HEAD
from coeval.component.library import ACTIVATIONS, NORMS
from coeval.component.merge import ADD, CONCATENATE, MULTIPLY
from coeval.component.region import REPEAT, RESIDUAL

_CHANNEL = (LINEAR, *ACTIVATIONS, *NORMS, DROPOUT, SCALE, GLU_GATE, IDENTITY)
_WIDTHS = (3, 4, 6)
_WIDEST = 64


@st.composite
def columns(draw: st.DrawFn) -> Columns:
    """Draw a table row's type with at least one column."""
    numeric = draw(st.integers(0, 3))
    categories = draw(st.lists(st.integers(1, 9), max_size=2))
    texts = draw(st.lists(st.builds(Tokens, st.integers(1, 3), st.integers(2, 8)), max_size=1))
    if numeric == 0 and not categories and not texts:
        numeric = 1
    return Columns(numeric, tuple(categories), tuple(texts))


@st.composite
def architectures(
    draw: st.DrawFn, *, most_steps: int = 6, depth: int = 2, head: Component | None = None
) -> Architecture:
    """Draw a legal architecture: entries, a body with branches and regions, a head.

    Args:
        draw: Given by Hypothesis.
        most_steps: Most steps of the body, and of each region.
        depth: How deep regions nest.
        head: The head; any of the three if not given.
    """
    row = draw(columns())
    entries = _entries(draw, row)
    body = _Draft([row, *infer_steps((row,), Region(1, tuple(entries), 0)).types[1:]], entries, 1)
    if len(entries) > 1:
        body.append(step(CONCATENATE, range(1, 1 + len(entries))))
    _grow(draw, body, most_steps, depth)
    chosen = head or draw(st.sampled_from((BINARY_HEAD, CLASS_HEAD, VALUE_HEAD)))
    settings: dict[str, Value] = (
        {"classes": draw(st.integers(2, 5))} if chosen.name == "class_head" else {}
    )
    body.append(step(chosen, len(body.types) - 1, **settings))
    return Architecture((row,), Region(1, tuple(body.steps), len(body.types) - 1))


@st.composite
def regions(draw: st.DrawFn, width: int, *, most_steps: int = 3, depth: int = 1) -> Region:
    """Draw a region from ``Vector(width)`` to itself.

    Args:
        draw: Given by Hypothesis.
        width: Features of input and output.
        most_steps: Most steps before the one that restores the width.
        depth: How deep regions nest inside it.
    """
    body = _Draft([Vector(width)], [], 1)
    _grow(draw, body, most_steps, depth)
    if body.types[-1] != Vector(width):
        body.append(step(LINEAR, len(body.types) - 1, width=width))
    same = [index for index, one in enumerate(body.types) if one == Vector(width)]
    output = draw(st.sampled_from([same[-1], same[-1], *same]))
    return Region(1, tuple(body.steps), output)


class _Draft:
    """A region while it grows: types of all values so far, and the steps."""

    def __init__(self, types: list[ValueType], steps: list[Step], inputs: int) -> None:
        self.types, self.steps, self.inputs = types, steps, inputs

    def append(self, one: Step) -> None:
        """Append a step and infer its type."""
        taken = tuple(self.types[index] for index in one.inputs)
        alone = Step(one.component, one.settings, tuple(range(len(taken))), one.regions)
        self.types.append(infer_steps(taken, Region(len(taken), (alone,), len(taken))).output)
        self.steps.append(one)

    def vectors(self) -> list[int]:
        """Return the indices of all vectors."""
        return [index for index, one in enumerate(self.types) if isinstance(one, Vector)]


def _entries(draw: st.DrawFn, row: Columns) -> list[Step]:
    entries = []
    if row.numeric:
        entries.append(
            step(
                NUMERIC_ENTRY,
                0,
                encoding=draw(st.sampled_from(("plain", "piecewise_linear", "periodic"))),
                width=draw(st.integers(2, 4)),
                bins=draw(st.integers(2, 4)),
                frequencies=draw(st.integers(1, 3)),
            )
        )
    if row.categories:
        entries.append(step(CATEGORY_ENTRY, 0, width=draw(st.integers(1, 4))))
    if row.texts:
        entries.append(step(TEXT_ENTRY, 0, width=draw(st.integers(1, 4))))
    return entries


def _grow(draw: st.DrawFn, body: _Draft, most_steps: int, depth: int) -> None:
    rules: list[Callable[[st.DrawFn, _Draft, int], Step]] = [_channel, _channel, _equal, _join]
    if depth:
        rules.append(_nested)
    for _ in range(draw(st.integers(0, most_steps))):
        body.append(draw(st.sampled_from(rules))(draw, body, depth))


def _channel(draw: st.DrawFn, body: _Draft, depth: int) -> Step:
    component = draw(st.sampled_from(_CHANNEL))
    source = draw(st.sampled_from(body.vectors()))
    if component is LINEAR:
        width, bias = draw(st.sampled_from(_WIDTHS)), draw(st.booleans())
        return step(LINEAR, source, width=width, bias=bias)
    if component is DROPOUT:
        return step(DROPOUT, source, rate=draw(st.sampled_from((0.0, 0.1, 0.5))))
    return step(component, source)


def _equal(draw: st.DrawFn, body: _Draft, depth: int) -> Step:
    first = draw(st.sampled_from(body.vectors()))
    equal = [index for index in body.vectors() if body.types[index] == body.types[first]]
    others = draw(st.lists(st.sampled_from(equal), min_size=1, max_size=2))
    return step(draw(st.sampled_from((ADD, MULTIPLY))), (first, *others))


def _join(draw: st.DrawFn, body: _Draft, depth: int) -> Step:
    chosen = draw(st.lists(st.sampled_from(body.vectors()), min_size=1, max_size=3))
    kinds = [body.types[index] for index in chosen]
    if sum(one.features for one in kinds if isinstance(one, Vector)) > _WIDEST:
        return step(IDENTITY, chosen[0])
    return step(CONCATENATE, chosen)


def _nested(draw: st.DrawFn, body: _Draft, depth: int) -> Step:
    source = draw(st.sampled_from(body.vectors()))
    kind = body.types[source]
    assert isinstance(kind, Vector)
    inner = draw(regions(kind.features, depth=depth - 1))
    if draw(st.booleans()):
        return step(RESIDUAL, source, inner)
    return step(REPEAT, source, inner, times=draw(st.integers(1, 3)), tied=draw(st.booleans()))


def disguised(architecture: Architecture, random: Random) -> Architecture:
    """Return the same architecture with its steps in another order and commutative inputs shuffled.

    Its hash must be the same. Regions are treated alike.
    """
    return Architecture(architecture.inputs, _disguised(architecture.body, random))


def _disguised(region: Region, random: Random) -> Region:
    new = {index: index for index in range(region.inputs)}
    waiting = list(range(len(region.steps)))
    steps: list[Step] = []
    while waiting:
        ready = [one for one in waiting if all(index in new for index in region.steps[one].inputs)]
        chosen = random.choice(ready)
        waiting.remove(chosen)
        old = region.steps[chosen]
        references = [new[index] for index in old.inputs]
        if old.component.commutative:
            random.shuffle(references)
        inner = tuple(_disguised(one, random) for one in old.regions)
        steps.append(Step(old.component, old.settings, tuple(references), inner))
        new[region.inputs + chosen] = region.inputs + len(steps) - 1
    return Region(region.inputs, tuple(steps), new[region.output])
