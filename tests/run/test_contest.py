"""The default network for images stands in the contest of finalists, and on the test split as that trained it."""

from types import SimpleNamespace

import numpy as np
import pytest

from coeval.evaluate.baselines import BaselineResult
from coeval.export.finalists import choose_finalists
from coeval.export.retrain import Rows
from coeval.run import contest
from coeval.run.constraints import Constraints
from coeval.run.contest import equally_trained, with_default
from coeval.run.pool import Here
from coeval.run.rivals import Rival
from coeval.run.run import Run
from coeval.seed import generator
from coeval.space.for_task import space_for
from coeval.trial import Limit, Measurement, Objective, Proposal, State, Trial
from tests.task.pictures import picture_task

LOSS = Objective("log_loss")
TASK = picture_task(side=12)
SPACE = space_for(TASK, preset="nasbench201")
KNOWN = [Rival(BaselineResult("constant", "majority class")), Rival(BaselineResult("default_resnet", "short"))]  # fmt: skip


def site(*limits, workers=2):
    demands = SimpleNamespace(constraints=Constraints(limits))
    folder = SimpleNamespace(cache=None)
    return SimpleNamespace(
        task=TASK, space=SPACE, objective=LOSS, workers=workers, demands=demands, folder=folder
    )


def trial(number, candidate, origin, loss):
    proposal = Proposal(candidate, origin=origin)
    return Trial(number, proposal, State.DONE, Measurement(values={"log_loss": loss}))


@pytest.fixture
def run():
    drawn = [SPACE.sample(generator(0, n)) for n in range(4)]
    seed = trial(0, SPACE.seeds()["resnet"], "seed:resnet", 0.9)
    others = [trial(1 + n, one, "evolution", 0.1 * (1 + n)) for n, one in enumerate(drawn)]
    return Run((seed, *others), LOSS, "trials", 1.0)


def numbers(run, site):
    finalists = choose_finalists(run.trials, SPACE, LOSS, 3)
    return [one.trial for one in with_default(site, run, finalists)]


def test_the_default_network_stands_second(run):
    assert numbers(run, site()) == [1, 0, 2, 3]


def test_one_worker_trains_the_best_alone(run):
    assert numbers(run, site(workers=1)) == [1, 2, 3]


def test_under_limits_the_default_network_may_be_no_member(run):
    assert numbers(run, site(Limit("parameters", 1e9))) == [1, 2, 3]


def trained(number, *, is_complete=True, rows=Rows.KNOWN):
    return SimpleNamespace(
        trial=number, model="model", is_complete=is_complete, rows=rows, epochs=40
    )


def standing(run, *found, winner=1):
    final = SimpleNamespace(trained=found, rows=Rows.KNOWN, trial=winner, model="found")
    return equally_trained(site(), run, Here(), final, KNOWN)


def test_it_meets_the_test_split_as_the_contest_trained_it(run, monkeypatch):
    monkeypatch.setattr(contest, "predict", lambda model, source: np.ones(3))
    constant, own = standing(run, trained(1), trained(0))
    assert constant is KNOWN[0]
    assert own.result.name == "default_resnet"
    assert own.result.label == "default network (resnet)"
    assert own.result.detail == "trained for 40 epochs"
    assert own.predictions.tolist() == [1, 1, 1]


def test_unless_it_was_cut_short_or_learnt_from_other_rows(run):
    assert standing(run, trained(1)) == KNOWN
    assert standing(run, trained(0, is_complete=False)) == KNOWN
    assert standing(run, trained(0, rows=Rows.ALL)) == KNOWN


def test_where_it_won_it_is_what_was_found(run, monkeypatch):
    monkeypatch.setattr(contest, "predict", lambda model, source: np.array([model == "found"]))
    constant, own = standing(run, winner=0)
    assert constant is KNOWN[0]
    assert own.result.detail == "the search found nothing better"
    assert own.predictions.tolist() == [True]
