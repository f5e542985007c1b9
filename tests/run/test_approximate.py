import itertools
import json
import os
import signal
import threading
import time

import numpy as np
import pytest

from coeval.errors import BudgetError, DataError, SpaceError
from coeval.exact.certificate import Verdict
from coeval.run.approximate import approximate
from coeval.run.approximate_components import DEFAULT, material
from coeval.run.approximate_plan import Plan, Stage, Watch
from coeval.store.memory import MemoryStore
from coeval.store.queries import trials
from coeval.task.points import Points, make_points

X = np.linspace(0.1, 2.9, 30)
SMALL = ("add", "mul", "sin", "const")
HARD = make_points([X], np.exp(-X) * np.sin(3 * X) * np.cos(np.log(X)) + np.tan(X / 2.1))


class Ear(Watch):
    def __init__(self) -> None:
        self.costs, self.stages = [], []

    def forecast(self, cost) -> None:
        self.costs.append(cost)

    def stage(self, stage: Stage) -> None:
        self.stages.append(stage)


def found(points: Points, components=SMALL, length=5, constants="linear", store=None, **plan):
    made = material(components, constants=constants, steps=100)
    return approximate(points, made, Plan(length=length, **{"seconds": 20.0, **plan}), store=store)


def test_a_target_in_reach_is_met_with_a_proof():
    answer = found(make_points([X], 2.5 * np.sin(X * X) - 1), length=6)
    assert answer.formula == "-1 + 2.5*sin(x*x)"
    assert (answer.origin, answer.length, answer.unit) == ("exact search", 4, "nodes")
    assert answer.certificate.is_proof
    assert answer.fit.r2 == pytest.approx(1)
    assert answer.held_out is not None
    assert (answer.fit.rows, answer.held_out.rows) == (24, 6)
    assert answer.held_out.largest < 1e-12


def test_the_minimum_is_no_better_with_fewer_components_or_a_shorter_length():
    points = make_points([X], np.exp(X) - X)
    small = found(points, length=4, hold_out=0.0).fit.sse
    assert found(points, (*SMALL, "exp"), length=4, hold_out=0.0).fit.sse <= small
    assert found(points, length=5, hold_out=0.0).fit.sse <= small


def test_without_fitted_constants_the_sequence_is_the_value_itself():
    answer = found(make_points([X], X + np.sin(X)), constants="none", length=4)
    assert answer.answer.weights == ()
    assert answer.formula in ("x + sin(x)", "sin(x) + x")


def test_a_grid_gives_its_numbers():
    made = material(("add", "mul"), constants="grid", grid=[3.5])
    answer = approximate(make_points([X], 3.5 * X + X), made, Plan(5, 20.0))
    assert answer.fit.largest < 1e-14
    assert "3.5" in answer.formula


def test_a_number_of_the_grid_stays_where_a_rounder_one_would_fit_better():
    made = material(("add",), constants="grid", grid=[-2.5])
    answer = approximate(make_points([X], np.where(X > 1, -2.1, -1.9)), made, Plan(1, 20.0))
    assert answer.formula == "-2.5"
    assert answer.fit.sse == pytest.approx(answer.front[-1].sse)


def test_a_target_beyond_squares_is_refused_and_inputs_beyond_them_are_not():
    with pytest.raises(DataError, match="squared errors beyond are infinite"):
        found(make_points([X], 1e200 * X))
    assert found(make_points([1e307 * X], X), ("add", "mul"), length=5).fit.largest < 1e-14


def test_an_iteration_is_explained_and_its_certificate_names_the_budget():
    count, x = np.arange(1.0, 9), np.linspace(-2, 3, 8)
    points = make_points([count, x], x + count * x, names=["n", "x"])
    answer = found(points, ("add", "primitive_recursion"), 4, "none", hold_out=0.0)
    assert answer.fit.largest < 1e-14
    assert "primitive_recursion1(" in answer.formula
    assert answer.iterations[0].startswith("primitive_recursion1(n, v")
    assert answer.certificate.verdict is Verdict.WITHIN_STEPS


@pytest.mark.parametrize(("semantics", "unit"), [("chain", "steps"), ("dag", "steps")])
def test_chains_and_dags_count_steps(semantics, unit):
    squared = (X * X) ** 2
    answer = found(make_points([X], squared), length=2, semantics=semantics)
    assert (answer.length, answer.unit) == (2, unit)
    assert answer.fit.r2 == pytest.approx(1)


def test_what_exact_search_cannot_reach_coevolution_goes_on_with():
    ear, store = Ear(), MemoryStore()
    made = material(DEFAULT)
    plan = Plan(length=24, seconds=3.0, seed=1)
    answer = approximate(HARD, made, plan, store=store, watch=ear)
    assert [one.length for one in ear.costs] == [24]
    assert "intractable" in ear.costs[0].verdict
    assert not answer.certificate.is_proof
    assert answer.certificate.covered < 24
    kept = trials(list(store.events()))
    assert answer.trials > len(kept) > 100
    assert len(kept[0].proposal.candidate.parts) > 1  # the journal is that of the teams
    assert answer.length <= 24
    assert answer.fit.sse <= answer.front[0].sse
    assert (answer.front[-1].length, answer.front[-1].answer) == (answer.length, answer.answer)


def test_exact_alone_starts_no_coevolution():
    answer = found(HARD, DEFAULT, length=24, exact=True, seconds=1.0)
    assert (answer.trials, answer.origin) == (0, "exact search")
    assert answer.why == "time"


def test_the_front_improves_with_every_length():
    points = found(HARD, length=6).front
    assert all(a.length < b.length and a.sse > b.sse for a, b in itertools.pairwise(points))


def test_the_next_length_has_a_cost():
    answer = found(HARD, length=5)
    assert answer.next_cost.length == 6
    assert answer.next_cost.sequences > answer.certificate.sequences


def test_everything_is_plain_json():
    answer = found(make_points([X], np.sin(X)), length=3)
    read = json.loads(json.dumps(answer.to_json(), allow_nan=False))
    assert read["formula"] == "sin(x)"
    assert read["steps"] == [{"name": "y", "formula": "sin(x)"}]
    assert read["certificate"]["verdict"] == "optimal"
    assert read["next"]["verdict"].startswith("about")


def test_a_point_where_the_answer_is_undefined_is_counted():
    x = np.array([1.0, 2, 3, 4, 5, 6, -1])
    shown = np.where(x > 0, np.log(np.abs(x)), -40.0)  # so low that it is always held out of 7
    for seed in range(8):
        answer = found(make_points([x], shown), ("log", "add"), 2, seed=seed, hold_out=0.3)
        if answer.held_out and answer.held_out.undefined:
            assert answer.held_out.rows == 2
            return
    pytest.fail("the point without a logarithm was never held out")


def test_ctrl_c_leaves_the_best_so_far():
    timer = threading.Timer(0.7, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    began = time.monotonic()
    answer = found(HARD, DEFAULT, length=24, seconds=60.0)
    assert time.monotonic() - began < 30
    assert answer.why == "interrupted"
    assert np.isfinite(answer.fit.sse)


@pytest.mark.parametrize(
    ("points", "options", "error", "expected"),
    [
        (make_points([X[:3]], X[:3] ** 2), {}, None, ""),
        (
            make_points([X[:3]], X[:3] ** 2),
            {"constants": "nonlinear"},
            DataError,
            "at least 4 points",
        ),
        (HARD, {"length": 0}, SpaceError, "length must lie in 1..255, got 0"),
        (HARD, {"length": 10**30}, SpaceError, "length must lie in 1..255"),
        (HARD, {"seconds": 0.0}, BudgetError, "0"),
    ],
)
def test_what_cannot_be_asked_is_explained(points, options, error, expected):
    if error is None:
        assert found(points, **options).fit.rows == 3
        return
    with pytest.raises(error, match=expected):
        found(points, **options)
