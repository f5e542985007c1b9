"""The search ends when the rest of the budget is needed for its model, and not before there is something to make it of."""

import time
from types import SimpleNamespace

from coeval.run.reserve import Reserve
from coeval.seed import generator
from coeval.space.for_task import space_for
from coeval.trial import Measurement, Objective, Proposal, State, Trial
from tests.task.pictures import picture_task

TASK = picture_task(side=12)
SPACE = space_for(TASK, preset="nasbench201")


def reserve(end):
    return Reserve(
        SimpleNamespace(
            task=TASK,
            space=SPACE,
            objective=Objective("log_loss"),
            workers=1,
            budget=SimpleNamespace(seconds=60.0),
            demands=SimpleNamespace(closing_seconds=0.0),
            end=end,
        )
    )


def trained():
    data = {"schedule_epochs": 4, "best_epochs": [4], "fold_epochs": [4], "fold_seconds": [0.4]}
    measured = Measurement(values={"log_loss": 0.5}, data=data)
    return Trial(0, Proposal(SPACE.sample(generator(0))), State.DONE, measured)


def test_with_a_trial_it_ends_when_the_time_is_needed():
    late, early = reserve(time.monotonic() + 5.0), reserve(time.monotonic() + 600.0)
    for one in (late, early):
        one.record(trained())
    assert late.is_due()
    assert not early.is_due()


def test_before_there_is_a_trial_it_goes_on_to_its_deadline():
    assert not reserve(time.monotonic() + 5.0).is_due()
