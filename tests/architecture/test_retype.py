"""An architecture follows the columns of its table."""

from coeval.architecture.inference import infer
from coeval.architecture.retype import retyped
from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Columns, Vector
from coeval.component.channel import LINEAR, RELU
from coeval.component.entry import NUMERIC_ENTRY
from coeval.component.head import BINARY_HEAD
from coeval.component.merge import ADD
from coeval.component.region import RESIDUAL
from coeval.seed import generator
from coeval.space.tabular import sequence_space


def test_a_region_that_returns_to_the_entries_width_follows_it():
    body = sequence(1, [step(LINEAR, 0, width=64), step(RELU, 1), step(LINEAR, 2, width=6)])
    steps = [
        step(NUMERIC_ENTRY, 0),
        step(RESIDUAL, 1, body),
        step(LINEAR, 2, width=6),
        step(ADD, (3, 1)),
        step(BINARY_HEAD, 4),
    ]
    found = retyped(Architecture((Columns(6),), sequence(1, steps)), Columns(9))
    types = infer(found).types
    assert types[1] == types[2] == types[4] == Vector(9)


def test_every_member_of_the_tabular_space_takes_other_columns():
    space = sequence_space(Columns(6, (4, 9)), BINARY_HEAD)
    other = Columns(9, (3, 40))
    for number in range(80):
        drawn = space.sample(generator(0, number))
        child = space.mutate(drawn, generator(1, number)).genotype
        infer(retyped(child, other))
        assert retyped(child, *child.inputs) is child
