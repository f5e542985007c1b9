import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.exact.kernels.hits import NEEDED, UNARY, exact_hits
from coeval.exact.kernels.pairs import APPLY

ALL = (*NEEDED, *UNARY)


@pytest.mark.parametrize("operation", NEEDED)
@given(seed=st.integers(0, 2**32), size=st.sampled_from([1e-6, 1.0, 1e6]))
@settings(max_examples=25, deadline=None)
def test_a_target_made_of_two_rows_is_found(operation, seed, size):
    rng = np.random.default_rng(seed)
    bank = size * rng.normal(size=(50, 7))
    i, j = rng.permutation(50)[:2]  # x / x would be hit by every row
    target = APPLY[operation](bank[i], bank[j])
    found = exact_hits(bank, target, [operation], limit=5)
    pair = (min(i, j), max(i, j)) if operation in ("add", "mul") else (i, j)
    assert pair in [one.rows for one in found] or any(
        one.operation == "" and np.allclose(bank[one.rows[0]], target) for one in found
    )
    for one in found:
        assert one.error <= 1e-18 * (target @ target)


@pytest.mark.parametrize("outer", UNARY)
def test_a_target_below_a_unary_operation_is_found(outer):
    rng = np.random.default_rng(1)
    bank = rng.uniform(0.2, 0.9, size=(40, 6))
    target = UNARY[outer][0](bank[3] * bank[17])
    found = exact_hits(bank, target, (outer, "mul"))
    assert [(one.outer, one.operation, one.rows) for one in found] == [((outer,), "mul", (3, 17))]
    assert found[0].size == 4


def test_only_allowed_operations_are_used():
    bank = np.random.default_rng(2).uniform(1, 2, size=(30, 5))
    assert exact_hits(bank, bank[4] * bank[5], ["add", "sub", "div", "exp"]) == ()


def test_the_smallest_hits_come_first():
    rng = np.random.default_rng(3)
    bank = rng.normal(size=(20, 5))
    bank[7] = bank[0] + bank[1]
    sizes = np.arange(1, 21)
    found = exact_hits(bank, bank[7], ["add"], sizes=sizes)
    assert [(one.size, one.rows) for one in found] == [(4, (0, 1)), (8, (7,))]


def test_a_near_miss_is_no_hit():
    bank = np.random.default_rng(4).normal(size=(20, 5))
    target = (bank[1] + bank[2]) * (1 + 1e-8)
    assert exact_hits(bank, target, ALL) == ()


def test_values_near_the_largest_are_looked_at_without_a_warning():
    bank = 1.7e308 * np.random.default_rng(3).choice([-1.0, 1.0], size=(6, 8))
    assert exact_hits(bank, np.arange(8.0), ("add", "mul")) == ()
