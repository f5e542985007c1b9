"""Trials that continue others: pausing changes no bit of what is measured, and a lost checkpoint costs time only."""

from dataclasses import replace

import numpy as np
import pytest

from coeval.architecture.step import Architecture, sequence, step
from coeval.component.library import TABULAR
from coeval.evaluate.protocol import never_stop
from coeval.evaluate.training import TrainingEvaluator
from coeval.space.protocol import Candidate
from coeval.store.artifacts import MemoryArtifacts
from coeval.trial import Fidelity, Proposal, Reason, Trial, finish
from tests.evaluate.tasks import Decoder, candidate, task_of


def noisy(task, **recipe):
    """Return a candidate with dropout and batch normalisation: random draws and buffers."""
    steps = [
        step(TABULAR["numeric_entry"], 0),
        step(TABULAR["linear"], 1, width=16),
        step(TABULAR["batch_norm"], 2),
        step(TABULAR["relu"], 3),
        step(TABULAR["dropout"], 4, rate=0.25),
        step(TABULAR["class_head"], 5, classes=task.outputs),
    ]
    given = candidate(task, **recipe)
    network = Architecture(given.architecture.inputs, sequence(1, steps))
    return Candidate(
        tuple((name, network if name == "architecture" else part) for name, part in given.parts)
    )


def evaluated(evaluator, trial):
    ((_, found),) = evaluator.evaluate([trial], never_stop)
    return finish(trial, found)


def climb(evaluator, chosen, shares, numbers):
    """Return the trials of a candidate on rising rungs, each going on from the one before."""
    done = []
    for share, number in zip(shares, numbers, strict=True):
        kin = {done[-1].number: done[-1]} if done else {}
        proposal = Proposal(
            chosen, Fidelity(epochs=share), continues=done[-1].number if done else None
        )
        done.append(evaluated(evaluator, Trial(number, proposal, kin=kin)))
    return done


def same(one, other):
    """Return whether two measurements are equal but for what was spent."""
    data = ("best_epochs", "schedule_epochs", "fold_scores", "fold_epochs", "train_rows")
    weights = [name for name in one.artifacts if name.startswith("weights")]
    return (
        one.values == other.values
        and one.curve == other.curve
        and all(one.data[name] == other.data[name] for name in data)
        and weights
        and all(one.artifacts[name] == other.artifacts[name] for name in weights)
    )


@pytest.mark.parametrize("engine", ["eager", "compiled"])
@pytest.mark.parametrize("optimizer", ["adamw", "nadamw", "sgd"])
@pytest.mark.parametrize(("folds", "shares"), [(1, (1 / 9, 1 / 3, 1.0)), (3, (1 / 3, 1.0))])
def test_a_trial_on_rungs_measures_what_one_trained_in_one_go_measures(
    optimizer, folds, shares, engine
):
    task = task_of("wine", folds=folds)
    artifacts = MemoryArtifacts()
    evaluator = TrainingEvaluator(task, Decoder(), seed=5, artifacts=artifacts, engine=engine)
    chosen = noisy(task, optimizer=optimizer, epochs=9, schedule="cosine")
    *_, last = climb(evaluator, chosen, shares, [3, 11, 20][: len(shares)])
    whole = evaluated(evaluator, Trial(3, Proposal(chosen)))
    assert last.is_comparable
    assert same(last.measurement, whole.measurement)


def test_each_rung_pays_for_its_own_epochs_and_tells_of_all():
    task = task_of("breast_cancer", folds=2)
    evaluator = TrainingEvaluator(task, Decoder(), artifacts=MemoryArtifacts())
    rungs = climb(evaluator, candidate(task, epochs=9, lr=1e-3), (1 / 9, 1 / 3, 1.0), (0, 1, 2))
    found = [one.measurement for one in rungs]
    assert [one.cost["epochs"] for one in found] == [2, 4, 12]
    assert [one.data["spent_epochs"] for one in found] == [[1, 1], [2, 2], [6, 6]]
    assert [one.data["fold_epochs"] for one in found] == [[1, 1], [3, 3], [9, 9]]
    assert [len(one.curve["log_loss"]) for one in found] == [1, 3, 9]
    assert [one.data.get("continued_from") for one in found] == [None, 0, 1]
    assert found[2].data["fold_seconds"][0] > found[1].data["fold_seconds"][0]
    assert sorted(found[0].artifacts) == ["state", "state-1", "weights", "weights-1"]
    assert sorted(found[2].artifacts) == ["predictions", "weights", "weights-1"]


@pytest.mark.parametrize("lost", ["all", "none kept"])
def test_a_lost_checkpoint_is_trained_again_to_the_very_numbers(lost):
    task = task_of("wine")
    artifacts = MemoryArtifacts()
    evaluator = TrainingEvaluator(task, Decoder(), seed=1, artifacts=artifacts)
    chosen = noisy(task, epochs=9)
    paused, last = climb(evaluator, chosen, (1 / 3, 1.0), (4, 7))
    if lost == "all":
        artifacts.prune(())
    else:
        evaluator.artifacts = None
    again = evaluated(evaluator, Trial(9, last.proposal, kin={4: paused}))
    assert "checkpoint of trial 4 is gone" in again.measurement.data["from_scratch"]
    assert again.measurement.cost["epochs"] == 9
    assert again.measurement.values == last.measurement.values
    assert again.measurement.data["root"] == 4


def test_a_fold_without_a_checkpoint_is_trained_again_with_all_others():
    task = task_of("wine", folds=2)
    evaluator = TrainingEvaluator(task, Decoder(), artifacts=MemoryArtifacts())
    paused, last = climb(evaluator, noisy(task, epochs=9), (1 / 3, 1.0), (0, 1))
    kept = {k: v for k, v in paused.measurement.artifacts.items() if k != "state-1"}
    cut = replace(paused, measurement=replace(paused.measurement, artifacts=kept))
    again = evaluated(evaluator, Trial(1, last.proposal, kin={0: cut}))
    assert "checkpoint of trial 0 is gone" in again.measurement.data["from_scratch"]
    assert again.measurement.values == last.measurement.values


def test_a_chain_without_the_trial_that_it_continues_begins_anew():
    task = task_of("wine")
    evaluator = TrainingEvaluator(task, Decoder(), artifacts=MemoryArtifacts())
    found = evaluated(evaluator, Trial(6, Proposal(noisy(task), continues=2)))
    assert "trial 2 has no measurement" in found.measurement.data["from_scratch"]
    assert found.is_comparable


def test_training_that_gave_up_on_a_low_rung_costs_nothing_on_the_next():
    task = task_of("wine")
    evaluator = TrainingEvaluator(task, Decoder(), artifacts=MemoryArtifacts())
    chosen = candidate(task, epochs=90, lr=0.3, optimizer="sgd", schedule="constant")
    low, high = climb(evaluator, chosen, (0.9, 1.0), (0, 1))
    assert low.measurement.data["fold_epochs"][0] < 81
    assert high.measurement.cost["epochs"] == 0
    assert high.measurement.values == low.measurement.values


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"candidate": "other"}, "another candidate"),
        ({"fidelity": Fidelity(epochs=1 / 3, rows=0.5)}, "rows and width"),
        ({"fidelity": Fidelity(epochs=0.9)}, "epochs not fewer"),
    ],
)
def test_a_checkpoint_of_something_else_is_never_used(source, said):
    task = task_of("wine")
    evaluator = TrainingEvaluator(task, Decoder(), artifacts=MemoryArtifacts())
    chosen = noisy(task, epochs=9)
    if "candidate" in source:
        source = {"candidate": noisy(task, epochs=9, lr=1e-3), "fidelity": Fidelity(1 / 3)}
    before = evaluated(evaluator, Trial(0, replace(Proposal(chosen), **source)))
    proposal = Proposal(chosen, Fidelity(epochs=2 / 3), continues=0)
    found = evaluated(evaluator, Trial(1, proposal, kin={0: before})).measurement
    assert found.failure.reason is Reason.REFUSED
    assert said in found.failure.detail


def test_the_kept_weights_of_a_fold_are_of_its_own_training():
    task = task_of("wine", folds=2)
    artifacts = MemoryArtifacts()
    evaluator = TrainingEvaluator(task, Decoder(), artifacts=artifacts)
    found = evaluated(evaluator, Trial(0, Proposal(noisy(task, epochs=3)))).measurement
    first, second = (artifacts.get(found.artifacts[one]) for one in ("weights", "weights-1"))
    assert first.keys() == second.keys()
    assert not np.array_equal(first["1.weight"], second["1.weight"])
