"""What was chosen is trained several times, and the mean is taken."""

import time
from dataclasses import replace

import numpy as np
import pytest

from coeval.export.ensemble_final import with_ensemble
from coeval.export.final import Resources, make_final
from coeval.export.finalists import choose_finalists
from coeval.export.retrain import Rows, predictions
from coeval.export.seeds import NETWORKS, SEEDS, with_seeds
from coeval.space.tabular import space_for
from tests.evaluate.tasks import Decoder, task_of
from tests.export.test_ensemble_final import spread
from tests.export.test_final import finalists_of, objective, searched, untrainable


@pytest.fixture(scope="module")
def wine():
    task = task_of("wine", folds=3)
    finalists = finalists_of(task, 8, 12, epochs=8)
    return task, finalists, make_final(finalists, Resources(task, rounds=1))


@pytest.fixture(scope="module")
def several(wine):
    task, finalists, final = wine
    return with_seeds(final, finalists, Resources(task))


def test_a_single_winner_is_trained_under_four_seeds_with_equal_shares(wine, several):
    _, _, final = wine
    assert [one.trial for one in several.members] == [final.trial] * SEEDS
    assert [one.repeat for one in several.members] == [0, 1, 2, 3]
    assert {one.weight for one in several.members} == {1 / SEEDS}
    assert {one.rows for one in several.members} == {Rows.ALL} == {several.rows}
    assert several.model is final.model is several.ensemble.members[0]
    assert several.trial == final.trial
    assert several.selection == final.selection
    assert several.provenance.startswith(final.provenance)
    assert (
        "In all 4 trainings under different seeds predict together, 4 of them" in several.provenance
    )


def test_the_trainings_differ_and_their_mean_is_predicted(wine, several):
    task, _, _ = wine
    rows = task.splits.test
    each = [predictions(one, task, rows) for one in several.ensemble.members]
    assert all((one != each[0]).any() for one in each[1:])
    np.testing.assert_allclose(
        predictions(several.whole, task, rows), np.mean(each, axis=0), atol=1e-6
    )


def test_members_of_an_ensemble_share_the_networks_there_may_be():
    task = task_of("diabetes", folds=3)
    finalists = finalists_of(task, 8, 9, 10, 11, 12, epochs=2)
    final = make_final(finalists, Resources(task, together=True))
    whole = with_ensemble(spread(task, final), finalists, Resources(task))
    assert len({one.trial for one in whole.members}) == len(finalists)
    found = with_seeds(whole, finalists, Resources(task))
    assert len(found.members) == NETWORKS == len(found.ensemble.members)
    keys = {(one.trial, one.repeat, one.rows) for one in found.members}
    assert len(keys) == len(found.members)
    assert sum(one.weight for one in found.members) == pytest.approx(1.0)
    for trial in {one.trial for one in whole.members}:
        own = [one for one in found.members if one.trial == trial]
        assert 2 <= len(own) <= SEEDS
        assert {Rows.KNOWN, Rows.ALL} == {one.rows for one in own}
        share = sum(one.weight for one in whole.members if one.trial == trial)
        assert sum(one.weight for one in own) == pytest.approx(share)
    weights = [one.weight for one in found.members]
    assert weights == sorted(weights, reverse=True) == list(found.ensemble.weights)
    assert found.trial == found.members[0].trial
    assert found.unseen is whole.unseen


def test_a_temperature_stays():
    task = task_of("wine")
    finalists = finalists_of(task, 8, epochs=8)
    final = make_final(finalists, Resources(task, rounds=1))
    rng = np.random.default_rng(0)
    known = task.target.values[task.splits.selection]
    right = np.where(rng.random(len(known)) < 0.7, known, (known + 1) % 3)
    sure = np.where(np.eye(3)[right] == 1, 1 - 2e-6, 1e-6)
    over = replace(final, trained=tuple(replace(one, selection=sure) for one in final.trained))
    whole = with_ensemble(over, finalists, Resources(task))
    assert whole.ensemble.temperature > 1
    found = with_seeds(whole, finalists, Resources(task))
    assert found.ensemble.temperature == whole.ensemble.temperature
    assert len(found.members) == SEEDS


def test_what_was_not_refitted_and_what_has_no_time_or_no_room_is_left_alone(wine):
    task, finalists, final = wine
    early = replace(final, rows=Rows.KNOWN)
    assert with_seeds(early, finalists, Resources(task)) is early
    late = Resources(task, deadline=time.monotonic())
    assert with_seeds(final, finalists, late) is final
    asked = []

    def allowed(together):
        asked.append(len(together))
        return False

    assert with_seeds(final, finalists, Resources(task), allowed) is final
    assert set(asked) == {2}


def test_a_model_with_no_room_for_another_training_beside_it_is_refitted_all_the_same(wine):
    task, finalists, final = wine
    searched = replace(final, rows=Rows.SEARCHED)
    found = with_seeds(searched, finalists, Resources(task), lambda together: len(together) < 2)
    (one,) = found.members
    assert (one.rows, one.weight, found.rows) == (Rows.ALL, 1.0, Rows.ALL)
    assert found.model is not final.model


def test_a_training_that_went_wrong_is_not_tried_again():
    task = task_of("diabetes", folds=3)
    finalists = finalists_of(task, 8, 9, epochs=2)
    final = make_final(finalists, Resources(task, together=True))
    whole = with_ensemble(spread(task, final), finalists, Resources(task))
    wrong, tried = whole.members[-1].trial, []

    def mapped(work, jobs):
        tried.extend(job.finalist.trial for job in jobs)
        done = [work(job) for job in jobs]
        return [replace(one, is_complete=one.trial != wrong) for one in done]

    found = with_seeds(whole, finalists, Resources(task, mapped=mapped))
    assert len(found.members) > len(whole.members) > 1
    assert tried.count(wrong) == 1


def test_as_many_are_trained_as_the_time_and_the_limits_allow(wine):
    task, finalists, final = wine
    found = with_seeds(final, finalists, Resources(task), lambda together: len(together) <= 2)
    assert [one.weight for one in found.members] == [0.5, 0.5]


def test_trainings_that_fail_are_left_out(wine):
    task, finalists, final = wine
    broken = [untrainable(one) for one in finalists]
    assert with_seeds(final, broken, Resources(task)) is final


def test_trees_on_all_rows_take_the_place_of_those_of_the_contest():
    task = task_of("wine", folds=3)
    seeds = space_for(task).seeds()
    trials = searched(task, seeds["forest"], seeds["best_forest"])
    finalists = choose_finalists(trials, Decoder(), objective(task))
    final = make_final(finalists, Resources(task, together=True))
    whole = with_ensemble(spread(task, final), finalists, Resources(task))
    found = with_seeds(whole, finalists, Resources(task), lambda members: len(members) <= 2)
    assert [one.rows for one in whole.members] == [Rows.ALL, Rows.KNOWN]
    assert [one.rows for one in found.members] == [Rows.ALL, Rows.ALL]
    assert {one.trial for one in found.members} == {0, 1}
