from fractions import Fraction

import pytest

from coeval.universality.machine.suite import BEAVER_3, BEAVER_4, BEAVER_5
from coeval.universality.witness.stack import compile_stack


def sizes(machine):
    return [len(layer.rows) for layer in compile_stack(machine).layers]


def test_the_busy_beaver_4_network_has_the_layers_of_the_reference():
    network = compile_stack(BEAVER_4)
    assert sizes(BEAVER_4) == [11, 15, 13, 7]
    assert sum(len(row.weights) for layer in network.layers for row in layer.rows) == 92
    assert [layer.unit for layer in network.layers] == ["saturated"] * 3 + ["linear"]


@pytest.mark.parametrize("machine", [BEAVER_3, BEAVER_4, BEAVER_5], ids=lambda one: one.name)
def test_weights_are_integers_over_the_square_of_the_base(machine):
    network = compile_stack(machine)
    weights = [w for layer in network.layers for row in layer.rows for _, w in row.weights]
    assert network.digit_bits == 2
    assert all((weight * 16).denominator == 1 for weight in weights)
    assert max(weights) == 4
    assert min(weights) >= -2
    assert Fraction(-1, 16) in weights


def test_relus_need_twice_the_units():
    network = compile_stack(BEAVER_4)
    assert network.count_units("saturated") == 11 + 15 + 13
    assert network.count_units("relu") == 2 * (11 + 15 + 13)
