"""A network taught by an ensemble that exceeds the limits: where it is taken, and where the one that was there stays."""

import dataclasses
import time

import numpy as np
import pytest

from coeval.export import distil
from coeval.export.distil import with_student
from coeval.export.final import Resources, make_final
from coeval.export.retrain import Rows, predictions, retrain, row_indices
from tests.evaluate.tasks import task_of
from tests.export.test_ensemble_final import made, spread
from tests.export.test_final import Kept, finalists_of


@pytest.fixture(scope="module")
def diabetes():
    return made("diabetes", 8, 12)


def test_a_student_that_is_clearly_better_is_one_network_trained_on_all_rows(diabetes):
    task, finalists, final = diabetes
    found = with_student(spread(task, final), finalists, Resources(task))
    assert found.whole is found.model is not final.model
    assert found.trial == final.trial
    assert found.rows is Rows.ALL
    assert found.members == ()
    assert "distillation" in found.provenance
    assert predictions(found.whole, task, task.splits.test).shape == (len(task.splits.test),)


def test_classes_are_taught_by_probabilities():
    task, finalists, final = made("breast_cancer", 8, 12)
    found = with_student(spread(task, final, 4.0), finalists, Resources(task))
    assert "distillation" in found.provenance
    sums = predictions(found.whole, task, task.splits.test).sum(axis=1)
    assert np.allclose(sums, 1.0)


def test_a_student_that_is_not_clearly_better_is_not_taken(diabetes, monkeypatch):
    task, finalists, final = diabetes
    apart = spread(task, final)
    monkeypatch.setattr(distil, "_is_better", lambda *given: False)
    assert with_student(apart, finalists, Resources(task)) is apart


def test_without_time_or_without_an_ensemble_nothing_is_taught(diabetes):
    task, finalists, final = diabetes
    apart = spread(task, final)
    late = Resources(task, deadline=time.monotonic() - 1)
    assert with_student(apart, finalists, late) is apart
    worse = tuple(
        one if one.trial == final.trial else dataclasses.replace(one, selection=one.selection + 1e3)
        for one in final.trained
    )
    alone = dataclasses.replace(final, trained=worse)
    assert with_student(alone, finalists, Resources(task)) is alone


def test_where_the_search_predicted_rows_out_of_fold_those_predictions_teach(monkeypatch):
    task, artifacts, lessons = task_of("diabetes", folds=3), Kept(), []
    finalists = finalists_of(task, 8, 12, artifacts=artifacts)
    final = spread(task, make_final(finalists, Resources(task)))
    known = task.target.values[np.concatenate([judged for _, judged in task.folds])]
    rng = np.random.default_rng(1)
    for one in finalists:
        noisy = known + rng.normal(0, 60.0, len(known))
        artifacts[one.predictions] = {"predictions": noisy.astype(np.float32)}

    def kept(job):
        lessons.append(job)
        return retrain(job)

    monkeypatch.setattr(distil, "retrain", kept)
    found = with_student(final, finalists, Resources(task), artifacts)
    assert "out of fold" in found.provenance
    first = lessons[0]
    error = first.lesson - task.target.values[row_indices(task, first.rows)]
    assert 20.0 < error.std() < 60.0  # the mean of the two, not what networks say of rows they know
