"""Sequence spaces for tests: one as tasks have it, and some small enough to walk whole."""

import itertools

from coeval.architecture.types import Columns, Tokens
from coeval.component.channel import LINEAR, RELU
from coeval.component.entry import CATEGORY_ENTRY, NUMERIC_ENTRY, TEXT_ENTRY
from coeval.component.head import BINARY_HEAD, CLASS_HEAD
from coeval.component.merge import ADD, CONCATENATE, MULTIPLY
from coeval.component.region import REPEAT, RESIDUAL
from coeval.space.limits import Limits
from coeval.space.tabular import sequence_space

FULL = sequence_space(
    Columns(5, (3, 12), (Tokens(8, 257),)), CLASS_HEAD, CLASS_HEAD.complete({"classes": 3})
)
NUMBERS = sequence_space(Columns(4), BINARY_HEAD)

PLAIN = {
    "numeric_entry.encoding": ("plain",),
    "linear.bias": (True,),
    "repeat.times": (2,),
    "repeat.tied": (False,),
}


def tiny(components, ladder, length, depth, numeric=3):
    """Return a space of one plain entry over ``numeric`` columns: its stem has that width."""
    return sequence_space(
        Columns(numeric),
        BINARY_HEAD,
        components=components,
        ladder=ladder,
        choices=PLAIN,
        limits=Limits(length=length, depth=depth),
    )


ENTRIES = (NUMERIC_ENTRY, CATEGORY_ENTRY, TEXT_ENTRY)
TINY = {
    "merges and joins off the ladder": tiny(
        (LINEAR, RELU, ADD, MULTIPLY, CONCATENATE), (4, 8), 4, 0
    ),
    "merges and joins on the ladder": tiny((LINEAR, RELU, ADD, CONCATENATE), (3, 8), 4, 0),
    "a joined width that is on the ladder": tiny((LINEAR, RELU, ADD, CONCATENATE), (3, 6), 4, 0),
    "regions off the ladder": tiny((LINEAR, RELU, ADD, RESIDUAL), (4, 8), 4, 1),
    "regions on the ladder": tiny((LINEAR, RELU, CONCATENATE, RESIDUAL, REPEAT), (3, 4), 4, 2),
    "three widths": tiny((LINEAR, RELU, ADD, RESIDUAL), (3, 4, 5), 4, 1),
    "nested regions off the ladder": tiny((LINEAR, RELU, ADD, CONCATENATE, RESIDUAL), (4,), 5, 2),
    "no trunk": tiny((LINEAR, RELU), (4,), 0, 0),
}


def leaves(space):
    """Yield every complete prefix of a space, by walking the decision tree whole."""
    prefixes = [()]
    while prefixes:
        prefix = prefixes.pop()
        options = space.decisions(prefix)
        if not options:
            yield prefix
        prefixes += [(*prefix, index) for index in range(len(options))]


def first(space, count):
    return list(itertools.islice(iter(space), count))
