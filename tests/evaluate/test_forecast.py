import time

import pytest

from coeval.evaluate.cost import TimeModel
from coeval.evaluate.forecast import Forecast, work_of
from coeval.evaluate.plan import Refusal, make_plan
from coeval.evaluate.protocol import never_stop
from coeval.evaluate.training import TrainingEvaluator
from coeval.trial import Measurement, Proposal, Trial, finish
from tests.evaluate.tasks import Decoder, candidate, task_of

TASK = task_of("wine")


def proposal(width=8):
    return Proposal(candidate(TASK, width=width))


@pytest.fixture(scope="module")
def measured():
    evaluator = TrainingEvaluator(TASK, Decoder())
    ((_, found),) = evaluator.evaluate([Trial(0, proposal())], never_stop)
    return found


def slow(measured, seconds):
    """Return the measurement as of a machine on which it took so long."""
    data = {**measured.data, "spent_seconds": [seconds for _ in measured.data["spent_seconds"]]}
    return Measurement(measured.values, cost={**measured.cost, "seconds": seconds}, data=data)


def test_a_measurement_says_what_its_epochs_consisted_of(measured):
    assert work_of(measured) == make_plan(TASK, Decoder(), proposal()).work


def test_what_was_not_recorded_teaches_nothing():
    forecast = Forecast(TASK, Decoder())
    forecast.observe(Measurement({"log_loss": 1.0}, cost={"seconds": 3.0}))
    assert forecast.times.observed == 0


def test_it_learns_from_the_trials_of_all_workers_and_not_from_copies(measured):
    forecast = Forecast(TASK, Decoder())
    forecast.observe(measured)
    assert forecast.times.observed == len(measured.data["spent_epochs"])
    copy = finish(Trial(1, proposal()), measured).measurement
    forecast.observe(Measurement(copy.values, cost=copy.cost, data=copy.data, cached_from=0))
    assert forecast.times.observed == len(measured.data["spent_epochs"])


def test_what_fits_is_let_through_and_what_cannot_finish_is_refused(measured):
    forecast = Forecast(TASK, Decoder())
    for _ in range(10):
        forecast.observe(slow(measured, 3.0))
    trial = Trial(3, proposal())
    forecast.check(trial, None)
    forecast.check(trial, time.monotonic() + 3600)
    with pytest.raises(Refusal, match=r"would take at least .* are left"):
        forecast.check(trial, time.monotonic() + 0.2)


def test_a_fresh_forecast_refuses_only_what_is_far_off():
    forecast = Forecast(TASK, Decoder())
    forecast.check(Trial(0, proposal()), time.monotonic() + 2.0)
    assert TimeModel().at_least(make_plan(TASK, Decoder(), proposal()).work, 2) < 1.0


def test_where_estimates_fell_short_more_is_refused(measured):
    estimate = make_plan(TASK, Decoder(), proposal()).memory_bytes
    forecast = Forecast(TASK, Decoder(), memory_bytes=2 * estimate)
    forecast.check(Trial(0, proposal()), None)
    large = Measurement(
        measured.values,
        cost={**measured.cost, "memory_bytes": 64.0 * 2**20},
        data={**measured.data, "memory_growth": 192 * 2**20},
    )
    forecast.observe(large)
    with pytest.raises(Refusal, match="training would need about"):
        forecast.check(Trial(1, proposal()), None)
