"""Where there is no time to train the finalists again, the search's own trainings are compared and joined."""

import dataclasses

import numpy as np
import pytest

from coeval.export import ensemble_final
from coeval.export import final as final_module
from coeval.export.final import Resources, make_final
from coeval.export.retrain import Rows, Stored, restored
from tests.evaluate.tasks import task_of
from tests.export.test_final import Kept, finalists_of


def test_without_time_for_a_contest_the_trainings_of_the_search_predict_together(monkeypatch):
    task, artifacts = task_of("wine"), Kept()
    task = dataclasses.replace(task, folds=task.folds[:1])
    finalists = finalists_of(task, 8, 16, 24, artifacts=artifacts)
    monkeypatch.setattr(final_module, "_compete", lambda *given: [])
    resources = Resources(task, together=True)
    final = make_final(finalists, resources, artifacts)
    assert {one.trial for one in final.trained} == {one.trial for one in finalists}
    assert {one.rows for one in final.trained} == {Rows.SEARCHED}
    assert final.rows is Rows.ALL
    assert all(one.repeats for one in final.finalists)
    monkeypatch.setattr(ensemble_final, "confidence_set", lambda *given: [0, 1, 2])
    together = ensemble_final.with_ensemble(final, finalists, resources, artifacts=artifacts)
    learnt = [one.rows for one in together.members]
    assert (learnt.count(Rows.ALL), learnt.count(Rows.SEARCHED)) == (1, 3)


def test_weights_of_another_architecture_are_no_member():
    task, artifacts = task_of("wine"), Kept()
    task = dataclasses.replace(task, folds=task.folds[:1])
    small, large = finalists_of(task, 8, 16, artifacts=artifacts)
    wrong = restored(Stored(task, small, artifacts.get(large.weights)))
    assert wrong.model is None
    assert not wrong.is_complete
    assert wrong.failure


@pytest.mark.parametrize(("share", "rows"), [(0.5, Rows.SEARCHED), (1.0, Rows.ALL)])
def test_a_refit_that_went_wrong_after_no_contest_gives_way_to_the_weights_of_the_search(
    share, rows
):
    task, artifacts = task_of("breast_cancer"), Kept()
    finalists = finalists_of(task, 8, artifacts=artifacts)

    def halfway(function, jobs):
        for job in jobs:
            found = function(job)
            told = np.where(found.selection > share, share, np.maximum(found.selection, 1 - share))
            yield dataclasses.replace(found, selection=told)

    final = make_final(finalists, Resources(task, rounds=0, mapped=halfway), artifacts)
    assert final.rows is rows
