import numpy as np
import pytest

from coeval.architecture.program import Operation
from coeval.component.library import SCALAR
from coeval.exact.seeds import best_kept
from coeval.exact.solve import solve

X = np.random.default_rng(0).uniform(-1, 1, 12)
OPERATIONS = [Operation(SCALAR["add"], 2), Operation(SCALAR["mul"], 2), Operation(SCALAR["sin"], 1)]


@pytest.mark.parametrize("semantics", ["tree", "chain", "dag"])
def test_the_best_kept_sequences_are_those_of_least_error_on_the_target_given(semantics):
    length = 6 if semantics == "tree" else 4
    bank = solve([X], np.cos(X), OPERATIONS, length, numbers=(1.0,), semantics=semantics).bank
    target = np.random.default_rng(1).normal(size=12)
    found = best_kept(bank, target, 5, constants="none")
    errors = np.sort(np.square(bank.values - target).sum(axis=1))
    assert [one.error for one in found] == pytest.approx(errors[:5].tolist())
    assert len({one.programs for one in found}) == 5
    scaled = best_kept(bank, target, 1)[0]
    assert scaled.error <= found[0].error
    assert len(scaled.weights) == 2


def test_fewer_are_returned_where_fewer_are_kept():
    bank = solve([X], np.cos(X), OPERATIONS, 2).bank
    assert len(best_kept(bank, np.cos(X), 50)) == len(bank)
