import numpy as np
import pytest

from coeval.universality.witness.capacity import (
    EXACT,
    MANTISSA,
    SATURATION,
    capacity_statement,
    largest_counter,
    stack_depth,
)
from coeval.universality.witness.run import KINDS


@pytest.mark.parametrize("arithmetic", MANTISSA)
def test_counting_ends_exactly_at_the_stated_number(arithmetic):
    number, largest = np.dtype(arithmetic).type, largest_counter(arithmetic)
    assert number(largest - 1) + number(1) == largest
    assert number(largest) + number(1) == largest


@pytest.mark.parametrize(
    ("arithmetic", "depth"), [("float64", 26), ("float32", 12), ("float16", 5)]
)
def test_base_four_stacks_are_exact_down_to_the_stated_depth_and_no_deeper(arithmetic, depth):
    number = np.dtype(arithmetic).type

    def survives(digits):
        """Push ``digits`` ones and take them off again; all but the last push and pop must see a digit 3."""
        stack = number(0)
        for _ in range(digits):
            stack = stack / number(4) + number(0.75)
        for _ in range(digits):
            if number(4) * stack - number(2) < 1:
                return False
            stack = number(4) * stack - number(3)
        return stack == 0

    assert stack_depth(arithmetic) == depth
    assert all(survives(digits) for digits in range(depth + 1))
    assert not survives(depth + 1)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_states_its_capacity_on_both_arithmetics(kind):
    assert capacity_statement(kind, EXACT)
    assert "int8" not in capacity_statement(kind, SATURATION)


def test_a_gate_tested_in_float64_claims_no_narrower_format():
    assert "float32" in capacity_statement("counter", EXACT)
    assert "float32" not in capacity_statement("counter", SATURATION)


def test_unknown_words_are_refused():
    with pytest.raises(ValueError, match="Did you mean 'stack'"):
        capacity_statement("stak", EXACT)
    with pytest.raises(ValueError, match="Did you mean"):
        stack_depth("float46")
