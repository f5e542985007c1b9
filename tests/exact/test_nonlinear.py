import itertools

import numpy as np
import pytest

from coeval.architecture.program import Operation
from coeval.build.numeric.evaluate import bind, values
from coeval.component.library import SCALAR
from coeval.errors import BudgetError
from coeval.exact.plan import make_search
from coeval.exact.solve import solve
from coeval.exact.structure import OPEN, open_program, structures
from coeval.exact.vocabulary import make_vocabulary

X = np.random.default_rng(0).uniform(-2, 2, 15)
SET = [Operation(SCALAR["mul"], 2), Operation(SCALAR["sin"], 1), Operation(SCALAR["add"], 2)]


def covered(semantics: str, length: int):
    search = make_search(make_vocabulary([X], SET), semantics)
    while search.covered < length:
        for _ in search.grow():
            pass
    return search


def test_a_sine_of_unknown_frequency_and_phase_is_found():
    target = 3 * np.sin(1.7 * X + 0.4) + 1
    found = solve([X], target, SET, 6, constants="nonlinear")
    assert found.error < 1e-18
    assert found.front[-1].length == 6
    functions = [bind(one) for one in found.operations]
    value = values(found.programs[0], [X], found.operations, functions)
    assert np.square(target - found.weights[0] - found.weights[1] * value).sum() < 1e-18


def test_fitted_constants_are_never_called_optimal():
    noise = np.random.default_rng(1).normal(size=15)
    found = solve([X], noise, SET, 4, constants="nonlinear")
    assert found.certificate.verdict == "best found"
    assert found.certificate.covered == 4
    assert "several starts" in found.certificate.assumptions[0]
    assert "no proof" in found.certificate.describe()
    without = solve([X], noise, SET, 4, constants="linear")
    assert found.error <= without.error


def test_the_deadline_cuts_the_structures_short():
    noise = np.random.default_rng(0).normal(size=len(X))  # no short formula meets it in time
    found = solve([X], noise, SET, 25, constants="nonlinear", seconds=0.5)
    assert found.why == "time"
    assert found.certificate.covered < 25


def test_structures_that_do_not_fit_are_refused_if_that_is_wanted():
    with pytest.raises(BudgetError, match="length 25 does not fit"):
        solve([X], np.cos(3 * X), SET, 25, constants="nonlinear", seconds=1, excess="refuse")


@pytest.mark.parametrize(("semantics", "length"), [("tree", 6), ("chain", 3), ("dag", 3)])
def test_each_structure_comes_once_and_holds_an_open_constant(semantics, length):
    found = list(structures(covered(semantics, length - 1), length))
    assert len(set(found)) == len(found) > 10
    for steps in found:
        opened = sum(operands.count(OPEN) for _, operands in steps)
        assert opened > 0
        assert len(open_program(steps, 1).constants) == opened
        assert all(set(operands) != {OPEN} for _, operands in steps)
        used = {one for _, operands in steps for one in operands}
        assert all(1 + step in used for step in range(len(steps) - 1))


def test_small_trees_with_open_constants_are_those_that_can_be_written_down():
    # mul 0, sin 1, add 2; the root's constant factor or term is spanned by scale and offset
    search = covered("tree", 4)
    assert list(structures(search, 3)) == []
    assert set(structures(search, 4)) == {
        ((0, (0, OPEN)), (1, (1,))),  # sin(x c)
        ((2, (0, OPEN)), (1, (1,))),  # sin(x + c)
    }


@pytest.mark.parametrize("semantics", ["chain", "dag"])
def test_two_steps_with_open_constants_are_those_that_can_be_written_down(semantics):
    found = set(structures(covered(semantics, 1), 2))
    inner = [(code, (OPEN, 0)) for code in (0, 2)]
    outer = [(1, (1,)), *((code, pair) for code in (0, 2) for pair in ((0, 1), (1, 1)))]
    assert found == set(itertools.product(inner, outer))
