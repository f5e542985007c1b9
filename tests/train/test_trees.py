"""Gradient-boosted trees as a module."""

import numpy as np
import pytest
import torch

from coeval.build.modules.trees import TreeEnsemble
from coeval.component.trees import TREE_ENSEMBLE
from coeval.task.metrics import metric
from coeval.task.table import Rows
from coeval.task.task import Problem
from coeval.train.data import Examples, TrainingData
from coeval.train.trees import _at_most, grow, load

SETTINGS = dict(TREE_ENSEMBLE.complete({"leaves": 15}))
RNG = np.random.default_rng(0)


def rows(count):
    numeric = RNG.normal(size=(count, 3)).astype(np.float32)
    codes = RNG.integers(0, 5, size=(count, 2))
    return Rows(numeric, codes, np.zeros((count, 0), np.int64))


def labelled(count, problem):
    given = rows(count)
    signal = given.numeric[:, 0] + (given.codes[:, 0] > 2) + 0.3 * RNG.normal(size=count)
    if problem is Problem.REGRESSION:
        return Examples(given, 100 + 5 * signal.astype(np.float64))
    if problem is Problem.BINARY:
        return Examples(given, (signal > 0.5).astype(np.int64))
    return Examples(given, np.digitize(signal, [-0.5, 0.5, 1.2]))


def data_of(problem, count=600):
    return TrainingData(problem, labelled(count, problem), labelled(count // 2, problem))


@pytest.mark.parametrize("problem", list(Problem))
def test_the_module_computes_what_scikit_learn_computes(problem, monkeypatch):
    data = data_of(problem)
    kept = []
    monkeypatch.setattr("coeval.train.trees.load", lambda *a: (kept.append(a[1]), load(*a)))
    ensemble = TreeEnsemble(
        columns=5, outputs=4 if problem is Problem.MULTICLASS else 1, rounds=40, leaves=15
    )
    name = "rmse" if problem is Problem.REGRESSION else "log_loss"
    found = grow(
        ensemble,
        SETTINGS,
        TrainingData(problem, data.train),
        seed=1,
        share=0.75,
        metric=metric(name, problem),
    )
    assert found.epochs == found.best_epoch == 30
    numeric, codes, tokens = data.validation.rows
    raw = kept[-1]._raw_predict(np.concatenate([numeric, codes.astype(np.float32)], axis=1))
    ours = ensemble((torch.tensor(numeric), torch.tensor(codes), torch.tensor(tokens)))
    assert np.allclose(ours.detach().numpy(), raw, atol=1e-5)


@pytest.mark.parametrize("problem", list(Problem))
def test_growing_stops_early_and_keeps_the_best_rounds(problem):
    data = data_of(problem)
    outputs = 4 if problem is Problem.MULTICLASS else 1
    ensemble = TreeEnsemble(columns=5, outputs=outputs, rounds=200, leaves=31)
    name = "rmse" if problem is Problem.REGRESSION else "log_loss"
    quick = {**SETTINGS, "shrinkage": 0.3, "leaves": 31}
    found = grow(ensemble, quick, data, seed=1, metric=metric(name, problem))
    curve = found.curve[name]
    assert found.epochs < 200
    assert found.score == min(curve) == curve[found.best_epoch - 1]
    assert not ensemble.value[found.best_epoch :].any()
    assert found.score < 0.8 * curve[0]


def test_thresholds_split_float32_numbers_as_before():
    numbers = np.sort(RNG.normal(size=1000).astype(np.float32))
    thresholds = (numbers[1:].astype(np.float64) + numbers[:-1]) / 2
    narrow = _at_most(thresholds)
    assert (numbers[:-1] <= narrow).all()
    assert (numbers[1:] > narrow)[numbers[1:] > numbers[:-1]].all()
