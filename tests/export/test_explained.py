"""Whose columns are dealt out, and on which rows: never the test's, and not those that the network has learnt from."""

import dataclasses
import functools
import math
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from types import SimpleNamespace

import numpy as np
import pytest

from coeval.export import explained, importance
from coeval.export.explained import MOST_ROWS, Explain, On, explain
from coeval.export.final import Resources, make_final
from coeval.export.retrain import Rows
from coeval.run.importance import begin_importance, importance_of
from coeval.run.reserve import importance_seconds
from coeval.run.run import Run
from coeval.task.task import Splits
from tests.evaluate.tasks import Decoder, candidate, task_of
from tests.export.test_final import Kept, finalists_of, objective, searched

TASK = task_of("breast_cancer")


class Here:
    """A pool that works at once, in this process."""

    def submit(self, job, *inputs):
        done = Future()
        done.set_result(job(*inputs))
        return done


@pytest.fixture
def seen(monkeypatch):
    """Keep the rows that columns are dealt out on."""
    found = []
    inner = explained._rows

    def rows(*inputs):
        found.append(inner(*inputs))
        return found[-1]

    monkeypatch.setattr(explained, "_rows", rows)
    return found


def site(task, artifacts, seconds=600.0):
    return SimpleNamespace(
        task=task,
        space=Decoder(),
        objective=objective(task),
        folder=SimpleNamespace(cache=task),
        options=SimpleNamespace(seed=0),
        seconds=seconds,
        artifacts=artifacts,
    )


@functools.cache
def usual():
    """Return what a search and the usual final training leave; to be read only."""
    return finished(TASK)


def finished(task, resources=None):
    artifacts = Kept()
    trials = searched(task, candidate(task, width=8, epochs=12), artifacts=artifacts)
    here = site(task, artifacts)
    finalists = finalists_of(task, 8, artifacts=artifacts)
    final = make_final(finalists, resources or Resources(task), artifacts)
    return here, Run(tuple(trials), here.objective, "time", 1.0), final


def measured(here, run, final, end=float("inf"), seconds=10.0):
    found = begin_importance(here, run, final, Here(), seconds, end)
    return importance_of(found, end)


@pytest.fixture
def enough(monkeypatch):
    """Let the 57 selection rows be no few."""
    monkeypatch.setattr("coeval.run.importance.FEW", 50)


def test_a_refitted_model_is_explained_by_its_twin_on_the_selection_rows(seen, enough):
    here, run, final = usual()
    assert final.rows is Rows.ALL
    found = measured(here, run, final)
    assert found["of"] == "TWIN"
    assert found["rows"] == len(TASK.splits.selection)
    assert set(seen[0]) == set(TASK.splits.selection)
    assert len(found["columns"]) == 30
    losses = [one["loss"] for one in found["columns"]]
    assert losses == sorted(losses, reverse=True)
    assert losses[0] > 0


def test_a_model_that_has_not_seen_the_selection_rows_is_explained_itself(enough):
    here, run, final = finished(TASK, Resources(TASK, refits=False))
    assert final.rows is Rows.KNOWN
    assert measured(here, run, final)["of"] == "SELECTION"


def test_without_selection_rows_the_searchs_network_is_explained_on_its_validation_rows(seen):
    splits = TASK.splits
    none = np.zeros(0, dtype=np.intp)
    task = dataclasses.replace(
        TASK,
        splits=Splits(splits.train, splits.validation, none, none),
        folds=((splits.train, splits.validation),),
    )
    here, run, final = finished(task)
    found = measured(here, run, final)
    assert found["of"] == "SEARCHED"
    assert set(seen[0]) == set(splits.validation)


def test_where_the_selection_rows_are_few_the_searchs_network_is_explained_on_all_it_has_not_seen(
    seen,
):
    found = measured(*usual())
    assert found["of"] == "SEARCHED"
    assert set(seen[0]) == {*TASK.splits.validation, *TASK.splits.selection}


def test_where_they_are_few_and_its_weights_are_gone_the_twin_is_explained_all_the_same():
    here, run, final = usual()
    gone = SimpleNamespace(**{**vars(here), "artifacts": Kept()})
    assert measured(gone, run, final)["of"] == "TWIN"


def test_of_a_large_table_no_preparation_is_fitted_again(monkeypatch):
    monkeypatch.setattr("coeval.run.importance.MOST_RESTORED", 100)
    assert measured(*usual())["of"] == "TWIN"


def test_where_nothing_is_held_out_it_says_that_the_rows_were_learnt_from():
    splits = TASK.splits
    none = np.zeros(0, dtype=np.intp)
    task = dataclasses.replace(TASK, splits=dataclasses.replace(splits, selection=none))
    here, run, final = finished(task)
    here.artifacts.clear()
    found = measured(here, run, final)
    assert found["of"] == "LEARNT"
    assert "has learnt from" in found["on"]


@pytest.mark.parametrize("on", list(On))
def test_test_rows_are_never_used(on):
    assert not set(explained._rows(TASK, on, 0)) & set(TASK.splits.test)


def test_the_rows_are_drawn_in_random_order_and_not_too_many():
    task = dataclasses.replace(
        TASK, splits=dataclasses.replace(TASK.splits, selection=np.arange(10 * MOST_ROWS))
    )
    rows = explained._rows(task, On.SELECTION, 0)
    assert len(rows) == MOST_ROWS
    assert (np.diff(rows) < 0).any()
    assert (rows != explained._rows(task, On.SELECTION, 1)).any()


def test_without_time_nothing_is_measured():
    assert measured(*usual(), end=0.0) is None
    assert measured(*usual(), seconds=0.0) is None


def test_time_is_kept_for_it_where_there_are_columns_to_tell_apart():
    one = dataclasses.replace(TASK.table, columns=TASK.table.columns[:1])
    assert importance_seconds(site(dataclasses.replace(TASK, table=one), Kept())) == 0
    assert importance_seconds(site(TASK, Kept(), seconds=60.0)) == pytest.approx(1.2)
    assert importance_seconds(site(TASK, Kept(), seconds=math.inf)) == 10.0
    assert importance_seconds(site(TASK, Kept(), seconds=math.inf), left=20.0) == pytest.approx(3.0)
    assert importance_seconds(site(TASK, Kept(), seconds=math.inf), left=-1.0) == 0


def test_an_explanation_that_fails_costs_nothing_but_itself():
    for trouble in (ValueError("no"), MemoryError(), BrokenProcessPool("a worker died")):
        failed = Future()
        failed.set_exception(trouble)
        assert importance_of(failed, float("inf")) is None
    assert importance_of(None, float("inf")) is None


def test_an_explanation_that_takes_too_long_is_not_waited_for(monkeypatch):
    monkeypatch.setattr("coeval.run.importance.LATE_SECONDS", 0.01)
    assert importance_of(Future(), 0.0) is None


def test_too_few_rows_say_nothing():
    few = TASK.splits.selection[: importance.LEAST - 1]
    task = dataclasses.replace(TASK, splits=dataclasses.replace(TASK.splits, selection=few))
    _, _, final = usual()
    assert explain(Explain(task, On.SELECTION, final.model)) is None
