"""Of a large table the search's own trainings are compared, and those that predict together are refitted at once, for longer."""

import dataclasses
import time

import pytest

from coeval.component.solved import TREES, kind_of
from coeval.evaluate.protocol import never_stop
from coeval.evaluate.training import TrainingEvaluator
from coeval.export import distil
from coeval.export import finalists as finalists_module
from coeval.export.distil import with_student
from coeval.export.ensemble_final import with_ensemble
from coeval.export.final import Resources, make_final
from coeval.export.finalists import (
    LONGER,
    choose_finalists,
    final_seconds,
    hoped,
    round_seconds,
    timed,
)
from coeval.export.retrain import Job, Rows, retrain
from coeval.export.seeds import REFIT_PULL, _in_time, with_seeds
from coeval.space.tabular import space_for
from coeval.trial import Proposal, Trial, finish
from tests.evaluate.tasks import Decoder, candidate, task_of
from tests.export.test_ensemble_final import spread
from tests.export.test_final import Kept, finalists_of, objective, searched


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch):
    monkeypatch.setattr(finalists_module, "MANY", 50)


@pytest.fixture(scope="module")
def world():
    task, artifacts = task_of("diabetes"), Kept()
    return task, artifacts, finalists_of(task, 8, 12, artifacts=artifacts, epochs=6)


def ripe(finalist):
    return dataclasses.replace(finalist, epochs=finalist.schedule_epochs, is_ripe=True)


def test_a_network_that_was_still_getting_better_is_trained_for_twice_as_long(world):
    task, _, (first, _) = world
    long = timed(ripe(first), task, LONGER)
    assert long.epochs == long.schedule_epochs == long.longest == LONGER * first.schedule_epochs
    early = dataclasses.replace(first, is_ripe=False)
    assert timed(early, task, LONGER) is early
    few = task_of("diabetes", folds=3)
    assert timed(ripe(first), few, LONGER) == ripe(first)


@pytest.mark.parametrize(
    ("best", "trained", "is_ripe"), [(10, 10, True), (9, 10, True), (8, 10, False)]
)
def test_who_was_best_at_the_end_was_still_getting_better_wherever_it_was_stopped(
    best, trained, is_ripe
):
    task = task_of("diabetes")
    (trial,) = searched(task, candidate(task, width=8, epochs=12))
    data = {**trial.measurement.data, "best_epochs": [best], "fold_epochs": [trained]}
    measured = dataclasses.replace(trial.measurement, data=data)
    (found,) = choose_finalists(
        [dataclasses.replace(trial, measurement=measured)], Decoder(), objective(task)
    )
    assert found.schedule_epochs == 12
    assert found.is_ripe is is_ripe


def test_trees_take_the_rounds_that_were_best():
    task = task_of("diabetes")
    tree, *_ = trees_of(task, Kept())
    assert kind_of(tree.architecture) == TREES
    assert timed(ripe(tree), task, LONGER) == ripe(tree)


def test_boosting_that_the_search_broke_off_goes_on_by_the_clock():
    task = task_of("diabetes")
    (tree,) = trees_of(task, Kept())
    cut = dataclasses.replace(tree, epochs=10, is_ripe=True)
    long = timed(cut, task, LONGER)
    assert (long.epochs, long.longest) == (10, 10 * LONGER)
    assert timed(cut, task) == cut
    nearly = dataclasses.replace(cut, epochs=tree.schedule_epochs - 1)
    assert timed(nearly, task, LONGER).longest == tree.schedule_epochs
    found = retrain(Job(task, long, Rows.ALL, seed=0))
    assert (found.epochs, found.is_complete) == (10 * LONGER, True)
    late = retrain(Job(task, long, Rows.ALL, seed=0, deadline=time.monotonic()))
    assert (late.epochs, late.is_complete) == (1, False)


def test_time_is_planned_for_longer_refits_and_for_no_contest(world, monkeypatch):
    task, _, finalists = world
    slow = [dataclasses.replace(ripe(one), epoch_seconds=1.0) for one in finalists]
    whole = round_seconds(slow, task, 1, Rows.ALL)
    assert final_seconds(slow, task, together=True) == whole
    assert hoped(slow, task, 1) < whole
    fixed = [dataclasses.replace(slow[0], is_ripe=False), slow[1]]
    assert hoped(fixed, task, 1) == round_seconds(fixed, task, 1, Rows.ALL)
    monkeypatch.setattr(finalists_module, "MANY", 10_000)
    assert hoped(fixed, task, 1) < round_seconds(fixed, task, 1, Rows.ALL)
    assert final_seconds(slow, task, together=True) > whole


def test_the_searchs_own_trainings_are_compared_and_all_members_refitted(world):
    task, artifacts, finalists = world
    resources = Resources(task, together=True, seeded=True)
    final = make_final(finalists, resources, artifacts)
    assert {one.rows for one in final.trained} == {Rows.SEARCHED} == {final.rows}
    assert final.selection is not None
    assert "with the weights of the search itself" in final.provenance
    whole = with_ensemble(spread(task, final), finalists, resources)
    assert {one.rows for one in whole.members} == {Rows.SEARCHED}
    found = with_seeds(whole, finalists, resources)
    assert found.rows is Rows.ALL
    for trial in {one.trial for one in whole.members}:
        rows = [one.rows for one in found.members if one.trial == trial]
        assert rows.count(Rows.SEARCHED) == 1
        assert Rows.ALL in rows
    weight = {(one.trial, one.rows): one.weight for one in found.members}
    for trial in {trial for trial, _ in weight}:
        assert weight[trial, Rows.ALL] == pytest.approx(REFIT_PULL * weight[trial, Rows.SEARCHED])
    assert sum(one.weight for one in found.members) == pytest.approx(1.0)


def test_who_was_not_refitted_pulls_less(world):
    task, artifacts, finalists = world
    resources = Resources(task, together=True, seeded=True)
    whole = with_ensemble(
        spread(task, make_final(finalists, resources, artifacts)), finalists, resources
    )
    room = len(whole.members) + 1
    found = with_seeds(whole, finalists, resources, lambda together: len(together) <= room)
    refitted = {one.trial for one in found.members if one.rows is Rows.ALL}
    (left,) = [one for one in found.members if one.trial not in refitted]
    (before,) = [one for one in whole.members if one.trial == left.trial]
    assert left.weight < before.weight


def test_without_further_trainings_the_winner_alone_is_refitted(world):
    task, artifacts, finalists = world
    final = make_final(finalists, Resources(task, together=True), artifacts)
    assert final.rows is Rows.ALL
    assert {one.rows for one in final.trained} == {Rows.SEARCHED}


def test_without_time_for_a_refit_the_weights_of_the_search_stay(world):
    task, artifacts, finalists = world
    late = Resources(task, together=True, seeded=True, deadline=time.monotonic())
    final = make_final(finalists, late, artifacts)
    assert with_seeds(final, finalists, late) is final
    assert final.rows is Rows.SEARCHED


def test_who_follows_the_clock_comes_last_and_is_long_with_a_worker_to_itself(world):
    task, _, finalists = world
    fixed, clocked = dataclasses.replace(finalists[0], is_ripe=False), ripe(finalists[1])
    found = _in_time([clocked, fixed], task, 1)
    assert found == [fixed, timed(clocked, task, LONGER)]
    both = [clocked, ripe(finalists[0])]
    assert _in_time(both, task, 1) == [timed(one, task) for one in both]
    assert _in_time(both, task, 2) == [timed(one, task, LONGER) for one in both]
    (tree,) = trees_of(task, Kept())
    cut = dataclasses.replace(tree, epochs=10, is_ripe=True)
    assert _in_time([cut, clocked], task, 1) == [cut, timed(clocked, task)]
    assert _in_time([cut, fixed], task, 1) == [fixed, timed(cut, task, LONGER)]
    three = [cut, fixed, *both]
    plain = [timed(one, task) for one in both]
    assert _in_time(three, task, 2) == [timed(cut, task, LONGER), fixed, *plain]


def test_by_the_clock_a_refit_is_complete_however_little_time_there_was(world):
    task, artifacts, finalists = world
    endless = [
        dataclasses.replace(ripe(one), epochs=10**6, schedule_epochs=10**6, epoch_seconds=1e-7)
        for one in finalists
    ]
    plan = Resources(task, together=True, seeded=True)
    final = make_final(endless, plan, artifacts)
    began = time.monotonic()
    found = with_seeds(final, endless, dataclasses.replace(plan, deadline=began + 1.0))
    assert time.monotonic() - began < 3.0
    assert Rows.ALL in {one.rows for one in found.members}


def trees_of(task, artifacts):
    """Return boosted trees that a search trained, which draw rows where the library can."""
    space = space_for(task)
    evaluator = TrainingEvaluator(task, space, artifacts=artifacts)
    trial = Trial(0, Proposal(space.seeds()["trees"]))
    ((_, found),) = evaluator.evaluate([trial], never_stop)
    return choose_finalists([finish(trial, found)], space, objective(task))


def test_trees_that_learnt_from_all_rows_replace_those_of_the_search():
    task, artifacts = task_of("diabetes"), Kept()
    finalists = trees_of(task, artifacts)
    resources = Resources(task, together=True, seeded=True)
    final = make_final(finalists, resources, artifacts)
    found = with_seeds(final, finalists, resources, lambda together: len(together) <= 1)
    assert [one.rows for one in found.members] == [Rows.ALL]
    assert found.provenance.endswith("and that training is taken.")


def test_a_refit_that_came_out_too_large_for_the_limits_is_not_taken():
    task, artifacts = task_of("diabetes"), Kept()
    finalists = trees_of(task, artifacts)
    resources = Resources(task, together=True, seeded=True)
    final = make_final(finalists, resources, artifacts)
    sizes = []

    def allowed(together):
        sizes.append([dict(one.architecture.body.steps[0].settings) for one in together])
        return sizes[-1] == sizes[0]

    found = with_seeds(final, finalists, resources, allowed)
    assert sizes[-1] == sizes[0] != sizes[-2]
    assert found is final


def test_a_student_learns_from_the_searchs_own_ensemble(world, monkeypatch):
    monkeypatch.setattr(distil, "_is_better", lambda *given: True)
    task, artifacts, finalists = world
    resources = Resources(task, together=True)
    final = make_final(finalists, resources, artifacts)
    alone = dataclasses.replace(spread(task, final), ensemble=None, members=())
    found = with_student(alone, finalists, resources)
    assert "distillation" in found.provenance
    assert found.rows is Rows.ALL
