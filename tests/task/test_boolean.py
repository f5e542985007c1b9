import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.errors import DataError
from coeval.task.boolean import majority, multiplexer, parity


@given(st.integers(1, 8))
def test_every_input_occurs_once_in_order(bits):
    rows = [tuple(map(int, row)) for row in zip(*parity(bits).columns, strict=True)]
    assert rows == list(itertools.product((0, 1), repeat=bits))


@given(st.integers(1, 8))
def test_parity_and_majority_count_the_ones(bits):
    ones = np.sum(parity(bits).columns, axis=0)
    assert (parity(bits).target == (ones % 2 == 1)).all()
    assert (majority(bits).target == (ones > bits / 2)).all()


@pytest.mark.parametrize("address", [1, 2, 3])
def test_a_multiplexer_returns_the_bit_that_is_named(address):
    found = multiplexer(address)
    for row, bit in zip(zip(*found.columns, strict=True), found.target, strict=True):
        bits = [int(one) for one in row]
        named = int("".join(map(str, bits[:address])), 2)
        assert bits[address + named] == bit
    assert found.name == f"multiplexer-{address + 2**address}"


@pytest.mark.parametrize("make", [lambda: parity(0), lambda: majority(21), lambda: multiplexer(5)])
def test_functions_without_a_table_are_refused(make):
    with pytest.raises(DataError, match=r"1\.\.20 bits"):
        make()
