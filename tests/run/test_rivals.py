"""Baselines beside the search: the default network is refitted, or keeps what its trial reached."""

import math
from concurrent.futures import Future

import numpy as np
import pytest

from coeval.run import rivals
from coeval.run.pool import Here
from coeval.run.rivals import Rivals, unscored
from coeval.trial import Measurement
from tests.evaluate.tasks import task_of
from tests.task.pictures import picture_task

TASK = picture_task(side=12)
TRIAL = Measurement(values={"log_loss": 0.7}, cost={"seconds": 3.0})


def test_a_baseline_that_takes_much_of_its_time_is_fitted_once(monkeypatch):
    task = task_of("wine")
    twice = rivals.fit_rival("linear_model", task, 0, 5.0, True)
    monkeypatch.setattr(rivals, "AGAIN_SHARE", 0.0)
    once = rivals.fit_rival("linear_model", task, 0, 5.0, True)
    assert once.result.validation == pytest.approx(twice.result.validation)
    assert "not fitted again" in once.result.detail
    assert not np.allclose(once.predictions, twice.predictions)


@pytest.fixture
def standing(monkeypatch, tmp_path):
    monkeypatch.setattr(rivals, "Pool", lambda workers, memory: Here())
    monkeypatch.setattr(
        rivals, "fit_rival", lambda name, *rest: rivals.Rival(unscored(name, TRIAL))
    )
    refitted = rivals.Rival(unscored("resnet", TRIAL), np.ones(3))
    monkeypatch.setattr(rivals, "fit_default", lambda result, job, source: refitted)
    return Rivals(tmp_path, TASK, seed=0, max_seconds=1.0, has_test=True)


def test_the_default_network_is_refitted_for_the_test_rows(standing):
    standing.add_default(unscored("resnet", TRIAL), job="a job")
    assert standing.news()[-1].predictions.tolist() == [1, 1, 1]


def test_without_a_job_it_keeps_its_score_on_validation_alone(standing):
    standing.add_default(unscored("resnet", TRIAL), job=None)
    known = standing.news()[-1]
    assert known.predictions is None
    assert known.result.validation == {"log_loss": 0.7}


def test_what_finished_is_news_once(standing):
    names = [one.result.name for one in standing.news()]
    assert names[0] == "default_constant"
    assert standing.news() == []
    assert len(standing.found) == len(names)


def test_those_that_have_not_begun_are_left_out_on_demand(monkeypatch, tmp_path):
    begun = []

    class Busy:
        def __init__(self, *given):
            pass

        def submit(self, job, name, *rest):
            future = Future()
            if not begun:
                future.set_running_or_notify_cancel()
            begun.append(future)
            return future

    monkeypatch.setattr(rivals, "Pool", Busy)
    standing = Rivals(tmp_path, TASK, seed=0, max_seconds=1.0, has_test=True)
    standing.skip()
    begun[0].set_result(rivals.Rival(unscored("resnet", TRIAL)))
    standing.wait(math.inf)
    assert len(begun) > len(standing.news()) == 1
