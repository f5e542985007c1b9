"""Where there is no time to train the finalists again, the search's own trainings are compared and joined."""

import dataclasses

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
