"""The search ends when the rest of the budget is needed for its model, and not before there is something to make it of."""

import time
from types import SimpleNamespace

from coeval.export import stretch
from coeval.run.reserve import SHARE_AFTER_TICKS, Reserve
from coeval.seed import generator
from coeval.space.for_task import space_for
from coeval.trial import Measurement, Objective, Proposal, State, Trial
from tests.task.pictures import picture_task

TASK = picture_task(side=12)
SPACE = space_for(TASK, preset="nasbench201")


def reserve(end, strategy="evolution"):
    return Reserve(
        SimpleNamespace(
            task=TASK,
            space=SPACE,
            objective=Objective("log_loss"),
            workers=1,
            budget=SimpleNamespace(seconds=60.0),
            demands=SimpleNamespace(closing_seconds=0.0),
            options=SimpleNamespace(strategy=strategy),
            end=end,
        )
    )


def trained(seconds=0.4):
    epochs = {"schedule_epochs": 4, "best_epochs": [4], "fold_epochs": [4]}
    data = {**epochs, "fold_seconds": [seconds]}
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


def test_after_the_ticks_of_a_one_shot_method_less_is_kept_for_the_winner():
    def kept(strategy):
        one = reserve(0.0, strategy)
        one.record(trained(seconds=100.0))
        return one.seconds

    assert kept("spos") == SHARE_AFTER_TICKS * 60.0 < kept("evolution") == stretch.SHARE * 60.0
