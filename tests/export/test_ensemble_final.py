"""From the trainings of a contest to an ensemble: what is taken, refitted, said, and what is left alone."""

import dataclasses
import math
import time

import numpy as np
import pytest

from coeval.export.ensemble_final import with_ensemble
from coeval.export.final import Resources, make_final
from coeval.export.retrain import Rows, predictions, row_indices
from tests.evaluate.tasks import task_of
from tests.export.test_final import Kept, finalists_of, untrainable


def made(name, *widths, **resources):
    task = task_of(name)
    finalists = finalists_of(task, *widths)
    return task, finalists, make_final(finalists, Resources(task, **resources))


def spread(task, final, noise=None):
    """Return the final model as if its trainings erred independently of each other: their mean is clearly better.

    They err more than they did, so that no refit looks as if it had gone wrong.
    """
    rng = np.random.default_rng(0)
    known = task.target.values[task.splits.selection]
    spread_ones = []
    for one in final.trained:
        if task.target.classes:
            logits = np.eye(len(task.target.classes))[known] * 2.0
            logits = logits + rng.normal(0, 1.5 if noise is None else noise, logits.shape)
            powers = np.exp(logits)
            found = powers / powers.sum(axis=1, keepdims=True)
        else:
            found = known + rng.normal(0, 90.0 if noise is None else noise, len(known))
        spread_ones.append(dataclasses.replace(one, selection=found))
    return dataclasses.replace(final, trained=tuple(spread_ones))


@pytest.fixture(scope="module")
def diabetes():
    return made("diabetes", 8, 12)


@pytest.fixture(scope="module")
def cancer():
    return made("breast_cancer", 8, 12)


def test_members_that_correct_each_other_are_taken_and_refitted(diabetes):
    task, finalists, final = diabetes
    apart = spread(task, final)
    found = with_ensemble(apart, finalists, Resources(task))
    assert len(found.members) == len(found.ensemble.members) > 1
    assert sum(one.weight for one in found.members) == pytest.approx(1.0)
    assert [one.weight for one in found.members] == sorted(found.ensemble.weights, reverse=True)
    assert {one.rows for one in found.members} == {Rows.ALL} == {found.rows}
    scale = task.target.values[row_indices(task, Rows.ALL)].mean()
    assert all(one.mean == pytest.approx(scale) for one in found.ensemble.members)
    assert found.whole is found.ensemble
    assert found.model is found.ensemble.first
    assert found.trial == found.members[0].trial
    assert found.selection < apart.selection
    assert "weighted mean of" in found.provenance
    assert "each trained from scratch on all rows but the test rows" in found.provenance
    assert predictions(found.whole, task, task.splits.test).shape == (len(task.splits.test),)


def test_the_unseen_ensemble_has_not_learnt_from_the_selection_rows(diabetes):
    task, finalists, final = diabetes
    found = with_ensemble(spread(task, final), finalists, Resources(task))
    known = task.target.values[row_indices(task, Rows.KNOWN)].mean()
    assert all(one.mean == pytest.approx(known) for one in found.unseen.members)
    assert found.unseen.weights == found.ensemble.weights


def test_the_winners_refit_is_used_and_the_others_stay_where_time_is_out(diabetes):
    task, finalists, final = diabetes
    late = Resources(task, deadline=time.monotonic() + 0.5)
    slow = [dataclasses.replace(one, epoch_seconds=1e4) for one in finalists]
    found = with_ensemble(spread(task, final), slow, late)
    rows = {(one.trial, one.repeat): one.rows for one in found.members}
    assert rows.pop((final.trial, 0), Rows.ALL) is Rows.ALL
    assert set(rows.values()) == {Rows.KNOWN}
    assert found.rows is Rows.KNOWN
    assert "of them again on all rows" in found.provenance


def test_a_refit_that_fails_leaves_the_member_as_it_was(diabetes):
    task, finalists, final = diabetes
    found = with_ensemble(
        spread(task, final), [untrainable(one) for one in finalists], Resources(task)
    )
    rows = {(one.trial, one.repeat): one.rows for one in found.members}
    rows.pop((final.trial, 0), None)
    assert set(rows.values()) == {Rows.KNOWN}


def test_an_ensemble_over_the_users_limits_is_not_taken(diabetes):
    task, finalists, final = diabetes
    asked = []

    def allowed(members):
        asked.append([one.trial for one in members])
        return False

    apart = spread(task, final)
    assert with_ensemble(apart, finalists, Resources(task), allowed) is apart
    assert asked
    assert all(len(one) > 1 for one in asked)


def test_who_breaks_the_limits_beside_the_best_leaves_the_others_to_predict_together(diabetes):
    task, finalists, final = diabetes
    apart = spread(task, final)
    free = with_ensemble(apart, finalists, Resources(task))
    heavy = next(one.trial for one in free.members if one.trial != final.trial)
    found = with_ensemble(
        apart,
        finalists,
        Resources(task),
        lambda members: heavy not in [one.trial for one in members],
    )
    assert heavy not in [one.trial for one in found.members]
    assert len(found.members) > 1


def test_copies_bring_nothing_so_the_best_stays(diabetes):
    task, finalists, final = diabetes
    same = final.trained[0].selection
    copies = tuple(dataclasses.replace(one, selection=same) for one in final.trained)
    alike = dataclasses.replace(final, trained=copies)
    assert with_ensemble(alike, finalists, Resources(task)) is alike


def test_what_the_search_predicted_decides_where_the_selection_rows_say_nothing(diabetes):
    task, finalists, final = diabetes
    rng = np.random.default_rng(0)
    same = final.trained[0].selection
    alike = dataclasses.replace(
        final, trained=tuple(dataclasses.replace(one, selection=same) for one in final.trained)
    )
    known = task.target.values[np.concatenate([judged for _, judged in task.folds])]
    named = [dataclasses.replace(one, predictions=str(one.trial)) for one in finalists]
    apart = {
        one.predictions: {"predictions": known + rng.normal(0, 60.0, len(known))} for one in named
    }
    kept = Kept(apart)
    assert with_ensemble(alike, named, Resources(task)) is alike
    found = with_ensemble(alike, named, Resources(task), artifacts=kept)
    assert {one.trial for one in found.members} == {one.trial for one in finalists}
    assert "on the rows held out in the search and the selection rows" in found.provenance


def test_without_a_contest_nothing_changes():
    task, finalists, final = made("wine", 8, rounds=0)
    assert with_ensemble(final, finalists, Resources(task)) is final


def test_without_time_for_the_choice_nothing_changes(diabetes):
    task, finalists, final = diabetes
    apart = spread(task, final)
    over = Resources(task, deadline=time.monotonic() - 1)
    assert with_ensemble(apart, finalists, over) is apart


def test_a_model_that_is_too_sure_is_calibrated_and_stays_single(cancer):
    task, finalists, final = cancer
    rng = np.random.default_rng(0)
    known = task.target.values[task.splits.selection]
    right = np.where(rng.random(len(known)) < 0.8, known, 1 - known)
    sure = np.where(np.eye(2)[right] == 1, 1 - 1e-6, 1e-6)
    over = dataclasses.replace(
        final, trained=tuple(dataclasses.replace(one, selection=sure) for one in final.trained)
    )
    found = with_ensemble(over, finalists, Resources(task))
    assert len(found.members) == 1
    assert found.ensemble.temperature > 5
    assert found.model is final.model
    assert found.rows is final.rows
    assert found.provenance.startswith(final.provenance)
    assert "logits are divided by" in found.provenance
    plain = predictions(final.model, task, task.splits.test)
    softer = predictions(found.whole, task, task.splits.test)
    assert softer.max() < plain.max()
    assert (softer.argmax(axis=1) == plain.argmax(axis=1)).all()


def test_real_trainings_of_classes_give_finite_shares(cancer):
    task, finalists, final = cancer
    found = with_ensemble(spread(task, final), finalists, Resources(task))
    assert found.ensemble is not None
    shares = predictions(found.whole, task, task.splits.test)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    assert not math.isnan(found.selection)


def test_test_rows_reach_nothing(diabetes):
    task, finalists, final = diabetes
    values = task.target.values.copy()
    values[task.splits.test] = 1e6
    spoilt = dataclasses.replace(task, target=dataclasses.replace(task.target, values=values))
    apart = spread(task, final)
    clean, dirty = (with_ensemble(apart, finalists, Resources(one)) for one in (task, spoilt))
    assert clean.members == dirty.members
    for one, other in zip(clean.ensemble.members, dirty.ensemble.members, strict=True):
        assert all((one.weights[name] == other.weights[name]).all() for name in one.weights)
