"""From the trainings of a contest to an ensemble: what is taken, refitted, said, and what is left alone."""

import dataclasses
import math
import time

import numpy as np
import pytest

from coeval.export.ensemble_final import with_ensemble
from coeval.export.final import Resources, make_final
from coeval.export.retrain import Rows, predictions, row_indices
from coeval.export.selection import selection_score
from tests.evaluate.tasks import task_of
from tests.export.test_final import Kept, finalists_of


def made(name, *widths, folds=1, **resources):
    task = task_of(name, folds=folds)
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


def test_members_that_correct_each_other_are_taken(diabetes):
    task, finalists, final = diabetes
    apart = spread(task, final)
    found = with_ensemble(apart, finalists, Resources(task))
    assert len(found.members) == len(found.ensemble.members) > 1
    assert sum(one.weight for one in found.members) == pytest.approx(1.0)
    assert tuple(one.weight for one in found.members) == found.ensemble.weights
    assert found.whole is found.ensemble
    assert found.model is found.ensemble.first
    assert found.trial == found.members[0].trial
    assert "The mean of 2 finalists" in found.provenance
    assert predictions(found.whole, task, task.splits.test).shape == (len(task.splits.test),)


def test_the_winners_refit_and_the_trainings_of_the_contest_are_members(diabetes):
    task, finalists, final = diabetes
    found = with_ensemble(spread(task, final), finalists, Resources(task))
    refits = [one for one in found.members if one.rows is Rows.ALL]
    assert [one.trial for one in refits] == [final.trial]
    assert found.ensemble.members[found.members.index(refits[0])] is final.model
    contest = {(one.trial, one.repeat) for one in found.members if one.rows is Rows.KNOWN}
    assert contest == {(one.trial, one.repeat) for one in final.trained}
    for trial in {one.trial for one in found.members}:
        assert len({one.weight for one in found.members if one.trial == trial}) == 1


def test_the_unseen_ensemble_has_not_learnt_from_the_selection_rows(diabetes):
    task, finalists, final = diabetes
    found = with_ensemble(spread(task, final), finalists, Resources(task))
    known = task.target.values[row_indices(task, Rows.KNOWN)].mean()
    assert all(one.mean == pytest.approx(known) for one in found.unseen.members)
    assert len(found.unseen.members) == len(final.trained)


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


def test_who_breaks_the_limits_beside_the_best_leaves_the_others_to_predict_together():
    task, finalists, final = made("diabetes", 8, 12, 16)
    apart = spread(task, final)
    heavy = next(one.trial for one in finalists if one.trial != final.trial)
    found = with_ensemble(
        apart,
        finalists,
        Resources(task),
        lambda members: heavy not in [one.trial for one in members],
    )
    trials = {one.trial for one in found.members}
    assert trials == {one.trial for one in finalists} - {heavy}


def test_who_is_clearly_worse_stays_out(diabetes):
    task, finalists, final = diabetes
    other = next(one.trial for one in finalists if one.trial != final.trial)
    spoilt = tuple(
        dataclasses.replace(one, selection=one.selection + 1e3) if one.trial == other else one
        for one in final.trained
    )
    worse = dataclasses.replace(final, trained=spoilt)
    assert with_ensemble(worse, finalists, Resources(task)) is worse


def told(task, final, selection, seed=0):
    """Return the final model as if its trainings erred so much on the selection rows: the winner's, and the others'."""
    known, rng = task.target.values[task.splits.selection], np.random.default_rng(seed)
    trained = tuple(
        dataclasses.replace(
            one, selection=known + rng.normal(0, selection[one.trial != final.trial], len(known))
        )
        for one in final.trained
    )
    return dataclasses.replace(final, trained=trained)


@pytest.mark.parametrize(
    ("searched", "selection"),
    [((30, 30), (30, 300)), ((30, 300), (30, 30))],
)
def test_who_is_level_on_the_searchs_rows_or_on_the_selection_rows_is_in_it(
    diabetes, monkeypatch, searched, selection
):
    task, finalists, final = diabetes
    monkeypatch.setattr("coeval.export.ensemble_final.are_few", lambda task: True)
    known, rng = task.target.values[task.judged], np.random.default_rng(0)
    kept = {}
    for one in finalists:
        noise = rng.normal(0, searched[one.trial != final.trial], len(known))
        kept[str(one.trial)] = {"predictions": known + noise}
    named = [dataclasses.replace(one, predictions=str(one.trial)) for one in finalists]
    made_up = told(task, final, selection)
    found = with_ensemble(made_up, named, Resources(task), artifacts=Kept(kept))
    assert {one.trial for one in found.members} == {one.trial for one in finalists}
    # What it is worth is told of those alone that the selection rows had no say in.
    is_out = searched[1] > 30
    trained = [one for one in made_up.trained if one.trial == final.trial or not is_out]
    mean = np.mean([one.selection for one in trained], axis=0)
    assert found.selection == pytest.approx(selection_score(task, mean))


def test_of_few_rows_the_weights_that_held_out_rows_ask_for_are_taken_half(diabetes, monkeypatch):
    task, finalists, final = diabetes
    made_up = told(task, final, (30, 60))

    def share(is_few):
        monkeypatch.setattr("coeval.export.ensemble_final.are_few", lambda task: is_few)
        found = with_ensemble(made_up, finalists, Resources(task))
        return sum(one.weight for one in found.members if one.trial == final.trial)

    assert 0.5 < share(is_few=False) < 1
    assert share(is_few=True) == pytest.approx((share(is_few=False) + 1) / 2)


def test_of_few_rows_none_is_calibrated():
    task, finalists, final = made("breast_cancer", 8, 12, folds=3)
    assert (
        with_ensemble(too_sure(task, final), finalists, Resources(task)).ensemble.temperature == 1.0
    )


def test_without_a_contest_nothing_changes():
    task, finalists, final = made("wine", 8, rounds=0)
    assert with_ensemble(final, finalists, Resources(task)) is final


def test_without_time_for_the_choice_nothing_changes(diabetes):
    task, finalists, final = diabetes
    apart = spread(task, final)
    over = Resources(task, deadline=time.monotonic() - 1)
    assert with_ensemble(apart, finalists, over) is apart


def too_sure(task, final):
    """Return the final model as if its trainings were certain of everything, and wrong of a fifth."""
    rng = np.random.default_rng(0)
    known = task.target.values[task.splits.selection]
    right = np.where(rng.random(len(known)) < 0.8, known, 1 - known)
    sure = np.where(np.eye(2)[right] == 1, 1 - 1e-6, 1e-6)
    return dataclasses.replace(
        final, trained=tuple(dataclasses.replace(one, selection=sure) for one in final.trained)
    )


def test_a_model_that_is_too_sure_is_calibrated(cancer):
    task, finalists, final = cancer
    over = too_sure(task, final)
    found = with_ensemble(over, finalists, Resources(task), lambda members: len(members) < 2)
    assert {one.trial for one in found.members} == {final.trial}
    assert found.ensemble.temperature > 5
    assert found.model is final.model
    assert found.rows is final.rows
    assert found.provenance.startswith(final.provenance)
    assert "logits are divided by" in found.provenance
    plain = predictions(
        dataclasses.replace(found.ensemble, temperature=1.0), task, task.splits.test
    )
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


def test_where_the_limits_have_room_for_one_network_of_each_one_of_each_is_taken(diabetes):
    task, finalists, final = diabetes
    apart = spread(task, final)
    found = with_ensemble(apart, finalists, Resources(task), lambda members: len(members) <= 2)
    assert sorted(one.trial for one in found.members) == sorted(one.trial for one in finalists)
    assert any(one is final.model for one in found.ensemble.members)
