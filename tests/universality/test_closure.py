from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.universality.activations import ACTIVATIONS
from coeval.universality.capability import AMBIENT, Facts
from coeval.universality.capability import Capability as Has
from coeval.universality.closure import BIT, LEMMAS, closed, derive, explain, mask

X = np.linspace(-12, 12, 481)
RELU = ACTIVATIONS["relu"].apply
SATURATED = ACTIVATIONS["saturated_linear"].apply
sets = st.frozensets(st.sampled_from(list(Has)))


@given(sets, sets)
def test_a_larger_set_never_builds_less(smaller, more):
    few, many = closed(mask(smaller)), closed(mask(smaller | more))
    assert few & many == few


@given(sets)
def test_the_bits_and_the_sources_agree(capabilities):
    sources = derive([Facts("all", grants=capabilities)])
    assert mask(sources) == closed(mask(capabilities | AMBIENT))


@given(sets)
def test_whatever_is_derived_is_explained_down_to_components(capabilities):
    sources = derive([Facts("mine", grants=capabilities)])
    explained = explain(sources, sources)
    own = capabilities - AMBIENT
    assert sum(line.endswith(": mine") for line in explained) == len(own)


def test_no_lemma_gives_what_it_needs():
    assert all(one.gives not in one.needs for one in LEMMAS)
    assert len(BIT) == len(Has)


@pytest.mark.parametrize(("s", "p"), [(0.01, 1), (0.3, 2), (-0.5, 1), (0, 3), (2, 1)])
def test_two_copies_of_a_two_slope_unit_make_a_rectifier(s, p):
    def unit(x):
        return np.where(x < 0, s * x, p * x)

    assert np.allclose((p * unit(X) + s * unit(-X)) / (p * p - s * s), RELU(X))


@pytest.mark.parametrize("p", [1, 2, -3])
def test_an_absolute_value_beside_a_skip_makes_a_rectifier(p):
    assert np.allclose((X + p * np.abs(X) / p) / 2, RELU(X))


@given(st.integers(0, 2**40), st.integers(0, 2**40))
def test_an_absolute_value_gates_a_difference_of_counters_without_a_skip(a, b):
    gated = (abs(a - b) + abs(a) - abs(b)) / 2
    assert gated == max(a - b, 0)


@pytest.mark.parametrize("name", ["hardtanh", "hard_sigmoid", "relu6", "saturated_linear"])
def test_every_ramp_makes_the_saturated_linear_unit(name):
    one = ACTIVATIONS[name]
    assert one.ramp is not None
    lower, upper = one.ramp
    low, high = one.apply(np.array([lower, upper]))
    assert np.allclose((one.apply(lower + (upper - lower) * X) - low) / (high - low), SATURATED(X))


def test_two_rectifiers_make_the_saturated_linear_unit():
    assert np.array_equal(RELU(X) - RELU(X - 1), SATURATED(X))


def test_maximum_and_minimum_with_zero_make_a_rectifier():
    assert np.array_equal(np.maximum(X, 0), RELU(X))
    assert np.array_equal(-np.minimum(-X, 0), RELU(X))


@given(st.fractions(-99, 99), st.fractions(-99, 99))
def test_squares_make_products_and_halves(a, b):
    def half(value):
        return (value + Fraction(1, 4)) ** 2 - value**2 - Fraction(1, 16)

    assert half((a + b) ** 2 - a**2 - b**2) == a * b


@given(st.integers(), st.integers())
def test_differences_make_sums_and_negations(a, b):
    assert a - ((a - a) - b) == a + b
    assert (a - a) - a == -a


def test_a_construction_names_the_users_activation():
    sources = derive(
        [
            Facts("linear", grants=frozenset({Has.AFFINE})),
            Facts("leak", grants=frozenset({Has.TWO_SLOPE})),
        ]
    )
    lines = explain(sources, {Has.RECTIFIER})
    assert (
        "rectifier: relu(x) = (p leak(x) + s leak(-x)) / (p² - s²), slopes p above and s below 0"
        in lines
    )
