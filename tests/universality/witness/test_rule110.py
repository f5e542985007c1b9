import itertools
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.universality.witness.gate import RELU_GATE
from coeval.universality.witness.rule110 import follow, interpret, iterate
from tests.universality.witness.gates import GATES, IDENTITY

NEIGHBOURHOODS = list(itertools.product((0, 1), repeat=3))


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.name)
def test_the_network_is_the_table_of_rule_110(gate):
    for number, (left, same, right) in enumerate(NEIGHBOURHOODS):
        cells = iterate(gate, np.array([left, same, right], dtype=float), "zero")
        assert cells[1] == 110 >> number & 1


def test_the_interpreter_is_the_table_of_rule_110():
    for number in range(8):
        assert interpret(number, 3, "zero") >> 1 & 1 == 110 >> number & 1


@given(st.lists(st.integers(0, 1), min_size=1, max_size=30), st.sampled_from(["zero", "periodic"]))
@settings(max_examples=60, deadline=None)
def test_every_cell_of_every_step_agrees(cells, boundary):
    agreement = follow(RELU_GATE, np.array(cells, dtype=float), 20, boundary)
    assert agreement.matched
    assert agreement.steps == 20


def test_boundaries_differ():
    zero, periodic = (interpret(0b1000, 4, boundary) for boundary in ("zero", "periodic"))
    assert (zero, periodic) == (0b1000, 0b1001)


def test_what_is_no_gate_is_found_out():
    agreement = follow(IDENTITY, np.array([0.0, 0.0, 1.0, 0.0]), 20, "zero")
    assert not agreement.matched
    assert agreement.parted.startswith("parts at step ")


def test_one_projection_and_three_relus_are_rule_110():
    for number, (left, same, right) in enumerate(NEIGHBOURHOODS):
        u = left + 2 * same + 2 * right
        assert max(u - 1, 0) - max(u - 2, 0) - max(u - 4, 0) == 110 >> number & 1


def relus(rule, weights):
    """Return constant, knots and slopes of the broken line through a rule's values over one projection."""
    values = {}
    for number, bits in enumerate(NEIGHBOURHOODS):
        u = sum(w * bit for w, bit in zip(weights, bits, strict=True))
        if values.setdefault(u, rule >> number & 1) != rule >> number & 1:
            return None
    at, slope, knots = sorted(values), Fraction(0), []
    for here, there in itertools.pairwise(at):
        steeper = Fraction(values[there] - values[here], there - here)
        if steeper != slope:
            knots.append((here, steeper - slope))
        slope = steeper
    return values[at[0]], knots


def fewest(rule):
    every = itertools.product(range(-4, 5), repeat=3)
    found = [(w, form) for w in every if (form := relus(rule, w)) is not None]
    return min(found, key=lambda one: len(one[1][1]))


@pytest.mark.slow
def test_all_elementary_rules_are_one_projection_and_at_most_four_relus():
    counts = Counter()
    for rule in range(256):
        weights, (constant, knots) = fewest(rule)
        for number, bits in enumerate(NEIGHBOURHOODS):
            u = sum(w * bit for w, bit in zip(weights, bits, strict=True))
            value = constant + sum(slope * max(u - knot, 0) for knot, slope in knots)
            assert value == rule >> number & 1
        counts[len(knots)] += 1
    assert counts == {0: 2, 1: 46, 2: 102, 3: 82, 4: 24}
