"""Prepared folds: fitted on training rows alone, kept while there is room."""

import dataclasses
import pickle

import numpy as np
import pytest

from coeval.evaluate.folds import FoldCache, prepare_fold
from coeval.task.table import Column, Kind, Table
from coeval.task.task import Problem
from tests.evaluate.tasks import task_from, task_of


def test_validation_and_test_rows_do_not_reach_the_preparation():
    task = task_of("diabetes")
    train, judged = task.folds[0]
    first = task.table.columns[0]
    spoilt = first.values.copy()
    spoilt[np.setdiff1d(np.arange(task.table.rows), train)] = 1e9
    columns = (Column(first.name, first.kind, spoilt), *task.table.columns[1:])
    other = dataclasses.replace(task, table=Table(columns, task.table.rows))
    clean, dirty = (prepare_fold(one, (), 0) for one in (task, other))
    assert (clean.train.numeric == dirty.train.numeric).all()
    assert (clean.judged_index == judged).all()


ENCODED = (("target_encoding", "all"),)


def grouped_task(values=None, folds=3):
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 12, 120)
    levels = tuple(f"l{one}" for one in range(12))
    columns = (Column("c", Kind.CATEGORICAL, codes.astype(np.int32), levels),)
    own = codes + rng.normal(size=120)
    return task_from(
        "grouped", Problem.REGRESSION, columns, own if values is None else values, folds=folds
    )


@pytest.mark.parametrize("fold", [0, 1, 2])
def test_no_training_row_of_a_fold_has_its_own_target_in_its_features(fold):
    task = grouped_task()
    clean = prepare_fold(task, ENCODED, fold)
    for place in range(0, len(clean.train_index), 7):
        values = task.target.values.copy()
        values[clean.train_index[place]] += 50.0
        spoilt = prepare_fold(grouped_task(values), ENCODED, fold)
        assert np.array_equal(clean.train.numeric[place], spoilt.train.numeric[place])
        assert not np.array_equal(clean.train.numeric, spoilt.train.numeric)


@pytest.mark.parametrize("fold", [0, 1, 2])
def test_the_targets_of_judged_and_other_rows_reach_no_feature_of_a_fold(fold):
    task = grouped_task()
    clean = prepare_fold(task, ENCODED, fold)
    values = np.full(120, 1e3)
    values[clean.train_index] = task.target.values[clean.train_index]
    spoilt = prepare_fold(grouped_task(values), ENCODED, fold)
    assert np.array_equal(clean.train.numeric, spoilt.train.numeric)
    assert np.array_equal(clean.judged.numeric, spoilt.judged.numeric)
    assert clean.judged.numeric.std() > 0.5  # something is encoded


def test_the_same_fold_is_prepared_once():
    task, cache = task_of("wine", folds=2), FoldCache()
    first = cache.get(task, (("scaling", "standard"),), 0)
    assert cache.get(task, (("scaling", "standard"),), 0) is first
    assert cache.get(task, (("scaling", "robust"),), 0) is not first
    assert cache.get(task, (("scaling", "standard"),), 1) is not first


def test_the_oldest_goes_when_there_is_no_room_but_the_newest_stays():
    task = task_of("wine", folds=2)
    cache = FoldCache(limit=1)
    first = cache.get(task, (), 0)
    second = cache.get(task, (), 1)
    assert cache.get(task, (), 1) is second
    assert cache.get(task, (), 0) is not first


def test_it_travels_empty():
    task, cache = task_of("wine"), FoldCache(limit=10_000_000)
    cache.get(task, (), 0)
    assert len(pickle.dumps(cache)) < 200


def test_a_share_of_the_rows_is_drawn_by_the_seed():
    task = task_of("wine")
    whole = prepare_fold(task, (), 0)
    half = prepare_fold(task, (), 0, share=0.5, seed=1)
    again = prepare_fold(task, (), 0, share=0.5, seed=1)
    other = prepare_fold(task, (), 0, share=0.5, seed=2)
    assert len(half.train.numeric) == round(len(whole.train.numeric) / 2)
    assert (half.train_index == again.train_index).all()
    assert (half.train_index != other.train_index).any()
    assert np.isin(half.train_index, whole.train_index).all()
    assert len(half.judged.numeric) == len(whole.judged.numeric)
