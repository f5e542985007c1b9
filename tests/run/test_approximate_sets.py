import time

import numpy as np
import pytest

from coeval.architecture.program import Operation
from coeval.component.scalar import IDENTITY
from coeval.run.approximate_components import DEFAULT, material
from coeval.run.approximate_plan import Plan, Watch, Work
from coeval.run.approximate_search import length_of
from coeval.run.approximate_sets import search_sets
from coeval.run.interrupt import Interrupt
from coeval.task.points import make_points

X = np.linspace(0.1, 2, 24)
U, V, W = np.random.default_rng(0).uniform(1, 2, (3, 40))


def searched(columns, target, length=25, semantics="tree", constants="linear", seconds=30.0):
    made = material(DEFAULT, constants=constants)
    plan = Plan(length=length, seconds=seconds, semantics=semantics)
    points = make_points(columns, target)
    work = Work(points, made, plan, Watch(), time.monotonic(), Interrupt())
    operations = (*made.operations, Operation(IDENTITY, 1))
    return points, search_sets(work, operations, seconds)


@pytest.mark.parametrize(
    ("columns", "target"),
    [
        ([X], X**4 + X**3 + X**2 + X),
        ([U, V, W], U * V * V / (W + W * W)),
    ],
)
def test_targets_of_few_components_are_met_beyond_the_reach_of_all(columns, target):
    points, found = searched(columns, target)
    left = found[0].answer.predict(points.columns) - target
    assert float(left @ left) < 1e-25 * float(target @ target)
    assert found[0].origin == "exact search of fewer components"


@pytest.mark.parametrize("semantics", ["tree", "dag"])
@pytest.mark.parametrize("constants", ["none", "linear"])
def test_answers_keep_the_length_and_have_the_error_they_state(semantics, constants):
    target = np.exp(-X) * np.sin(3 * X) + X
    points, found = searched([X], target, 6, semantics, constants, seconds=1.5)
    assert found
    assert [one.sse for one in found] == sorted(one.sse for one in found)
    for one in found:
        assert length_of(one.answer, semantics) <= 6
        left = one.answer.predict(points.columns) - target
        assert float(left @ left) == pytest.approx(one.sse, rel=1e-6)


def test_the_time_is_kept():
    started = time.monotonic()
    searched([X], np.tan(X / 3) * np.exp(np.cos(7 * X)), seconds=1.0)
    assert time.monotonic() - started < 3.0
