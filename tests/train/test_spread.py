"""Loops over a batch are shared out to threads, and their shares are the batch."""

import itertools
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.train.device import limited
from coeval.train.spread import LEAST, spread


@given(st.integers(1, 70), st.integers(1, 3 * LEAST), st.integers(1, 5))
def test_the_shares_are_whole_examples_and_together_the_batch(count, size, threads):
    with limited(threads):
        parts = spread(lambda own: own, count, size)
    assert parts[0].start == 0
    assert parts[-1].stop == count * size
    assert all(one.stop == other.start for one, other in itertools.pairwise(parts))
    assert all(one.start % size == 0 and one.stop > one.start for one in parts)
    assert len(parts) <= threads


def test_each_thread_has_its_share_and_a_small_batch_stays_in_one():
    def who(own):
        met.wait(timeout=10)  # raises where the shares do not run side by side
        return threading.get_ident()

    with limited(2):
        met = threading.Barrier(2)
        assert len(set(spread(who, 2, LEAST))) == 2
        met = threading.Barrier(1)
        assert spread(who, 2, LEAST // 4) == [threading.get_ident()]


def test_what_a_share_raises_is_raised():
    def fails(own):
        raise FloatingPointError(f"{own.start}")

    with limited(2), pytest.raises(FloatingPointError):
        spread(fails, 8, LEAST)


def test_a_sum_over_shares_is_the_sum():
    numbers = np.arange(8.0 * LEAST)
    with limited(2):
        assert sum(spread(lambda own: numbers[own].sum(), 8, LEAST)) == numbers.sum()
