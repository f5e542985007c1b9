"""Where members' features lie among padded ones."""

from hypothesis import given
from hypothesis import strategies as st

from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Columns
from coeval.build.tape import write_tape
from coeval.component.channel import LINEAR, RELU
from coeval.component.entry import NUMERIC_ENTRY
from coeval.component.head import BINARY_HEAD
from coeval.component.merge import ADD, CONCATENATE
from coeval.train.population_values import axes_of, beside, packed, structure


def tape(*steps):
    body = [step(NUMERIC_ENTRY, 0), *steps]
    return write_tape(
        Architecture((Columns(2),), sequence(1, [*body, step(BINARY_HEAD, len(body))]))
    )


def forked(width, other):
    return tape(
        step(LINEAR, 1, width=width),
        step(LINEAR, 1, width=other),
        step(CONCATENATE, (2, 3)),
        step(LINEAR, 4, width=width + other),
        step(ADD, (4, 5)),
    )


def crossed(width, other):
    """Two concatenations of the same widths in another order, added: their gaps differ."""
    return tape(
        step(LINEAR, 1, width=width),
        step(LINEAR, 1, width=other),
        step(CONCATENATE, (2, 3)),
        step(CONCATENATE, (3, 2)),
        step(ADD, (4, 5)),
    )


@given(st.lists(st.lists(st.integers(1, 5), min_size=2, max_size=2), min_size=1, max_size=4))
def test_places_are_in_order_distinct_and_as_many_as_the_member_is_wide(widths):
    both = beside([packed([one[0] for one in widths]), packed([one[1] for one in widths])])
    for places, (first, second) in zip(both.places, widths, strict=True):
        assert list(places) == sorted(set(places))
        assert len(places) == first + second
        assert max(places) < both.size
    assert both.is_full == (len({tuple(one) for one in widths}) == 1)


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), min_size=1, max_size=4))
def test_a_linear_map_that_is_added_to_a_concatenation_leaves_the_same_gaps(widths):
    tapes = [forked(*one) for one in widths]
    axes = axes_of(tapes)
    assert len({structure(one) for one in tapes}) == 1
    assert axes[4] == axes[5] == axes[6] == beside([axes[2], axes[3]])


def test_widths_are_free_and_kinds_are_not():
    assert structure(tape(step(LINEAR, 1, width=4))) == structure(tape(step(LINEAR, 1, width=9)))
    assert structure(tape(step(LINEAR, 1, width=4))) != structure(tape(step(RELU, 1)))
    without = tape(step(LINEAR, 1, width=4, bias=False))
    assert structure(tape(step(LINEAR, 1, width=4))) != structure(without)


def test_where_gaps_could_disagree_widths_belong_to_the_structure():
    assert structure(crossed(2, 3)) == structure(crossed(2, 3))
    assert structure(crossed(2, 3)) != structure(crossed(3, 2))
    assert all(axis.is_full for axis in axes_of([crossed(2, 3)] * 2))
