"""The winner without each of its decisions: what is trained, in which order, within which time, and what is recorded."""

import math
import os
import signal
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from coeval.run import ablation
from coeval.run.ablation import CONTROL, ROUNDS, measure
from coeval.run.interrupt import Interrupt
from coeval.run.reserve import ablation_seconds
from coeval.run.rivals import default_seed
from coeval.run.run import Run
from coeval.space.tabular import space_for
from coeval.task.frame import from_arrays
from coeval.trial import Failure, Measurement, Objective, Reason
from tests.strategy.lineages import bred, trial, with_setting

RNG = np.random.default_rng(0)
VALUES = RNG.normal(size=(240, 3))
TASK = from_arrays(VALUES, VALUES[:, 0] - VALUES[:, 1])
TASK = replace(TASK, folds=TASK.folds[:1])
SPACE = space_for(TASK)
DEFAULT = default_seed(TASK, SPACE)
SEED = SPACE.seeds()[DEFAULT]
RMSE = Objective("rmse")
LOG = [
    trial(0, SEED, 0.5, origin=f"seed:{DEFAULT}"),
    trial(1, with_setting(SEED, "recipe", "optimizer", "sgd"), 0.4, parent=0),
]
LOG.append(trial(2, with_setting(LOG[1].proposal.candidate, "recipe", "lr", 1e-4), 0.3, parent=1))
LOG.append(
    trial(3, with_setting(LOG[2].proposal.candidate, "recipe", "weight_decay", 1.0), 0.2, parent=2)
)


class Threads:
    """A pool in this process."""

    def __init__(self, workers, memory=None):
        self._threads = ThreadPoolExecutor(workers)
        Threads.closed = False

    def submit(self, job, *inputs) -> Future:
        return self._threads.submit(job, *inputs)

    def close(self):
        Threads.closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)


class Site(SimpleNamespace):
    def record(self, *found):
        self.notes += found


def site(seconds=600.0, workers=2):
    return Site(
        task=TASK,
        space=SPACE,
        objective=RMSE,
        seconds=math.inf if seconds is None else seconds,
        workers=workers,
        worker_bytes=None,
        memory=None,
        folder=SimpleNamespace(cache=TASK),
        options=SimpleNamespace(seed=0, device="cpu", strategy="evolution"),
        levers=SimpleNamespace(compiled=False),
        notes=[],
    )


@pytest.fixture
def trained(monkeypatch):
    """Train nothing: note what would be trained, and answer at once."""
    asked = []

    def answered(evaluator, one):
        asked.append(one)
        return Measurement({"rmse": 0.1 * len(asked)}, cost={"seconds": 0.01})

    monkeypatch.setattr(ablation, "Pool", Threads)
    monkeypatch.setattr(ablation, "measure", answered)
    return asked


def run(log=LOG, why="time", seconds=500.0):
    return Run(tuple(log), RMSE, why, seconds)


def ablate(site, run, winner, end):
    with Interrupt() as interrupt:
        ablation.ablate(site, run, winner, end, interrupt)


def soon(seconds=60.0):
    return time.monotonic() + seconds


def kinds(found):
    return [one.kind for one in found.notes]


def test_the_winner_and_the_winner_without_each_decision_are_trained_in_rounds(trained):
    here = site(workers=1)
    ablate(here, run(), 3, soon())
    plan, *scores = here.notes
    assert plan.kind == "ablation_plan"
    assert plan.data["of"] == 3
    assert [one["trial"] for one in plan.data["decisions"]] == [1, 2, 3]
    assert all(one.kind == "ablation" for one in scores)
    once = [CONTROL, CONTROL, 0, 1, 2]  # the root of three is nearest to two
    assert [one.data["decision"] for one in scores] == once * ROUNDS
    assert [one.data["round"] for one in scores] == [0] * 5 + [1] * 5 + [2] * 5
    assert [one.data["value"] for one in scores] == pytest.approx([0.1 * n for n in range(1, 16)])
    winner = LOG[3].proposal.candidate
    assert [one.proposal.candidate == winner for one in trained[:5]] == [1, 1, 0, 0, 0]
    assert Threads.closed


def test_each_training_has_a_number_and_so_a_seed_of_its_own_behind_the_searchs(trained):
    ablate(site(workers=1), run(), 3, soon())
    assert [one.number for one in trained] == list(range(4, 19))


def test_no_trial_of_the_search_is_touched(trained):
    here = site()
    ablate(here, run(), 3, soon())
    assert set(kinds(here)) == {"ablation_plan", "ablation"}


@pytest.mark.parametrize(
    ("seconds", "why", "left"),
    [(60.0, "time", 60.0), (600.0, "interrupted", 60.0), (600.0, "time", 2.1), (600.0, "time", 0)],
)
def test_small_budgets_interrupted_runs_and_no_time_mean_no_ablation(trained, seconds, why, left):
    here = site(seconds)
    ablate(here, run(why=why), 3, soon(left))
    assert here.notes == []
    assert trained == []


def test_a_budget_of_trials_spends_a_tenth_of_the_time_that_the_search_took(trained, monkeypatch):
    allowed = []
    monkeypatch.setattr(ablation, "_train", lambda site, planned, end, *rest: allowed.append(end))
    here = site(seconds=None)
    before = time.monotonic()
    ablate(here, run(seconds=80.0), 3, math.inf)
    assert allowed[0] == pytest.approx(before + 8.0, abs=1.0)


def test_when_its_time_is_over_what_runs_is_given_up_and_what_is_done_stays(monkeypatch):
    release = threading.Event()

    def slow(evaluator, one):
        if one.number > 5:
            release.wait(20)
        return Measurement({"rmse": 0.5}, cost={"seconds": 0.01})

    monkeypatch.setattr(ablation, "Pool", Threads)
    monkeypatch.setattr(ablation, "measure", slow)
    here = site(workers=1)
    started = time.monotonic()
    ablate(here, run(), 3, soon(ablation.CLOSING_SECONDS + 1.0))
    took = time.monotonic() - started
    release.set()
    assert 0.5 < took < 2.0
    assert kinds(here) == ["ablation_plan", "ablation", "ablation"]
    assert Threads.closed


def test_ctrl_c_ends_it_and_keeps_what_is_done(monkeypatch):
    release = threading.Event()

    def interrupting(evaluator, one):
        if one.number == 5:
            os.kill(os.getpid(), signal.SIGINT)
            release.wait(20)
        return Measurement({"rmse": 0.5}, cost={"seconds": 0.01})

    monkeypatch.setattr(ablation, "Pool", Threads)
    monkeypatch.setattr(ablation, "measure", interrupting)
    here = site(workers=1)
    before = signal.getsignal(signal.SIGINT)
    ablate(here, run(), 3, soon())
    release.set()
    assert kinds(here) == ["ablation_plan", "ablation"]
    assert Threads.closed
    assert signal.getsignal(signal.SIGINT) is before


def test_who_asked_for_the_end_before_is_not_kept_waiting(trained):
    here = site()
    with Interrupt() as interrupt:
        os.kill(os.getpid(), signal.SIGINT)
        ablation.ablate(here, run(), 3, soon(), interrupt)
    assert here.notes == []
    assert trained == []


def test_no_training_begins_that_would_end_too_late(trained, monkeypatch):
    long = [
        trial(n, one.proposal.candidate, parent=one.proposal.parent) for n, one in enumerate(LOG)
    ]
    for one in long:
        one.measurement.cost["seconds"] = 3.0
    here = site(workers=2)
    ablate(here, run(long), 3, soon(ablation.CLOSING_SECONDS + 2.9))
    assert trained == []


def test_a_failure_is_recorded_with_its_reason(monkeypatch):
    failed = Measurement(failure=Failure(Reason.DIVERGED, "loss is NaN"))
    monkeypatch.setattr(ablation, "Pool", Threads)
    monkeypatch.setattr(ablation, "measure", lambda evaluator, one: failed)
    here = site()
    ablate(here, run(), 3, soon())
    assert here.notes[1].data["failure"] == "diverged"
    assert here.notes[1].data["value"] is None


def test_the_default_as_it_stands_is_a_plan_of_nothing(trained):
    here = site()
    ablate(here, run(LOG[:1]), 0, soon())
    assert [one.data["decisions"] for one in here.notes] == [[]]
    assert trained == []


def test_trained_for_real_the_winner_again_scores_like_a_trial_of_the_search():
    fast = with_setting(with_setting(SEED, "recipe", "epochs", 8), "recipe", "batch_size", 64)
    evaluator = ablation._evaluator(site())
    first, second = (measure(evaluator, trial(number, fast)) for number in (11, 12))
    assert first.failure is None
    assert first.values["rmse"] != second.values["rmse"]
    assert first.values["rmse"] == pytest.approx(second.values["rmse"], rel=0.5)
    assert measure(evaluator, trial(11, fast)).values == first.values


def test_time_is_kept_for_it_only_where_it_is_worth_something():
    winner = LOG[3]
    assert ablation_seconds(site(60.0), winner) == 0
    assert ablation_seconds(site(None), winner) == 0
    assert ablation_seconds(site(300.0), None) == 0
    assert ablation_seconds(site(300.0), winner) == pytest.approx(15.0)
    slow = trial(9, SEED)
    slow.measurement.cost["seconds"] = 16.0
    assert ablation_seconds(site(300.0), slow) == 0
    assert ablation_seconds(site(300.0, workers=1), winner) == pytest.approx(15.0)


def test_a_lineage_of_networks_is_planned_in_the_share_of_its_time(trained):
    log = bred(SPACE, 10, seed=2)
    here = site()
    ablate(here, run(log), 10, soon())
    assert len(here.notes[0].data["decisions"]) >= 3
