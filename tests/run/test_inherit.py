"""Inheritance in a whole search: parents reach the evaluator, children say what they took, and a resume does the same."""

import functools

from coeval.evaluate.training import TrainingEvaluator
from coeval.run.budget import Budget
from coeval.run.search import search
from coeval.space.limits import Limits
from coeval.space.tabular import space_for
from coeval.store.memory import MemoryStore
from coeval.strategy.evolution import RegularisedEvolution
from coeval.trial import Objective
from tests.evaluate.tasks import task_of
from tests.evaluate.test_training import Kept

TASK = task_of("wine")
SPACE = space_for(TASK, effort=0.005, limits=Limits(length=8, parameters=5_000))
OBJECTIVE = Objective(TASK.metric.name, TASK.metric.maximise)


def searched(trials, store, kept):
    strategy = RegularisedEvolution(SPACE, OBJECTIVE, population=8, sample_size=4, warm_up=4)
    evaluator = TrainingEvaluator(TASK, SPACE, artifacts=kept, inherit="any", signals=False)
    return search(TASK, SPACE, strategy, evaluator, Budget(trials=trials), store=store)


def inherited(run):
    return {
        trial.number: trial.measurement.data["inherited"]
        for trial in run.trials
        if "inherited" in trial.measurement.data
    }


@functools.cache
def whole_search():
    return searched(18, MemoryStore(), Kept())


def test_children_inherit_from_the_parent_that_they_were_proposed_with():
    run = whole_search()
    found = inherited(run)
    assert found
    assert all(run.trials[number].proposal.parent is not None for number in found)
    for number, told in found.items():
        parent = run.trials[run.trials[number].proposal.parent]
        trained = parent.measurement.cached_from
        assert told["parent"] == (parent.number if trained is None else trained)
        assert 0 < told["share"] <= 1
        assert told["root"] not in found
    assert not any(trial.measurement.failure for trial in run.trials)


def test_a_resumed_search_inherits_the_same():
    whole = whole_search()
    store, kept = MemoryStore(), Kept()
    searched(11, store, kept)
    resumed = searched(18, store, kept)
    assert inherited(resumed) == inherited(whole)
    assert [t.measurement.values for t in resumed.trials] == [
        t.measurement.values for t in whole.trials
    ]
