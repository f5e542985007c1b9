"""The schedules of finalists on pictures are drawn out over the time there is, and no further."""

import dataclasses
import math
import time
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.architecture.step import Architecture, Region, sequence, step
from coeval.architecture.types import Columns, Grid
from coeval.component.trees import TREE_ENSEMBLE
from coeval.export import fitting
from coeval.export.final import Resources, make_final
from coeval.export.retrain import Finalist, Rows, retrain
from coeval.export.stretch import (
    CONTESTED,
    LONG,
    LONG_ON_TABLE,
    MOST,
    QUICKER,
    ROWS,
    UNHURRIED,
    stretch_seconds,
    stretched,
)
from tests.export.images import small_net
from tests.task.pictures import picture_task

SHORT = Finalist(
    trial=3,
    validation=0.9,
    architecture=Architecture((Grid(8, 8, 1),), Region(1, (), 0)),
    preparation=(),
    recipe=(),
    epochs=4,
    schedule_epochs=4,
    epoch_seconds=1.0,
    train_rows=100,
)
OTHER = dataclasses.replace(SHORT, trial=5)
TREES = Architecture((Columns(3),), sequence(1, [step(TREE_ENSEMBLE, 0)]))


def task(selection: int = 10, *, is_image: bool = True, rows: int = 80) -> SimpleNamespace:
    """Whatever has splits and says whether it is made of pictures."""
    parts = {"train": rows, "validation": 20, "selection": selection, "test": 7}
    splits = SimpleNamespace(**{name: np.arange(size) for name, size in parts.items()})
    return SimpleNamespace(splits=splits, is_image=is_image)


def drawn_out(seconds: float, workers: int = 2, **more) -> tuple[Finalist, ...]:
    return stretched((SHORT, OTHER), task(**more), seconds=seconds, workers=workers)


def test_a_table_s_finalists_keep_their_schedules():
    assert drawn_out(1000.0, is_image=False) == ()
    assert stretch_seconds(SHORT, task(is_image=False)) == 0.0


def test_of_a_huge_table_a_schedule_is_drawn_out_that_its_rows_made_short():
    huge = task(is_image=False, rows=ROWS)
    (found,) = stretched((SHORT,), huge, seconds=1e9, workers=1)
    assert found.epochs == found.longest == LONG_ON_TABLE
    assert stretch_seconds(SHORT, huge) == pytest.approx(0.1 + LONG_ON_TABLE * ROWS / 100, rel=0.01)


def test_of_a_huge_table_no_schedule_is_drawn_out_that_was_left_early_or_is_long():
    huge = task(is_image=False, rows=ROWS)
    early = dataclasses.replace(SHORT, epochs=3)
    long = dataclasses.replace(SHORT, epochs=8, schedule_epochs=8)
    grown = dataclasses.replace(SHORT, architecture=TREES)
    for one in (early, long, grown):
        assert stretched((one,), huge, seconds=1e9, workers=1) == ()


def test_a_schedule_is_drawn_out_as_far_as_is_allowed_and_less_where_no_time_was_set():
    assert [one.epochs for one in drawn_out(1e6)] == [MOST * 4, MOST * 4]
    assert [one.epochs for one in drawn_out(math.inf)] == [UNHURRIED * 4, UNHURRIED * 4]


def test_as_many_are_trained_as_there_are_workers_and_one_where_nothing_could_choose():
    assert [one.trial for one in drawn_out(1000.0)] == [3, 5]
    assert [one.trial for one in drawn_out(1000.0, workers=1)] == [3]
    assert [one.trial for one in drawn_out(1000.0, selection=0)] == [3]


def test_where_there_is_no_time_for_several_long_trainings_the_best_is_trained_alone():
    each = QUICKER * SHORT.seconds(110) / SHORT.epochs
    assert [one.trial for one in drawn_out((CONTESTED - 1) * each)] == [3]
    assert [one.trial for one in drawn_out((CONTESTED + 1) * each)] == [3, 5]


def test_a_schedule_follows_the_clock_where_there_is_one():
    assert [one.longest for one in drawn_out(1000.0)] == [MOST * 4, MOST * 4]
    assert [one.longest for one in drawn_out(math.inf)] == [0, 0]


def test_where_time_is_short_the_search_s_own_schedules_are_trained():
    assert drawn_out(4.0) == ()


def test_a_long_schedule_is_not_drawn_out():
    long = dataclasses.replace(SHORT, epochs=50, schedule_epochs=LONG)
    assert stretched((long,), task(), seconds=math.inf, workers=1) == ()
    assert stretch_seconds(long, task()) == 0.0


def test_the_whole_curve_is_trained_wherever_the_search_found_its_best_epoch():
    early = dataclasses.replace(SHORT, epochs=2)
    (found,) = stretched((early,), task(), seconds=math.inf, workers=1)
    assert found.epochs == found.schedule_epochs == UNHURRIED * 4


def test_what_the_search_cut_short_is_trained_for_longer_than_that_though_not_for_a_whole_schedule():
    cut = dataclasses.replace(SHORT, epochs=3, schedule_epochs=20)
    each = QUICKER * SHORT.seconds(110) / SHORT.epochs
    (found,) = stretched((cut,), task(), seconds=8 * each, workers=1)
    assert cut.epochs < found.epochs < cut.schedule_epochs < found.longest
    assert stretched((cut,), task(), seconds=4 * each, workers=1) == ()


@given(st.floats(1.0, 1000.0), st.integers(1, 100), st.floats(0.01, 10.0))
@settings(max_examples=60, deadline=None)
def test_a_drawn_out_training_is_expected_to_fit_into_the_time_and_may_become_longer(
    seconds, epochs, epoch_seconds
):
    one = dataclasses.replace(
        SHORT, epochs=epochs, schedule_epochs=epochs, epoch_seconds=epoch_seconds
    )
    for found in stretched((one,), task(), seconds=seconds, workers=1):
        assert found.seconds(110) <= seconds
        assert epochs < found.epochs <= max(LONG, epochs)
        assert found.epochs <= found.longest <= max(LONG, epochs)


def test_what_is_kept_for_it_lets_it_be_as_long_as_is_allowed_at_the_pace_of_a_long_training():
    seconds = stretch_seconds(SHORT, task(selection=0))
    assert seconds == pytest.approx(QUICKER * MOST * SHORT.seconds(100), rel=0.02)
    (found,) = stretched((SHORT,), task(selection=0), seconds=seconds, workers=1)
    assert found.epochs == pytest.approx(MOST * 4, abs=1)


PICTURES = picture_task(120)
TRAINED = dataclasses.replace(
    SHORT,
    architecture=small_net(Grid(8, 8, 1)),
    recipe=(("optimizer", "sgd"), ("lr", 0.05), ("batch_size", 32), ("epochs", 2), ("flip", True)),
    epochs=1,
    schedule_epochs=2,
    epoch_seconds=0.01,
    train_rows=66,
)
RIVAL = dataclasses.replace(TRAINED, trial=5, validation=0.8)


def test_finalists_on_pictures_are_trained_once_and_for_long_and_the_winner_is_what_was_trained():
    final = make_final((TRAINED, RIVAL, OTHER), Resources(PICTURES, workers=2))
    assert final.rows is Rows.KNOWN
    assert final.epochs == 2 * UNHURRIED
    assert [(one.trial, len(one.repeats)) for one in final.finalists] == [(3, 1), (5, 1)]
    assert final.selection in [one.selection for one in final.finalists]


def test_with_one_worker_the_best_learns_from_all_rows_at_once():
    final = make_final((TRAINED, RIVAL), Resources(PICTURES, workers=1))
    assert final.rows is Rows.ALL
    assert final.epochs == 2 * UNHURRIED
    assert final.finalists == ()


def test_a_training_that_follows_the_clock_ends_with_it_and_is_complete():
    endless = dataclasses.replace(TRAINED, epochs=20, schedule_epochs=20, longest=100_000)
    began = time.monotonic()
    job = Resources(PICTURES, deadline=began + 2.0).job(endless, Rows.KNOWN, 0)
    found = retrain(job)
    assert found.is_complete
    assert found.epochs > 1
    assert 1.5 < time.monotonic() - began < 6.0


def test_a_training_that_follows_the_clock_is_incomplete_without_an_epoch(monkeypatch):
    model = retrain(Resources(PICTURES).job(TRAINED, Rows.KNOWN, 0)).model
    monkeypatch.setattr(fitting, "train", lambda task, job: (model, 0))
    for longest, epochs in ((50, 1), (0, 20)):
        one = dataclasses.replace(TRAINED, epochs=epochs, schedule_epochs=20, longest=longest)
        assert not retrain(Resources(PICTURES).job(one, Rows.KNOWN, 0)).is_complete
