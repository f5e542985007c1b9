"""From a search's trials to one model: with time, with little, and with none."""

import dataclasses
import math
import pickle
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from coeval.errors import ExportError
from coeval.evaluate.protocol import never_stop
from coeval.evaluate.training import TrainingEvaluator
from coeval.export import final as final_module
from coeval.export import stretch
from coeval.export.final import Resources, make_final
from coeval.export.finalists import choose_finalists, final_seconds
from coeval.export.retrain import (
    Retrained,
    Rows,
    predictions,
    retrain,
    row_indices,
)
from coeval.export.scoring import open_test
from coeval.export.selection import FinalistResult, finalists_floor, rank
from coeval.space.tabular import space_for
from coeval.task import memory
from coeval.task.task import Splits
from coeval.trial import Fidelity, Measurement, Objective, Proposal, State, Trial, finish
from tests.evaluate.tasks import Decoder, candidate, task_of


class Kept(dict):
    """Artifacts in a dictionary."""

    def put(self, arrays):
        digest = f"digest {len(self)}"
        self[digest] = arrays
        return digest

    def get(self, digest):
        return self[digest]


def objective(task):
    return Objective(task.metric.name, task.metric.maximise)


def searched(task, *candidates, artifacts=None):
    """Return the finished trials of some candidates."""
    evaluator = TrainingEvaluator(task, Decoder(), artifacts=artifacts)
    trials = [Trial(number, Proposal(one)) for number, one in enumerate(candidates)]
    found = dict(evaluator.evaluate(trials, never_stop))
    return [finish(trial, found[trial.number]) for trial in trials]


def finalists_of(task, *widths, artifacts=None, epochs=12):
    trials = searched(
        task, *(candidate(task, width=one, epochs=epochs) for one in widths), artifacts=artifacts
    )
    return choose_finalists(trials, Decoder(), objective(task))


def untrainable(finalist):
    """Return the finalist with a recipe that cannot be trained."""
    return dataclasses.replace(finalist, recipe=(("optimizer", "no such"), ("epochs", 4)))


def test_the_best_are_chosen_once_each_and_only_if_comparable():
    task = task_of("wine")
    one, two = candidate(task, width=8), candidate(task, width=16)

    def trial(number, proposal, score):
        state = State.DONE
        return Trial(number, proposal, state, Measurement(values={"log_loss": score}))

    trials = [
        trial(0, Proposal(one), 0.5),
        trial(1, Proposal(two), 0.3),
        trial(2, Proposal(two, repeat=1), 0.2),
        trial(3, Proposal(candidate(task, width=4), Fidelity(epochs=0.1)), 0.01),
        trial(4, Proposal(candidate(task, width=5)), math.nan),
    ]
    chosen = choose_finalists(trials, Decoder(), objective(task))
    assert [one.trial for one in chosen] == [1, 0]  # a repeat is no contender
    assert chosen[0].epochs == chosen[0].schedule_epochs == 8
    assert [one.trial for one in choose_finalists(trials, Decoder(), objective(task), 1)] == [1]


def test_the_best_network_trees_and_forest_are_among_the_finalists():
    task = task_of("wine")
    seeds = space_for(task, models="all").seeds()
    kinds = {"trees": (5, 6), "forest": (7,), "linear_model": (8,)}
    candidates = {number: seeds[name] for name, numbers in kinds.items() for number in numbers}
    slow = seeds["slow_trees"]

    def trial(number, score):
        tried = candidates.get(number) or candidate(task, width=4 + number)
        tried = slow if number == 6 else tried
        found = Measurement(values={"log_loss": score})
        return Trial(number, Proposal(tried), State.DONE, found)

    networks = [trial(number, 0.1 + number / 100) for number in range(5)]
    trees, forest = [trial(5, 0.9), trial(6, 0.7)], trial(7, 0.8)

    def numbers(trials, count=4):
        return [one.trial for one in choose_finalists(trials, Decoder(), objective(task), count)]

    assert numbers([*networks, *trees]) == [0, 1, 2, 6]
    assert numbers([*networks, *trees, forest]) == [0, 1, 6, 7]
    assert numbers([*networks, trial(5, 0.105)]) == [0, 5, 1, 2]
    assert numbers([*networks, trial(8, 0.95)]) == [0, 1, 2, 3]  # a linear model is no partner
    assert numbers(networks) == [0, 1, 2, 3]
    assert numbers([*networks, *trees], count=2) == [0, 1]
    assert numbers([*networks[:2], *trees]) == [0, 1, 6, 5]


@pytest.mark.parametrize("name", ["breast_cancer", "diabetes", "wine"])
def test_with_time_the_winner_is_refitted_on_everything_but_test(name):
    task = task_of(name)
    finalists = finalists_of(task, 8, 16)
    final = make_final(finalists, Resources(task))
    assert final.rows is Rows.ALL
    assert {one.trial for one in final.finalists} == {0, 1}
    assert all(len(one.repeats) == 2 for one in final.finalists)
    assert final.noise_floor.trainings == 4
    assert final.noise_floor.standard_deviation > 0
    chosen = next(one for one in finalists if one.trial == final.trial)
    assert final.epochs == chosen.epochs
    assert final.validation == chosen.validation
    assert "all rows but the test rows" in final.provenance
    opened = open_test(task, predictions(final.model, task, task.splits.test))
    baseline = 0.9 if name != "diabetes" else 70
    assert opened.test.value < baseline


def test_the_preparation_and_the_scale_come_from_the_rows_it_was_trained_on():
    task = task_of("diabetes")
    final = make_final(finalists_of(task, 8), Resources(task, rounds=1))
    rows = row_indices(task, Rows.ALL)
    assert final.model.mean == pytest.approx(task.target.values[rows].mean())
    assert len(rows) == task.table.rows - len(task.splits.test)
    assert not np.isin(task.splits.test, rows).any()


def test_test_rows_reach_neither_the_choice_nor_the_model():
    task = task_of("diabetes")
    values = task.target.values.copy()
    values[task.splits.test] = 1e6
    spoilt = dataclasses.replace(task, target=dataclasses.replace(task.target, values=values))
    finalists = finalists_of(task, 8, 12)
    clean, dirty = (make_final(finalists, Resources(one, rounds=1)) for one in (task, spoilt))
    assert clean.trial == dirty.trial
    for name, array in clean.model.weights.items():
        assert (array == dirty.model.weights[name]).all()


def test_selection_rows_only_serve_the_choice_until_the_refit():
    task = task_of("breast_cancer")
    (finalist,) = finalists_of(task, 8)
    job = Resources(task).job(finalist, Rows.KNOWN, 0)
    rows = row_indices(task, Rows.KNOWN)
    assert not np.isin(task.splits.selection, rows).any()
    assert retrain(job).selection.shape == (len(task.splits.selection), 2)


def test_the_same_seed_gives_the_same_model_here_and_from_a_folder_in_a_pool(tmp_path):
    task = task_of("wine")
    finalists = finalists_of(task, 8, 16)
    memory.save(task, tmp_path)
    here = make_final(finalists, Resources(task))
    with ThreadPoolExecutor(1) as pool:
        there = make_final(finalists, Resources(tmp_path, mapped=pool.map, workers=2))
    assert here.trial == there.trial
    assert here.finalists[0].repeats == there.finalists[0].repeats
    for name, array in here.model.weights.items():
        assert array == pytest.approx(there.model.weights[name])


def test_jobs_and_results_travel():
    task = task_of("wine")
    (finalist,) = finalists_of(task, 8)
    job = pickle.loads(pickle.dumps(Resources(task).job(finalist, Rows.ALL, 0)))
    result = pickle.loads(pickle.dumps(retrain(job)))
    assert result.is_complete
    assert result.model is not None


def test_without_time_the_weights_of_the_search_are_used_and_predict_the_same():
    task = task_of("breast_cancer")
    kept = Kept()
    finalists = finalists_of(task, 8, 16, artifacts=kept)
    over = Resources(task, deadline=time.monotonic() - 1)
    started = time.monotonic()
    final = make_final(finalists, over, kept)
    assert time.monotonic() - started < 1
    assert final.rows is Rows.SEARCHED
    assert final.trial == finalists[0].trial
    assert "with the weights of the search itself" in final.provenance
    rows = task.splits.validation
    found = task.metric.score(task.target.values[rows], predictions(final.model, task, rows), None)
    assert found == pytest.approx(final.validation, rel=1e-5)  # 64 bits here, 32 there
    assert final.selection is not None


def test_without_time_and_weights_it_is_trained_for_two_seconds_at_most():
    task = task_of("breast_cancer")
    (finalist,) = finalists_of(task, 8)
    long = dataclasses.replace(finalist, epochs=10**6, schedule_epochs=10**6)
    started = time.monotonic()
    final = make_final([long], Resources(task, deadline=started - 1))
    assert time.monotonic() - started < 4
    assert 0 < final.epochs < 10**6
    assert "stopped before its last epoch" in final.provenance


def test_with_time_for_one_only_the_first_finalist_competes():
    task = task_of("wine")
    finalists = [
        dataclasses.replace(one, epoch_seconds=0.5 / one.epochs * one.train_rows / 124)
        for one in finalists_of(task, 8, 16)
    ]
    final = make_final(finalists, Resources(task, deadline=time.monotonic() + 1.3, rounds=1))
    assert [one.trial for one in final.finalists] == [finalists[0].trial]
    assert final.rows is Rows.ALL


def test_with_no_time_for_the_refit_the_finalist_itself_is_the_model():
    task = task_of("wine")
    (finalist,) = finalists_of(task, 8)

    def slow(function, jobs):
        for job in jobs:
            yield function(job)
            if job.rows is Rows.KNOWN:
                time.sleep(max(0, deadline - time.monotonic()))

    deadline = time.monotonic() + 1.5
    final = make_final([finalist], Resources(task, deadline=deadline, rounds=1, mapped=slow))
    assert final.rows is Rows.KNOWN
    assert "train and validation rows" in final.provenance


def test_a_finalist_that_cannot_be_trained_leaves_the_place_to_the_next():
    task = task_of("wine")
    finalists = finalists_of(task, 8, 16)
    final = make_final([untrainable(finalists[0]), finalists[1]], Resources(task, rounds=1))
    assert final.trial == finalists[1].trial
    assert "no such" in final.finalists[0].failure


def test_a_refit_that_went_wrong_is_not_taken():
    task = task_of("breast_cancer")
    (finalist,) = finalists_of(task, 8)

    def spoil(function, jobs):
        for job in jobs:
            found = function(job)
            if job.rows is Rows.ALL:
                found = dataclasses.replace(found, selection=1 - found.selection)
            yield found

    final = make_final([finalist], Resources(task, rounds=1, mapped=spoil))
    assert final.rows is Rows.KNOWN


def test_no_selection_rows_means_the_best_on_validation_refitted():
    task = task_of("breast_cancer")
    none = np.zeros(0, dtype=np.intp)
    splits = Splits(
        task.splits.train,
        np.concatenate([task.splits.validation, task.splits.selection]),
        none,
        none,
    )
    task = dataclasses.replace(task, splits=splits, folds=((splits.train, splits.validation),))
    finalists = finalists_of(task, 8, 16)
    final = make_final(finalists, Resources(task))
    assert final.trial == finalists[0].trial
    assert final.selection is None
    assert final.finalists == ()
    assert final.rows is Rows.ALL
    assert len(row_indices(task, Rows.ALL)) == len(splits.train) + len(splits.validation)


def test_nothing_to_finish_is_said():
    with pytest.raises(ExportError, match="No trial succeeded"):
        make_final([], Resources(task_of("wine")))


def test_if_nothing_can_be_trained_the_reasons_are_told():
    task = task_of("wine")
    (finalist,) = finalists_of(task, 8)
    with pytest.raises(ExportError, match="no such"):
        make_final([untrainable(finalist)], Resources(task, rounds=1))


def test_the_estimate_is_near_what_it_takes():
    task = task_of("digits")
    finalists = finalists_of(task, 16, 32, epochs=32)
    estimate = final_seconds(finalists, task)
    final = make_final(finalists, Resources(task, rounds=1))
    assert estimate / 8 < final.seconds < 3 * estimate + 1
    assert final_seconds(finalists, task, workers=2) < estimate
    assert final_seconds([], task) == 0


def result(trial, validation, *repeats):
    return FinalistResult(trial, validation, repeats, 4, 1.0)


def test_selection_decides_only_what_its_rows_can_tell_apart():
    task = task_of("breast_cancer")
    first, second = finalists_of(task, 8, 16)
    targets = task.target.values[task.splits.selection]

    def trained(finalist, right):
        predictions = np.full((len(targets), 2), 1 - right)
        predictions[np.arange(len(targets)), targets] = right
        # one row apart from the rest, so that the difference has a spread
        predictions[0] = [0.5, 0.5] if finalist is first else [0.4, 0.6]
        return Retrained(finalist.trial, 0, Rows.KNOWN, None, 4, 1.0, predictions)

    clear = [trained(first, 0.6), trained(second, 0.9)]
    scores = [result(first.trial, 0.1, 0.51), result(second.trial, 0.2, 0.11)]
    assert rank([first, second], clear, scores, task)[0] is second
    close = [trained(first, 0.6), trained(second, 0.6)]
    scores = [result(first.trial, 0.1, 0.51), result(second.trial, 0.2, 0.5099)]
    assert rank([first, second], close, scores, task)[0] is first


def test_the_noise_floor_pools_what_was_repeated():
    found = finalists_floor([result(0, 0, 1.0, 3.0), result(1, 0, 5.0, 7.0), result(2, 0, 9.0)])
    assert found.standard_deviation == pytest.approx(math.sqrt(2))
    assert found.trainings == 4
    assert finalists_floor([result(0, 0, 1.0)]) is None


def test_an_heir_is_trained_again_from_scratch_and_without_lineage():
    task = task_of("wine")
    one = candidate(task, epochs=20)
    heir = {"parent": 0, "exact": True, "share": 1.0, "ripe": 0.6}
    measured = {"best_epochs": [2], "schedule_epochs": 5, "fold_epochs": [5], "fold_seconds": [1.0]}
    score = {task.metric.name: 0.1}

    def final(data, weights):
        found = Measurement(values=score, data=data, artifacts={"weights": weights})
        trials = [finish(Trial(1, Proposal(one, parent=0)), found)]
        (finalist,) = choose_finalists(trials, Decoder(), objective(task))
        return finalist, retrain(Resources(task).job(finalist, Rows.KNOWN, 0)).model

    finalist, model = final({**measured, "inherited": heir}, "the heir's")
    assert (finalist.epochs, finalist.schedule_epochs) == (12, 20)
    _, alone = final({**measured, "best_epochs": [12], "schedule_epochs": 20}, "its own")
    assert model.weights.keys() == alone.weights.keys()
    assert all((model.weights[name] == alone.weights[name]).all() for name in model.weights)


def test_on_a_huge_table_a_schedule_is_drawn_out_on_train_and_validation_rows(monkeypatch):
    monkeypatch.setattr(stretch, "ROWS", 50)
    task, artifacts = task_of("wine"), Kept()
    finalists = finalists_of(task, 8, artifacts=artifacts, epochs=2)
    final = make_final(finalists, Resources(task), artifacts)
    assert final.rows is Rows.KNOWN
    assert final.epochs == 2 * stretch.UNHURRIED
    assert final.selection is not None


def test_on_a_huge_table_a_long_training_that_made_it_worse_gives_way_to_the_search_s_weights(
    monkeypatch,
):
    monkeypatch.setattr(stretch, "ROWS", 50)
    monkeypatch.setattr(final_module, "has_lost", lambda after, before, task: before is not None)
    task, artifacts = task_of("wine"), Kept()
    finalists = finalists_of(task, 8, artifacts=artifacts, epochs=2)
    final = make_final(finalists, Resources(task), artifacts)
    assert final.rows is Rows.SEARCHED
    assert final.epochs == 2
