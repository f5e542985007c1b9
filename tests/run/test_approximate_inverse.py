import time

import numpy as np
import pytest

from coeval.architecture.program import Operation
from coeval.component.scalar import IDENTITY
from coeval.run.approximate_components import material
from coeval.run.approximate_inverse import worked_back
from coeval.run.approximate_plan import Plan, Watch, Work
from coeval.run.approximate_search import length_of
from coeval.run.interrupt import Interrupt
from coeval.task.points import make_points

S, T, U, V, W = np.random.default_rng(0).uniform(1, 3, (5, 80))
NAMES = ("add", "sub", "mul", "div", "exp", "log", "sqrt", "const")


def found(columns, target, length=25, names=NAMES, constants="linear", semantics="tree"):
    made = material(names, constants=constants)
    plan = Plan(length=length, seconds=20.0, semantics=semantics)
    points = make_points(columns, target)
    work = Work(points, made, plan, Watch(), time.monotonic(), Interrupt())
    return worked_back(work, (*made.operations, Operation(IDENTITY, 1)))


@pytest.mark.parametrize("semantics", ["tree", "dag"])
@pytest.mark.parametrize(
    ("columns", "target"),
    [
        ([S, T], np.exp(-((T / S) ** 2) / 2) / S),
        ([S, T], 3 * np.exp(S - T / 2)),
        ([S, T, U, V, W], S * T / (U * U + V * V + W * W)),
        ([S, T, U], np.sqrt(S * S + T * U)),
        ([S, T, U], -2 * S / (T * T + 2 * T * U + 3)),
    ],
)
def test_a_sum_inside_another_function_is_found(columns, target, semantics):
    met = found(columns, target, semantics=semantics)
    assert met is not None
    left = met.answer.predict(columns) - target
    assert float(left @ left) < 1e-27 * float(target @ target)
    assert length_of(met.answer, semantics) <= 25


def test_what_is_no_such_sum_is_not_claimed():
    assert found([S, T], np.sin(5 * S) * np.cos(T)) is None
    rng = np.random.default_rng(1)
    assert found([S], np.exp(S) * (1 + 1e-6 * rng.normal(size=80))) is None


def test_a_summand_without_weight_raises_no_warning():
    x = np.random.default_rng(0).uniform(0.5, 3, 30)
    assert found([x], np.log(x) / x, length=6, names=("log", "mul", "div", "const")) is not None


def test_no_answer_is_longer_than_asked():
    target = S * T / (U * U + V * V + W * W)
    assert found([S, T, U, V, W], target, length=14) is None
    assert found([S, T, U, V, W], target, length=15) is not None


def test_only_components_at_hand_are_used():
    target = np.exp(S - T)
    assert found([S, T], target, names=("add", "sub", "mul", "const")) is None
    assert found([S, T], target, constants="none") is None
