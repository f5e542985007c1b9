from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.universality.witness.layered import (
    Layer,
    Row,
    floats,
    forward_exact,
    forward_float,
    from_floats,
    integers,
    rectified,
    reduce,
    to_floats,
)

dyadics = st.builds(Fraction, st.integers(-20, 20), st.sampled_from([1, 2, 4, 8]))


@st.composite
def networks(draw):
    widths = draw(st.lists(st.integers(1, 4), min_size=2, max_size=4))
    layers = []
    for inputs, rows in pairwise(widths):
        made = [
            Row(draw(dyadics), tuple((at, draw(dyadics)) for at in range(inputs)))
            for _ in range(rows)
        ]
        layers.append(Layer(tuple(made), draw(st.sampled_from(["saturated", "linear", "relu"]))))
    last = Layer(
        (Row(draw(dyadics), tuple((at, draw(dyadics)) for at in range(widths[-1]))),), "linear"
    )
    values = draw(st.lists(dyadics, min_size=widths[0], max_size=widths[0]))
    return (*layers, last), values


def by_fractions(layers, values):
    """The definition, without the common exponent."""
    units = {
        "linear": lambda x: x,
        "relu": lambda x: max(x, Fraction(0)),
        "saturated": lambda x: min(max(x, Fraction(0)), Fraction(1)),
    }
    for layer in layers:
        values = [
            units[layer.unit](row.bias + sum(w * values[at] for at, w in row.weights))
            for row in layer.rows
        ]
    return values


def dyadic(values):
    return reduce([int(value * 8) for value in values], 3)


@given(networks())
@settings(max_examples=100, deadline=None)
def test_the_exact_run_is_the_definition_in_fractions(drawn):
    layers, values = drawn
    found = forward_exact(integers(layers), dyadic(values))
    exact = [Fraction(one, 1 << found.exponent) for one in found.numerators]
    assert exact == by_fractions(layers, values)


@given(networks())
@settings(max_examples=100, deadline=None)
def test_relus_alone_compute_the_same(drawn):
    layers, values = drawn
    made = rectified(layers)
    assert all(layer.unit in {"linear", "relu"} for layer in made)
    assert by_fractions(made, values) == by_fractions(layers, values)


@given(networks())
@settings(max_examples=60, deadline=None)
def test_the_float_run_is_exact_while_numbers_are_short(drawn):
    layers, values = drawn
    found = forward_float(floats(layers, len(values)), to_floats(dyadic(values)))
    assert [Fraction(one) for one in found] == by_fractions(layers, values)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=5))
def test_floats_come_back_unchanged(values):
    assert to_floats(from_floats(np.array(values))).tolist() == values


@given(st.lists(st.integers(-100, 100), min_size=1, max_size=4), st.integers(0, 12))
def test_reduction_changes_no_value_and_leaves_nothing_to_reduce(numerators, exponent):
    found = reduce(numerators, exponent)
    assert [Fraction(n, 2**found.exponent) for n in found.numerators] == [
        Fraction(n, 2**exponent) for n in numerators
    ]
    assert found.exponent == 0 or any(n % 2 for n in found.numerators)


def test_a_weight_that_is_no_dyadic_is_refused():
    with pytest.raises(ValueError, match="over a power of two"):
        integers([Layer((Row(Fraction(1, 3), ()),), "linear")])
