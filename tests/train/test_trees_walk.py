"""Compiled loops send rows to the leaves that the module sends them to."""

import numpy as np
import pytest
import torch

from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Columns
from coeval.build.modules.trees import TreeEnsemble
from coeval.build.network import network_for
from coeval.component.trees import TREE_ENSEMBLE
from coeval.task.metrics import metric
from coeval.task.table import Rows
from coeval.task.task import Problem
from coeval.train import trees
from coeval.train.data import UNSCALED, TrainingData
from coeval.train.predict import predict
from coeval.train.trees import grow
from coeval.train.trees_walk import added, ensemble_of
from tests.train.test_trees import data_of, labelled, rows
from tests.train.test_trees_forest import forest_for


def boosted_for(problem):
    outputs = 4 if problem is Problem.MULTICLASS else 1
    one = step(TREE_ENSEMBLE, 0, rounds=20, leaves=15, outputs=outputs, indicators=8)
    return network_for(Architecture((Columns(3, (5, 5), ()),), sequence(1, [one])))


def grown(problem, *, is_forest):
    network = forest_for(problem)[1] if is_forest else boosted_for(problem)
    grow(*ensemble_of(network), TrainingData(problem, labelled(500, problem)), seed=0, share=0.9)
    return network


def awkward(network):
    """Return rows right on thresholds, and of numbers that are none."""
    numeric, codes, tokens = rows(5000)
    (known,) = network.values()
    numeric[:20] = np.random.default_rng(0).choice(known.threshold[known.feature < 3], size=(20, 3))
    numeric[20:24] = [[np.inf] * 3, [-np.inf] * 3, [np.nan] * 3, [0.0] * 3]
    return Rows(numeric, codes, tokens)


@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
@pytest.mark.parametrize("is_forest", [False, True])
@pytest.mark.parametrize("problem", list(Problem))
def test_a_row_gets_what_the_module_says(problem, is_forest, kind):
    network = grown(problem, is_forest=is_forest).to(kind)
    given = awkward(network)
    numeric, codes, tokens = (torch.tensor(one) for one in given)
    with torch.inference_mode():
        raw = network(numeric.to(kind), codes, tokens).double()
    said = predict(network, given, problem, UNSCALED)
    own = raw[:, 0] if problem is Problem.REGRESSION else raw.softmax(dim=1)
    own = torch.cat([-raw, raw], dim=1).sigmoid() if problem is Problem.BINARY else own
    np.testing.assert_allclose(said, own.numpy(), rtol=1e-5, atol=1e-6)


def test_each_round_adds_its_own():
    network = grown(Problem.MULTICLASS, is_forest=False)
    (ensemble,) = network.values()
    assert isinstance(ensemble, TreeEnsemble)
    row = ensemble.features(tuple(torch.tensor(one) for one in rows(100)))
    parts = [added(ensemble, row, number, number + 1) for number in range(18)]
    whole = added(ensemble, row, 0, 20)
    assert all(one.any() for one in parts)
    assert torch.allclose(sum(parts), whole, atol=1e-5)


@pytest.mark.parametrize("is_forest", [False, True])
def test_growing_finds_what_it_finds_by_the_module(is_forest, monkeypatch):
    found, data = [], data_of(Problem.MULTICLASS)
    judge = metric("log_loss", Problem.MULTICLASS)
    for way in (added, TreeEnsemble.rounds):
        monkeypatch.setattr(trees, "added", way)
        network = forest_for(Problem.MULTICLASS)[1] if is_forest else boosted_for(Problem.MULTICLASS)  # fmt: skip
        found.append(grow(*ensemble_of(network), data, seed=0, metric=judge).score)
    assert found[0] == pytest.approx(found[1], rel=1e-6)


def test_an_accelerators_trees_are_walked_there():
    ensemble = TreeEnsemble(columns=5, outputs=1, rounds=2, leaves=4).to("meta")
    row = ensemble.features(tuple(torch.tensor(one).to("meta") for one in rows(10)))
    with pytest.raises((RuntimeError, NotImplementedError), match="meta"):  # the module's own way
        added(ensemble, row, 0, 2)
