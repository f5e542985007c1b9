"""Ctrl-C and SIGTERM from a sitting's first record to its last: what they tell, what they cut short, and that a model is left."""

import math
import os
import signal
import threading
import time
from concurrent.futures import wait
from types import SimpleNamespace

import pytest

from coeval.export import fitting, hurry
from coeval.export.final import Resources
from coeval.export.retrain import Finalist, Job, Rows
from coeval.run import finish, fit
from coeval.run.forkserver import prestart
from coeval.run.interrupt import INTERRUPTED_SECONDS, Interrupt
from coeval.run.pool import Pool
from coeval.run.run import Run
from coeval.trial import Measurement, Proposal, State, Trial
from tests.evaluate.tasks import Decoder, candidate, task_of
from tests.run.fakes import LOSS

DONE = Trial(0, Proposal(candidate(task_of("wine"))), State.DONE, Measurement({"loss": 1.0}))


@pytest.fixture(scope="module", autouse=True)
def _light_server():
    prestart(preload=("coeval.run.worker",))  # these jobs need no torch


class Watcher:
    """Keeps what it is told, and says when it was told something."""

    def __init__(self):
        self.notes, self.told = [], threading.Event()

    def record(self, record):
        self.notes.append(record)
        self.told.set()


def terminate():
    os.kill(os.getpid(), signal.SIGTERM)


def test_the_first_signal_says_when_the_end_will_be_and_calls_who_asked_for_it():
    called = []
    with Interrupt() as interrupt:
        interrupt.then(lambda: called.append(interrupt.end))
        assert interrupt.end == math.inf
        began = time.monotonic()
        terminate()
        assert called == [interrupt.end]
        assert interrupt.end == pytest.approx(began + INTERRUPTED_SECONDS, abs=0.5)
        assert interrupt.came_after(began)
        assert not interrupt.came_after(time.monotonic())
        with pytest.raises(KeyboardInterrupt):
            terminate()
    assert called == [interrupt.end]


@pytest.fixture
def site(monkeypatch):
    """A sitting of which only the frame is real: its stages do what the test puts in their places."""
    monkeypatch.setattr(fit, "_rivals", lambda site: SimpleNamespace(close=lambda: None))
    monkeypatch.setattr(fit, "ablation_seconds", lambda site, best: 5.0)
    return SimpleNamespace(
        end=math.inf,
        folder=SimpleNamespace(path="run"),
        task=SimpleNamespace(notes=()),
        watcher=Watcher(),
    )


@pytest.mark.parametrize("stage", ["search_for", "between", "finish", "ablate"])
def test_a_signal_in_any_stage_leaves_a_model_and_is_answered_with_a_word(site, monkeypatch, stage):
    ends = []

    def search_for(*given):
        if stage == "search_for":
            terminate()
        return Run((DONE,), LOSS, "time", 1.0)

    def check(*given):
        if stage == "between":
            terminate()

    def finished(site, run, rivals, end, interrupt):
        ends.append(end)
        if stage == "finish":
            terminate()
        return {"trial": 0}

    def ablate(site, run, winner, end, interrupt):
        if stage == "ablate":
            terminate()

    for name, one in (("search_for", search_for), ("_check_any", check), ("finish", finished), ("ablate", ablate)):  # fmt: skip
        monkeypatch.setattr(fit, name, one)
    with Interrupt() as interrupt:
        interrupt.then(lambda: fit._announce(site))
        found = fit._work(site, (), time.monotonic(), interrupt)
    assert found.final == {"trial": 0}
    assert (ends[0] < math.inf) is (stage in ("search_for", "between"))
    assert site.watcher.told.wait(5)
    (note,) = site.watcher.notes
    assert (note.kind, note.data) == ("interrupted", {"seconds": INTERRUPTED_SECONDS})


def until_told(_):
    while time.monotonic() < hurry.until(None):
        time.sleep(0.02)
    return True


def test_what_the_processes_of_a_pool_train_ends_by_a_moment_that_is_drawn_nearer():
    pool = Pool(1)
    try:
        running = pool.submit(until_told, 0)
        assert not wait([running], 0.2).done
        pool.end_by(time.monotonic())
        assert running.result(20)
        assert next(iter(pool.map(until_told, [0])))  # what begins later ends as soon
    finally:
        pool.close()


def test_a_training_told_to_hurry_ends_before_its_deadline(monkeypatch):
    task = task_of("wine")
    found = candidate(task)
    preparation, recipe = (tuple(found.settings(one).items()) for one in ("preparation", "recipe"))
    architecture = Decoder().architecture(found)
    finalist = Finalist(0, 0.5, architecture, preparation, recipe, 10**5, 10**5, 1e-3, 100)
    monkeypatch.setattr(hurry._Obeyed, "moment", SimpleNamespace(value=time.monotonic() + 0.5))
    job = Job(task, finalist, Rows.ALL, seed=0, deadline=time.monotonic() + 60)
    _, epochs = fitting.train(task, job)
    assert 0 < epochs < 10**5


def test_a_final_training_plans_with_the_time_that_an_interruption_leaves():
    ends = [math.inf]
    plan = Resources(task_of("wine"), deadline=time.monotonic() + 60, latest=lambda: ends[0])
    assert plan.seconds_left == pytest.approx(60, abs=1)
    ends[0] = time.monotonic() + 5
    assert plan.seconds_left == pytest.approx(5, abs=1)


class Slow:
    """Baselines of which the first runs, and the others wait."""

    def __init__(self):
        self.skipped = False

    def wait(self, end):
        if not self.skipped:
            terminate()
            time.sleep(max(0.0, end - time.monotonic()))

    def skip(self):
        self.skipped = True


def test_an_interruption_ends_the_wait_for_baselines_that_have_not_begun():
    rivals, began = Slow(), time.monotonic()
    with Interrupt() as interrupt:
        due = finish._waited(rivals, began + 60, interrupt, 4.0)
        assert due == pytest.approx(interrupt.end - 4.0)
    assert rivals.skipped
    assert time.monotonic() - began < 5
