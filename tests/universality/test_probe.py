from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.universality.activation import Activation
from coeval.universality.activations import ACTIVATIONS, LEAK
from coeval.universality.probe import TESTED, Template, probe, refuted_degrees

# The table of the reference, B.4: (k, h, s, b, a) and whether it holds in exact arithmetic.
PLAIN = {
    "relu": ((1, 0, 1, 0, 1), True),
    "squared_relu": ((1, 0, 1, 0, 1), True),
    "relu6": ((1, 0, 1, 0, 1), True),
    "step": ((1, 0, 1, 0, 1), True),
    "saturated_linear": ((1, 0, 1, 0, 1), True),
    "hardtanh": ((1, 1, 1, 1, 1), True),
    "hard_sigmoid": ((3, 1, 1, 0, 0.5), True),
    "hardswish": ((3, 0, 1, 0, 3), True),
    "sign": ((1, 0.5, 1, 1, 2), True),
    "tanh": ((40, 0.5, 1, 1, 2), False),
    "sigmoid": ((40, 1, -1, -1, -0.5), False),
    "gelu": ((10, 0, 1, 0, 10), False),
    "silu": ((800, 0, 1, 0, 800), False),
    "mish": ((800, 0, 1, 0, 800), False),
    "softplus": ((800, 1, 1, 0, np.log(2)), False),
    "elu": ((40, 1, 1, 1, 1), False),
    "gaussian": ((40, 1, 1, 0, 1), False),
}
WITHOUT = ("identity", "square", "cube", "sin", "cos", "arctan", "softsign")
FOUND = sorted(set(ACTIVATIONS) - set(WITHOUT))


@pytest.mark.parametrize("name", PLAIN)
def test_the_reference_table_is_reproduced(name):
    numbers, exact = PLAIN[name]
    found = probe(ACTIVATIONS[name])
    assert found is not None
    assert found.template == Template(*numbers)
    assert (found.gate.exact, found.proved) == (exact, True)


def test_leaky_relu_takes_two_copies_and_is_exact_in_rationals():
    found = probe(ACTIVATIONS["leaky_relu"])
    assert found is not None
    assert found.gate.exact
    assert found.gate.macro == "(leaky_relu(n) + 0.01 leaky_relu(-n)) / 0.9999"

    def leaky(x):
        return x if x >= 0 else Fraction(1, 100) * x

    for n in (1, 0, -1, -7, -(10**30)):
        a = Fraction(1, 100)
        assert (leaky(Fraction(n)) + a * leaky(Fraction(-n))) / (1 - a * a) == (n == 1)


def test_the_absolute_value_takes_a_linear_term():
    found = probe(ACTIVATIONS["abs"])
    assert found is not None
    assert found.linear
    assert found.gate.exact
    assert found.gate.macro == "(abs(n) + n) / 2"


def test_exp_is_found_at_one_half_and_only_in_float64():
    found = probe(ACTIVATIONS["exp"])
    assert found is not None
    assert (found.template.k, found.template.h, found.gate.exact) == (800, 0.5, False)


@pytest.mark.parametrize("name", WITHOUT)
def test_no_gate_is_found_where_the_reference_finds_none(name):
    assert probe(ACTIVATIONS[name]) is None


@pytest.mark.parametrize(
    ("name", "function"),
    [("root", lambda x: np.sqrt(np.abs(x))), ("hump", lambda x: x / (1 + np.square(x)))],
)
def test_no_gate_is_found_in_two_unnamed_functions_of_the_table(name, function):
    assert probe(Activation(name, function)) is None


@pytest.mark.parametrize("name", FOUND)
@given(st.integers(-(2**52), 1))
def test_a_gate_is_a_gate_at_integers_that_were_not_tested(name, n):
    found = probe(ACTIVATIONS[name])
    assert found is not None
    assert found.gate.apply(np.array([float(n)])) == (n == 1)


def test_the_tested_integers_are_those_of_the_lemma():
    assert set(range(-2000, 2)) <= set(TESTED)
    assert {-(2.0**power) for power in range(53)} <= set(TESTED)


def test_a_gate_of_which_nothing_is_stated_is_not_proved():
    found = probe(Activation("mine", ACTIVATIONS["relu"].apply))
    assert found is not None
    assert not found.gate.exact
    assert not found.proved
    assert "tested at" in found.reason


def test_a_spike_between_the_tested_integers_is_why_tests_prove_nothing():
    def spiked(x):
        return np.maximum(x, 0.0) + (x == -2001.0)

    found = probe(Activation("spiked", spiked))
    assert found is not None
    assert not found.proved
    assert found.gate.apply(np.array([-2001.0])) == 1


def test_two_functions_of_one_name_do_not_share_an_answer():
    assert probe(Activation("twin", ACTIVATIONS["relu"].apply)) is not None
    assert probe(Activation("twin", ACTIVATIONS["sin"].apply)) is None


@pytest.mark.parametrize(("name", "degree"), [("identity", 1), ("square", 2), ("cube", 3)])
def test_a_polynomial_is_refuted_below_its_degree_and_not_from_there(name, degree):
    assert list(refuted_degrees(ACTIVATIONS[name])) == list(range(degree))


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=6))
def test_no_polynomial_of_small_degree_is_refuted_at_its_own_degree(coefficients):
    own = Activation("own", lambda x: np.polyval(np.array(coefficients, dtype=float), x))
    assert len(coefficients) - 1 not in list(refuted_degrees(own))


@pytest.mark.parametrize("name", ["relu", "tanh", "sin", "gelu", "exp", "abs"])
def test_low_degrees_are_refuted_for_what_is_no_polynomial(name):
    assert list(refuted_degrees(ACTIVATIONS[name])) == list(range(9))


def test_a_two_slope_unit_stays_two_sloped_with_the_leak_that_it_is_stated_with():
    assert ACTIVATIONS["leaky_relu"].slopes == (LEAK, 1.0)
