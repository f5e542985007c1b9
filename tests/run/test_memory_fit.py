"""The budget holds for search and final training together; only the best trial's weights are kept."""

import math
import time

import pytest
from sklearn.datasets import load_iris

from coeval.errors import RunError
from coeval.evaluate.training import TrainingEvaluator
from coeval.run import memory_fit
from coeval.run.budget import Budget
from coeval.run.memory_fit import BestSoFar, Fit, fit_in_memory
from coeval.run.search import search
from coeval.run.strategies import strategy_for
from coeval.space.tabular import space_for
from coeval.store.artifacts import MemoryArtifacts
from coeval.task.frame import from_arrays
from coeval.trial import Failure, Measurement, Objective, Reason


@pytest.fixture(scope="module")
def task():
    return from_arrays(*load_iris(return_X_y=True), problem="classification")


def how(seconds=None, trials=None, started=None):
    began = time.monotonic() if started is None else started
    return Fit(Budget(seconds, trials), "evolution", "cpu", 0, began)


def spy(monkeypatch, name):
    """Record how ``memory_fit`` calls a function."""
    plain, calls = getattr(memory_fit, name), []

    def call(*given, **named):
        calls.append((given, named))
        return plain(*given, **named)

    monkeypatch.setattr(memory_fit, name, call)
    return calls


def test_search_trials_and_final_training_get_the_same_end(task, monkeypatch):
    searches, finals = spy(monkeypatch, "search"), spy(monkeypatch, "make_final")
    started = time.monotonic()
    fit_in_memory(task, space_for(task), how(seconds=40.0, trials=2, started=started))
    (given, named) = searches[0]
    assert named["deadline"] == started + 40
    assert (given[3].limits.seconds, given[3].limits.deadline) == (8.0, started + 40)
    assert finals[0][0][1].deadline == started + 40


def test_without_a_limit_on_time_nothing_is_cut(task, monkeypatch):
    searches, finals = spy(monkeypatch, "search"), spy(monkeypatch, "make_final")
    strategies = spy(monkeypatch, "strategy_for")
    run, _ = fit_in_memory(task, space_for(task), how(trials=1))
    assert run.why == "trials"
    assert searches[0][1]["deadline"] is None
    assert searches[0][0][3].limits.seconds is None
    assert strategies[0][1]["trials"] == 1  # of which a one-shot method's ticks get a share
    assert finals[0][0][1].deadline is None


def test_a_budget_that_the_imports_have_eaten_still_leaves_a_second():
    late = how(seconds=2.0, started=time.monotonic() - 60)
    assert late.end > time.monotonic() + 0.5


def test_the_weights_of_all_but_the_best_are_forgotten_and_the_refit_is_in_time(task):
    space, artifacts = space_for(task), MemoryArtifacts()
    objective = Objective(task.metric.name, task.metric.maximise)
    end = time.monotonic() + 1000
    best = BestSoFar(task, space, objective, artifacts, end, limit=0)
    assert not best.is_due()
    run = search(
        task,
        space,
        strategy_for("evolution", space, objective, 0),
        TrainingEvaluator(task, space, artifacts=artifacts),
        Budget(trials=4),
        on_event=best.record,
    )
    kept = run.best.measurement.artifacts["weights"]
    others = {one.measurement.artifacts["weights"] for one in run.trials} - {kept}
    assert others
    assert artifacts.get(kept)
    for digest in others:
        with pytest.raises(KeyError):
            artifacts.get(digest)
    assert not best.is_due()
    ending = BestSoFar(task, space, objective, artifacts, time.monotonic() + 0.1)
    ending.record(run.best)
    assert ending.is_due()


def test_a_search_that_only_fails_says_why(task, monkeypatch):
    def fail(self, trial, report):
        return Measurement(failure=Failure(Reason.ERROR, "on purpose"))

    monkeypatch.setattr(TrainingEvaluator, "_measure", fail)
    with pytest.raises(RunError, match=r"None of 2 trials succeeded.*on purpose.*Raise the budget"):
        fit_in_memory(task, space_for(task), how(seconds=math.pi, trials=2))
