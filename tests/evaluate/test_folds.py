"""Prepared folds: fitted on training rows alone, kept while there is room."""

import dataclasses
import pickle

import numpy as np

from coeval.evaluate.folds import FoldCache, prepare_fold
from coeval.task.table import Column, Table
from tests.evaluate.tasks import task_of


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
