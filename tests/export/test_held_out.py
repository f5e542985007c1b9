"""What trainings predict for rows that they have not learnt from."""

import dataclasses

import numpy as np
import pytest

from coeval.export.final import Resources, make_final
from coeval.export.finalists import choose_finalists
from coeval.export.held_out import held_out, held_out_rows
from coeval.export.retrain import Rows, predictions, restore
from tests.evaluate.tasks import Decoder, candidate, task_of
from tests.export.test_final import Kept, objective, searched


@pytest.fixture(scope="module", params=[1, 3])
def contest(request):
    task, kept = task_of("wine", folds=request.param), Kept()
    trials = searched(task, *(candidate(task, width=one) for one in (8, 12)), artifacts=kept)
    finalists = choose_finalists(trials, Decoder(), objective(task))
    return task, kept, finalists, make_final(finalists, Resources(task, rounds=1)).trained


def test_each_training_is_known_on_all_judged_rows_and_the_selection_rows(contest):
    task, kept, finalists, trained = contest
    found = held_out(trained, finalists, task, kept)
    rows = held_out_rows(task)
    assert len(rows) == len(np.unique(rows))
    assert not np.isin(rows, task.splits.test).any()
    assert len(found) == len(trained) == 2
    for one, given in zip(trained, found, strict=True):
        assert given.shape == (len(rows), len(task.target.classes))
        np.testing.assert_array_equal(given[-len(task.splits.selection) :], one.selection)


def test_the_searchs_part_scores_as_the_trial_did(contest):
    task, kept, finalists, trained = contest
    judged = held_out_rows(task)[: -len(task.splits.selection)]
    by_trial = {one.trial: one for one in finalists}
    for one, given in zip(trained, held_out(trained, finalists, task, kept), strict=True):
        score = task.metric.score(task.target.values[judged], given[: len(judged)], None)
        assert score == pytest.approx(by_trial[one.trial].validation, rel=1e-5)


def test_the_first_folds_part_is_what_its_stored_network_predicts(contest):
    task, kept, finalists, trained = contest
    (first, *_), (given, *_) = trained, held_out(trained, finalists, task, kept)
    finalist = next(one for one in finalists if one.trial == first.trial)
    again = restore(task, finalist, kept.get(finalist.weights))
    judged = task.folds[0][1]
    assert again.rows is Rows.SEARCHED
    expected = predictions(again.model, task, judged)
    np.testing.assert_allclose(given[: len(judged)], expected, atol=1e-4)


def test_without_what_one_of_them_predicted_there_is_nothing(contest):
    task, kept, finalists, trained = contest
    less = [dataclasses.replace(finalists[0], predictions=""), *finalists[1:]]
    assert held_out(trained, less, task, kept) is None
    gone = [dataclasses.replace(finalists[0], predictions="gone"), *finalists[1:]]
    assert held_out(trained, gone, task, kept) is None
    assert held_out(trained, finalists, task, None) is None


def test_predictions_for_another_number_of_rows_are_not_taken(contest):
    task, _, finalists, trained = contest
    other = Kept({one.predictions: {"predictions": np.zeros((5, 3))} for one in finalists})
    assert held_out(trained, finalists, task, other) is None


def test_a_finalist_that_was_not_trained_is_not_missed(contest):
    task, kept, finalists, trained = contest
    less = [finalists[0], dataclasses.replace(finalists[1], predictions="")]
    only = [one for one in trained if one.trial == finalists[0].trial]
    assert len(held_out(only, less, task, kept)) == 1
