"""Forests: what scikit-learn's trees say together, in our module and in ONNX Runtime."""

import numpy as np
import pytest
import torch

from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Columns
from coeval.build.network import network_for
from coeval.build.weights import arrays, load
from coeval.component.trees import FOREST
from coeval.export.onnx_trees import trees_graph
from coeval.space.tabular import space_for
from coeval.space.trees import FOREST_NODES, forest_space
from coeval.task.metrics import metric
from coeval.task.preparation import columns_for
from coeval.testing.spaces import check_space
from coeval.train import trees_forest
from coeval.train.data import Examples, TrainingData
from coeval.train.predict import predictions_of
from coeval.train.trees import grow
from coeval.train.trees_stored import without_empty
from coeval.train.trees_walk import ensemble_of
from tests.evaluate.tasks import task_of
from tests.export.test_onnx_trees import run
from tests.train.test_trees import Problem, data_of, labelled, rows

KINDS = {Problem.BINARY: "logit", Problem.MULTICLASS: "classes", Problem.REGRESSION: "value"}


def forest_for(problem, **settings):
    outputs = 4 if problem is Problem.MULTICLASS else 1
    shape = {"rounds": 20, "leaves": 500, "outputs": outputs, "kind": KINDS[problem]}
    one = step(FOREST, 0, **{**shape, **settings})
    architecture = Architecture((Columns(3, (5, 5), ()),), sequence(1, [one]))
    network = network_for(architecture)
    return architecture, network, *ensemble_of(network)


@pytest.fixture
def kept(monkeypatch):
    """Collect scikit-learn's trees."""
    found, read = [], trees_forest._tree
    monkeypatch.setattr(trees_forest, "_tree", lambda *a: (found.append(a[0]), read(*a))[1])
    return found


def shares_of(grown, problem, table):
    """Return what scikit-learn's own trees say of rows in the mean: values, or votes for each class."""
    if problem is Problem.REGRESSION:
        return np.mean([one.predict(table) for one in grown], axis=0)[:, None]
    each = np.array([one.predict_proba(table) for one in grown])
    if problem is Problem.BINARY:
        return each.mean(axis=0)
    return np.mean([one.argmax(axis=1)[:, None] == np.arange(4) for one in each], axis=0)


@pytest.mark.parametrize("splits", ["random", "best"])
@pytest.mark.parametrize("problem", list(Problem))
def test_a_forest_says_what_its_trees_say_in_the_mean(problem, splits, kept):
    _, _, forest, settings = forest_for(problem, splits=splits, least=3, smoothing=0.5)
    known = labelled(400, problem)
    found = grow(forest, settings, TrainingData(problem, known), seed=1)
    assert found.epochs == found.best_epoch == 20
    asked = rows(200)
    table = np.concatenate([asked.numeric, asked.codes.astype(np.float32)], axis=1)
    shares = shares_of(kept, problem, table)
    ours = forest(tuple(map(torch.tensor, asked)))
    if problem is Problem.REGRESSION:
        assert np.allclose(ours.detach().numpy(), shares, atol=1e-5)
    else:
        expected = (20 * shares + 0.5) / (20 + 0.5 * shares.shape[1])
        chances = torch.sigmoid(ours) if problem is Problem.BINARY else torch.softmax(ours, dim=1)
        assert np.allclose(chances.detach().numpy()[:, -1], expected[:, -1], atol=1e-5)


@pytest.mark.parametrize("label", [0, 1])
def test_the_only_class_of_the_rows_is_the_likely_one(label):
    _, _, forest, settings = forest_for(Problem.BINARY)
    known = rows(100)
    data = TrainingData(Problem.BINARY, Examples(known, np.full(100, label)))
    grow(forest, settings, data, seed=0)
    chances = torch.sigmoid(forest(tuple(map(torch.tensor, known))))
    assert (chances > 0.9).all() if label else (chances < 0.1).all()


@pytest.mark.parametrize("problem", list(Problem))
def test_onnx_runtime_computes_what_the_module_computes(problem):
    architecture, network, forest, settings = forest_for(problem)
    grow(forest, settings, TrainingData(problem, labelled(400, problem)), seed=0, share=0.5)
    asked = rows(300)
    ours = network(*map(torch.tensor, asked)).detach().numpy()
    fewer, weights = without_empty(architecture, arrays(network))
    assert dict(fewer.body.steps[0].settings)["rounds"] == 10
    again = network_for(fewer)
    load(again, weights)
    graph = trees_graph(ensemble_of(again)[0], Columns(3, (5, 5), ()))
    theirs = run(graph, {"numeric": asked.numeric, "codes": asked.codes})
    assert np.abs(theirs - ours).max() < 1e-4
    assert np.ptp(ours) > 0.5


@pytest.mark.parametrize("problem", list(Problem))
def test_each_tree_is_scored_with_those_before_it_and_all_are_kept(problem):
    _, _, forest, settings = forest_for(problem)
    data = data_of(problem)
    judged = metric("rmse" if problem is Problem.REGRESSION else "log_loss", problem)
    found = grow(forest, settings, data, seed=0, metric=judged)
    (curve,) = found.curve.values()
    assert found.best_epoch == len(curve) == 20
    assert found.score == curve[-1] < 0.9 * curve[0]
    # The whole forest is scored as its last tree was.
    outputs = forest(tuple(map(torch.tensor, data.validation.rows))).detach()
    whole = predictions_of(outputs, problem, found.scale)
    assert judged.score(data.validation.target, whole, None) == pytest.approx(found.score, rel=1e-4)


def test_rows_of_no_weight_are_not_learnt_from():
    _, _, forest, settings = forest_for(Problem.BINARY, splits="best")
    known = labelled(300, Problem.BINARY)
    first = np.arange(300) < 150
    target = np.where(first, known.target, 1 - known.target)
    weighted = type(known)(known.rows, target, first.astype(np.float64))
    grow(forest, settings, TrainingData(Problem.BINARY, weighted), seed=0)
    agree = (forest(tuple(map(torch.tensor, known.rows)))[:, 0] > 0).numpy() == known.target
    assert agree[first].mean() > 0.95
    assert agree[~first].mean() > 0.7  # by the unweighted rows it would be below one half


def test_a_class_that_no_row_of_training_has_is_not_impossible():
    _, _, forest, settings = forest_for(Problem.MULTICLASS)
    known = labelled(300, Problem.MULTICLASS)
    target = np.where(known.target == 1, 2, known.target)
    grow(
        forest, settings, TrainingData(Problem.MULTICLASS, type(known)(known.rows, target)), seed=0
    )
    outputs = forest(tuple(map(torch.tensor, known.rows)))
    assert torch.isfinite(outputs).all()
    assert (outputs.argmax(dim=1) != 1).all()
    assert (outputs.argmax(dim=1).numpy() == target).mean() > 0.95


def test_forests_are_a_space_within_bounds():
    task = task_of("wine")
    space = forest_space(task, columns_for({}, task.table, task.splits.train))
    check_space(space)
    sizes = [dict(one.body.steps[0].settings) for one in space]
    assert max(one["rounds"] * 2 * one["leaves"] for one in sizes) <= FOREST_NODES
    # A tree has no more leaves than rows.
    assert {one["leaves"] for one in sizes} == {256}
    assert {(one["kind"], one["outputs"]) for one in sizes} == {("classes", 3)}


def test_the_seeds_are_forests_of_both_kinds():
    seeds = space_for(task_of("wine"), models="all").seeds()
    found = [
        dict(seeds[name].architecture.body.steps[0].settings) for name in ("forest", "best_forest")
    ]
    assert [one["splits"] for one in found] == ["random", "best"]
    assert [one["least"] for one in found] == [1, 2]
