"""The search ends when the rest of the budget is needed for its model, and not before there is something to make it of."""

import math
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from coeval.architecture.inference import infer
from coeval.export import stretch
from coeval.export.finalists import LONGER, choose_finalists, final_seconds
from coeval.export.seeds import SEEDS
from coeval.run.one_shot import divide
from coeval.run.reserve import (
    AGAIN,
    AGAIN_SHARE,
    COMPILED_SECONDS,
    COUNTED,
    FAR_LEAVES,
    GROWING_SHARE,
    KEPT,
    MAC_SECONDS,
    MEMBER_SECONDS,
    REFITTED,
    STARTING_SECONDS,
    TREE_SECONDS,
    VERIFIED_ROWS,
    WALK_SHARE,
    Reserve,
    ending_seconds,
    export_seconds,
    most_walking,
    ticks_end,
    walking_seconds,
)
from coeval.seed import generator
from coeval.space.for_task import space_for
from coeval.trial import Measurement, Objective, Proposal, State, Trial
from tests.evaluate.tasks import Decoder, candidate, task_of
from tests.task.pictures import picture_task

TASK = picture_task(side=12)
SPACE = space_for(TASK, preset="nasbench201")
TEST = np.zeros(500_000, np.intp)


def site(end, strategy="evolution", seconds=60.0):
    return SimpleNamespace(
        task=TASK,
        space=SPACE,
        objective=Objective("log_loss"),
        workers=1,
        seconds=math.inf if seconds is None else seconds,
        demands=SimpleNamespace(closing_seconds=0.0),
        options=SimpleNamespace(strategy=strategy, ensemble=True),
        end=end,
    )


def reserve(end, strategy="evolution", seconds=60.0):
    return Reserve(site(end, strategy, seconds))


def trained(seconds=0.4):
    epochs = {"schedule_epochs": 4, "best_epochs": [4], "fold_epochs": [4]}
    data = {**epochs, "fold_seconds": [seconds]}
    measured = Measurement(values={"log_loss": 0.5}, data=data)
    return Trial(0, Proposal(SPACE.sample(generator(0))), State.DONE, measured)


def several(task, count, seconds):
    plain = trained(seconds)
    data = {**plain.measurement.data, "train_rows": len(task.folds[0][0])}
    measured = replace(plain.measurement, data=data)
    each = [Proposal(candidate(task, width=8 + number)) for number in range(count)]
    return [Trial(number, one, State.DONE, measured) for number, one in enumerate(each)]


def test_with_a_trial_it_ends_when_the_time_is_needed():
    late, early = reserve(time.monotonic() + 5.0), reserve(time.monotonic() + 600.0)
    for one in (late, early):
        one.record(trained())
    assert late.is_due()
    assert not early.is_due()


def test_before_there_is_a_trial_it_goes_on_to_its_deadline():
    assert not reserve(time.monotonic() + 5.0).is_due()


def test_after_the_ticks_of_a_one_shot_method_less_is_kept_for_the_winner():
    def kept(strategy):
        one = reserve(0.0, strategy)
        one.record(trained(seconds=100.0))
        return one.seconds

    assert kept("spos") == divide(60.0).final < kept("evolution") == stretch.SHARE * 60.0


@pytest.mark.parametrize("seconds", [60.0, 90.0, 200.0, 1200.0])
def test_between_the_last_tick_and_the_end_of_the_search_a_training_fits(seconds):
    over = ticks_end(site(0.0, "gdas", seconds))
    one = reserve(0.0, "gdas", seconds)
    one.record(trained(seconds=1e4))
    ablation = 0.05 * seconds if seconds >= 90 else 0.0
    search_ends = -(one.seconds + export_seconds(TASK) + ablation)
    assert divide(seconds).trial < search_ends - over < 1.5 * divide(seconds).trial + 2.0


def test_without_a_limit_on_time_ticks_end_by_themselves():
    assert ticks_end(site(math.inf, "gdas", None)) == math.inf


@pytest.mark.parametrize(("seconds", "together"), [(0.3, True), (5.0, False)])
def test_time_is_kept_to_refit_all_finalists_unless_that_is_long(seconds, together):
    task = task_of("wine", folds=3)
    place = site(time.monotonic() + 600.0)
    one = Reserve(SimpleNamespace(**{**vars(place), "task": task, "space": Decoder()}))
    found = several(task, 2, seconds)
    for trial in found:
        one.record(trial)
    finalists = choose_finalists(found, Decoder(), Objective("log_loss"))
    needed = final_seconds(finalists, task, together=together)
    assert one.seconds == pytest.approx(needed + STARTING_SECONDS)


def kept_for(task, space, found, seconds=60.0):
    place = vars(site(time.monotonic() + 600.0, seconds=seconds))
    one = Reserve(SimpleNamespace(**{**place, "task": task, "space": space}))
    for trial in found:
        one.record(trial)
    return one.seconds - STARTING_SECONDS


@pytest.mark.parametrize(("seconds", "times"), [(60.0, 1), (1200.0, AGAIN)])
def test_of_a_large_table_time_is_kept_to_refit_a_few_and_again_where_that_is_quick(
    monkeypatch, seconds, times
):
    monkeypatch.setattr("coeval.export.finalists.MANY", 50)
    task = task_of("wine")
    found = several(task, 5, 7.0)
    finalists = choose_finalists(found, Decoder(), Objective("log_loss"))[:REFITTED]
    needed = final_seconds(finalists, task, together=True)
    assert AGAIN_SHARE * 60 < needed < AGAIN_SHARE * 1200 / AGAIN
    assert kept_for(task, Decoder(), found, seconds) == pytest.approx(times * needed)


def test_of_a_large_table_the_best_of_another_kind_is_planned_with(monkeypatch):
    monkeypatch.setattr("coeval.export.finalists.MANY", 50)
    task = task_of("wine")
    space = space_for(task, models="all")
    found = [
        timed_trial(task, space, number, name, score, seconds)
        for number, (name, score, seconds) in enumerate(
            [("trees", 0.1, 6.0), ("slow_trees", 0.2, 0.5), ("mlp", 0.3, 9.0)]
        )
    ]
    best, _, other = choose_finalists(found, space, Objective("log_loss"))
    needed = final_seconds([best, other], task, together=True)
    assert kept_for(task, space, found) == pytest.approx(needed)


def test_for_boosting_that_was_broken_off_more_time_is_kept(monkeypatch):
    monkeypatch.setattr("coeval.export.finalists.MANY", 50)
    task = task_of("wine")
    space = space_for(task, models="all")
    kept = []
    for rounds in (4, 40):  # of which it grew four, the last the best: all, and broken off
        one = timed_trial(task, space, 0, "trees", 0.1, 6.0)
        one.measurement.data.update(schedule_epochs=rounds, best_epochs=[4])
        two = timed_trial(task, space, 1, "mlp", 0.3, 2.0)
        finalists = choose_finalists([one, two], space, Objective("log_loss"))
        needed = final_seconds(finalists, task, together=True)
        assert needed < AGAIN_SHARE * 60 < LONGER * needed
        kept.append(kept_for(task, space, [one, two]))
    assert kept == pytest.approx([AGAIN_SHARE * 60, GROWING_SHARE * 60])


def timed_trial(task, space, number, name, score, seconds):
    data = {"schedule_epochs": 4, "best_epochs": [3], "fold_epochs": [4], "fold_seconds": [seconds]}
    data["train_rows"] = len(task.folds[0][0])
    measured = Measurement(values={"log_loss": score}, data=data)
    return Trial(number, Proposal(space.seeds()[name]), State.DONE, measured)


def grown(task, space, seed, rounds):
    data = {"schedule_epochs": 400, "best_epochs": [rounds], "fold_seconds": [0.4]}
    measured = Measurement(values={"log_loss": 0.5}, data=data)
    return Trial(0, Proposal(space.seeds()[seed]), State.DONE, measured)


def test_time_is_kept_for_every_row_to_go_down_every_tree():
    task = task_of("wine")
    space = space_for(task, models="all")
    few = len(task.splits.test)
    many = replace(task, splits=replace(task.splits, test=TEST))
    for seed, rounds, trees in (("mlp", 20, 0), ("trees", 20, 60), ("trees", 100, 300)):
        trial = grown(task, space, seed, rounds)
        finalists = choose_finalists([trial], space, Objective("log_loss"))
        macs = infer(finalists[0].architecture).cost.macs
        walks = trees * (1 + 63 / FAR_LEAVES)
        once, again = (one * walks + MAC_SECONDS * macs for one in (COMPILED_SECONDS, TREE_SECONDS))
        assert walking_seconds(task, finalists) == pytest.approx((once + again) * few)
        walked = walking_seconds(many, finalists * 2)
        assert walked == pytest.approx(2 * (once * len(TEST) + again * VERIFIED_ROWS))


def test_a_search_ends_the_sooner_the_more_trees_its_best_trial_has():
    task = replace(task_of("wine"), splits=replace(task_of("wine").splits, test=TEST))
    space = space_for(task, models="all")
    walking = 300 * (COMPILED_SECONDS * len(TEST) + TREE_SECONDS * VERIFIED_ROWS)
    needed = export_seconds(task) + walking
    due = {}
    for rounds in (10, 100):
        place = vars(site(time.monotonic() + needed))
        one = Reserve(SimpleNamespace(**{**place, "task": task, "space": space}))
        one.record(grown(task, space, "trees", rounds))
        one.seconds = 0.0  # what its training takes is not in question here
        due[rounds] = one.is_due()
    assert due == {10: False, 100: True}


def test_what_an_ensemble_may_take_to_be_written_is_kept_and_no_more():
    task = replace(task_of("wine"), splits=replace(task_of("wine").splits, test=TEST))
    space = space_for(task, models="all")
    place = SimpleNamespace(**{**vars(site(600.0)), "task": task, "space": space})
    trials = [grown(task, space, "trees", rounds) for rounds in (50, 40)]
    finalists = [choose_finalists([one], space, Objective("log_loss"))[0] for one in trials]
    first, both = (walking_seconds(task, one) for one in (finalists[:1], finalists))
    assert first < both
    for seconds in (1.0, 1e4):
        place.seconds = seconds
        assert most_walking(place, finalists) == pytest.approx(first + WALK_SHARE * seconds)
        kept = ending_seconds(place, finalists) - export_seconds(task)
        walked = min(SEEDS * both, first + WALK_SHARE * seconds)
        written = (2 * SEEDS - COUNTED) * MEMBER_SECONDS
        assert kept == pytest.approx(walked + written)


def test_boosting_that_goes_on_is_sent_all_rows_down_its_further_rounds(monkeypatch):
    monkeypatch.setattr("coeval.export.finalists.MANY", 50)
    task = replace(task_of("wine"), splits=replace(task_of("wine").splits, test=TEST))
    space = space_for(task, models="all")
    place = SimpleNamespace(**{**vars(site(600.0)), "task": task, "space": space})
    kept = []
    for fold_epochs in (400, 40):  # of which it had 40, the last the best: over, and broken off
        trial = grown(task, space, "trees", 40)
        trial.measurement.data["fold_epochs"] = [fold_epochs]
        (one,) = choose_finalists([trial], space, Objective("log_loss"))
        kept.append(ending_seconds(place, (one,)) - export_seconds(task))
        assert most_walking(place, (one,)) == pytest.approx(kept[-1] + WALK_SHARE * 60)
    assert kept[1] == pytest.approx(LONGER * kept[0])


def test_members_beyond_a_few_are_kept_time_for_to_be_written():
    task = task_of("wine")
    space = space_for(task, models="all")
    place = SimpleNamespace(**{**vars(site(600.0)), "task": task, "space": space})
    (one,) = choose_finalists([grown(task, space, "mlp", 4)], space, Objective("log_loss"))
    kept = [ending_seconds(place, (one,) * count) for count in (1, 2, 8)]
    walked = [walking_seconds(task, (one,) * count) for count in (4, 8, 12)]
    written = np.array(kept) - walked - export_seconds(task)
    assert written == pytest.approx(np.array([0, 4, 8]) * MEMBER_SECONDS)


def test_of_a_large_table_networks_are_written_twice_and_trees_once(monkeypatch):
    monkeypatch.setattr("coeval.export.finalists.MANY", 50)
    task = task_of("wine")
    space = space_for(task, models="all")
    place = SimpleNamespace(**{**vars(site(600.0)), "task": task, "space": space})
    for seed, members in (("mlp", 12), ("trees", 6)):
        (one,) = choose_finalists([grown(task, space, seed, 4)], space, Objective("log_loss"))
        walked = walking_seconds(task, (one,) * members)
        kept = ending_seconds(place, (one,) * 6) - export_seconds(task) - walked
        assert kept == pytest.approx((members - COUNTED) * MEMBER_SECONDS)


def test_the_best_of_each_kind_is_kept_however_many_of_another_are_better():
    task = task_of("wine")
    space = space_for(task, models="all")
    one = Reserve(SimpleNamespace(**{**vars(site(600.0)), "task": task, "space": space}))
    names = ["mlp", "forest", *["trees"] * (KEPT + 3)]
    scores = [0.9, 0.8, *np.linspace(0.1, 0.5, KEPT + 3)]
    found = [
        timed_trial(task, space, n, *given, 0.1)
        for n, given in enumerate(zip(names, scores, strict=True))
    ]
    for trial in found:
        one.record(trial)
    assert one.best == [*found[2 : KEPT + 2], found[1], found[0]]
