"""Proxy tasks of the training evaluator: no epochs at all, fewer rows, narrower copies."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.evaluate.folds import prepare_fold
from coeval.evaluate.protocol import never_stop
from coeval.evaluate.training import TrainingEvaluator
from coeval.evaluate.zero_cost import SIGNALS
from coeval.store.serial import measurement_from_json, measurement_to_json
from coeval.strategy.objectives import Objectives
from coeval.trial import Fidelity, Objective, Proposal, State, Trial, best, finish
from tests.evaluate.tasks import Decoder, candidate, task_of
from tests.evaluate.test_training import Kept, measure


def test_every_trial_says_what_its_untrained_network_scored():
    task = task_of("breast_cancer")
    found = measure(task, Proposal(candidate(task, epochs=2)))
    assert tuple(found.data["signals"]) == SIGNALS
    without = measure(task, Proposal(candidate(task, epochs=2)), signals=False)
    assert "signals" not in without.data
    assert without.values == found.values


def test_a_trial_of_no_epochs_measures_signals_and_nothing_else():
    task = task_of("breast_cancer")
    kept = Kept()
    given = candidate(task, epochs=8)
    found = measure(task, Proposal(given, Fidelity(epochs=0.0)), artifacts=kept)
    trained = measure(task, Proposal(given))
    assert found.failure is None
    assert found.values == {}
    assert found.curve == {}
    assert not kept
    assert found.cost["epochs"] == 0
    assert found.data["signals"] == trained.data["signals"]
    for name in ("parameters", "macs", "memory_bytes"):
        assert found.cost[name] == trained.cost[name]


def test_a_trial_of_no_epochs_is_finished_but_never_compared():
    task = task_of("wine")
    asked = Trial(0, Proposal(candidate(task), Fidelity(epochs=0.0)))
    trial = finish(asked, measure(task, asked.proposal))
    objective = Objective(task.metric.name)
    assert trial.state is State.DONE
    assert not trial.is_comparable
    assert best([trial], objective) is None
    assert not Objectives(objective).is_judged(trial)
    assert not Objectives(objective).is_measured(trial)
    assert Objectives(objective).best([trial]) is None
    assert measurement_from_json(measurement_to_json(trial.measurement)) == trial.measurement


def test_a_trial_may_go_on_from_one_of_no_epochs_and_is_then_trained_from_scratch():
    task = task_of("wine")
    given = candidate(task, epochs=4)
    first = finish(
        Trial(3, Proposal(given, Fidelity(epochs=0.0))),
        measure(task, Proposal(given, Fidelity(epochs=0.0)), 3),
    )
    found = measure_with_kin(task, Proposal(given, continues=3), 9, first)
    whole = measure(task, Proposal(given), 3)
    assert found.values == whole.values
    assert found.data["signals"] == first.measurement.data["signals"]


def measure_with_kin(task, proposal, number, kin):
    trial = Trial(number, proposal, kin={kin.number: kin})
    evaluator = TrainingEvaluator(task, Decoder(), artifacts=Kept())
    ((_, found),) = evaluator.evaluate([trial], never_stop)
    return found


def test_a_narrower_copy_is_trained_and_costs_what_it_has():
    task = task_of("breast_cancer")
    whole = measure(task, Proposal(candidate(task, width=64)))
    found = measure(task, Proposal(candidate(task, width=64), Fidelity(width=0.25)))
    same = measure(task, Proposal(candidate(task, width=16)))
    assert found.failure is None
    assert found.values == same.values
    assert found.cost["parameters"] == same.cost["parameters"] < whole.cost["parameters"] / 3


@pytest.mark.parametrize("name", ["wine", "diabetes"])
def test_a_share_of_the_rows_is_the_same_whenever_it_is_drawn(name):
    task = task_of(name)
    few = prepare_fold(task, (), 0, share=1 / 3, seed=7)
    again = prepare_fold(task, (), 0, share=1 / 3, seed=7)
    other = prepare_fold(task, (), 0, share=1 / 3, seed=8)
    np.testing.assert_array_equal(few.train_index, again.train_index)
    assert set(few.train_index) != set(other.train_index)
    assert set(few.train_index) <= set(task.folds[0][0])
    np.testing.assert_array_equal(few.judged_index, task.folds[0][1])


@given(st.integers(0, 1000), st.sampled_from([1 / 9, 1 / 3, 0.5]))
@settings(max_examples=25, deadline=None)
def test_a_share_of_the_rows_keeps_each_class_s_share(seed, share):
    task = task_of("wine")
    train = task.folds[0][0]
    few = prepare_fold(task, (), 0, share=share, seed=seed).train_index
    assert len(few) == round(share * len(train))
    whole, kept = (np.bincount(task.target.values[rows], minlength=3) for rows in (train, few))
    assert (np.abs(kept - whole * len(few) / len(train)) <= 1).all()


def test_a_share_of_the_rows_keeps_the_quantiles_of_the_target():
    task = task_of("diabetes")
    few = prepare_fold(task, (), 0, share=1 / 3, seed=3).train_index
    quantiles = [0.1, 0.5, 0.9]
    found, whole = (
        np.quantile(task.target.values[rows], quantiles) for rows in (few, task.folds[0][0])
    )
    assert found == pytest.approx(whole, abs=8)  # of 77 in standard deviation
