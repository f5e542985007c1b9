import dataclasses
import math

import pytest

from coeval.run.bench_evaluation import ALL, PLAIN, Measured, setups
from coeval.run.levers import OFF, Levers
from coeval.run.strategies import PULLED
from coeval.trial import Objective

LOSS, ACCURACY = Objective("log_loss"), Objective("accuracy", maximise=True)


def test_each_lever_is_pulled_alone_and_left_out_alone():
    by_name = {one.name: one.levers for one in setups()}
    assert by_name[PLAIN] == OFF
    assert by_name[ALL] == PULLED
    names = [one.name for one in dataclasses.fields(Levers)]
    for name in names:
        if getattr(PULLED, name) == getattr(OFF, name):
            assert name not in by_name  # not among what is done by default
            continue
        alone, without = by_name[name], by_name[f"{ALL} but {name}"]
        assert [one for one in names if getattr(alone, one) != getattr(OFF, one)] == [name]
        assert [one for one in names if getattr(without, one) != getattr(PULLED, one)] == [name]


def measured(objective, *climb):
    return Measured("plain", 0, objective, 0.5, climb, 30, 10, 20.0, "time")


@pytest.mark.parametrize(("objective", "sign"), [(LOSS, 1), (ACCURACY, -1)])
def test_a_run_says_when_it_was_as_good_as_another(objective, sign):
    run = measured(objective, (1.0, sign * 0.9), (4.0, sign * 0.5), (9.0, sign * 0.3))
    assert run.validation == sign * 0.3
    assert run.seconds_until(sign * 0.6) == 4.0
    assert run.seconds_until(sign * 0.3) == 9.0
    assert math.isinf(run.seconds_until(sign * 0.2))
    assert run.ranked_per_minute == 90


def test_a_run_without_a_finished_trial_has_no_score():
    run = measured(LOSS)
    assert math.isnan(run.validation)
    assert math.isinf(run.seconds_until(1.0))
