"""An architecture follows the columns of its table."""

from hypothesis import given

from coeval.architecture.inference import infer
from coeval.architecture.retype import retyped
from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Columns, Vector
from coeval.component.channel import LINEAR, RELU
from coeval.component.entry import NUMERIC_ENTRY
from coeval.component.head import BINARY_HEAD
from coeval.component.merge import ADD
from coeval.component.region import RESIDUAL
from coeval.testing.architectures import architectures


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


@given(architectures())
def test_any_architecture_takes_other_columns(architecture: Architecture):
    row = architecture.inputs[0]
    assert isinstance(row, Columns)
    other = Columns(
        row.numeric + 50 if row.numeric else 0,
        tuple(codes + 7 for codes in row.categories),
        row.texts,
    )
    there = retyped(architecture, other)
    infer(there)
    assert retyped(architecture, row) is architecture
