"""Gradient-boosted trees as a module."""

import numpy as np
import pytest
import torch

from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Columns
from coeval.build.modules.trees import TreeEnsemble
from coeval.build.network import network_for
from coeval.build.weights import arrays, load
from coeval.component.head import VALUE_HEAD
from coeval.component.trees import TREE_ENSEMBLE
from coeval.task.metrics import metric
from coeval.task.table import Rows
from coeval.task.task import Problem
from coeval.train import trees, trees_lightgbm, trees_sklearn
from coeval.train.data import Examples, Scale, TrainingData
from coeval.train.trees import grow
from coeval.train.trees_stored import at_most, without_empty
from coeval.train.trees_table import Learnt

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


@pytest.fixture(params=["scikit-learn", "lightgbm"])
def library(request, monkeypatch):
    """Grow trees by one library or the other."""
    if request.param == "lightgbm":
        pytest.importorskip("lightgbm")
    monkeypatch.setattr(trees, "is_installed", lambda: request.param == "lightgbm")
    return request.param


def raw_scores(library, kept, table):
    """Return what the library itself computes from the trees that were kept."""
    if library == "lightgbm":
        return kept[-1].predict(table, raw_score=True).reshape(len(table), -1)
    return kept[-1]._raw_predict(table)


@pytest.fixture
def kept(monkeypatch):
    """Collect the models that the libraries make."""
    found = []
    load, read = trees_sklearn.load, trees_lightgbm.trees_of
    monkeypatch.setattr(trees_sklearn, "load", lambda *a: (found.append(a[1]), load(*a))[1])
    monkeypatch.setattr(trees_lightgbm, "trees_of", lambda *a: (found.append(a[0]), read(*a))[1])
    return found


@pytest.mark.parametrize("problem", list(Problem))
def test_the_module_computes_what_the_library_computes(problem, library, kept):
    data = data_of(problem)
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
    numeric[np.abs(numeric) < 0.05] = 0.5  # thresholds beside 0 are moved
    raw = raw_scores(library, kept, np.concatenate([numeric, codes.astype(np.float32)], axis=1))
    ours = ensemble((torch.tensor(numeric), torch.tensor(codes), torch.tensor(tokens)))
    assert np.allclose(ours.detach().numpy(), raw, atol=1e-5)


@pytest.mark.parametrize("problem", list(Problem))
def test_growing_stops_early_and_keeps_the_best_rounds(problem, library):
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


def test_on_rows_of_one_class_growing_does_not_stop_at_the_first_round(library):
    data = data_of(Problem.BINARY)
    zeros = np.flatnonzero(data.validation.target == 0)
    judged = Examples(data.validation.rows.take(zeros), data.validation.target[zeros])
    ensemble = TreeEnsemble(columns=5, outputs=1, rounds=50, leaves=15)
    given = TrainingData(Problem.BINARY, data.train, judged)
    score = metric("roc_auc", Problem.BINARY)
    found = grow(ensemble, SETTINGS, given, seed=1, metric=score)
    assert np.isnan(found.score)
    assert found.best_epoch > 10


def walked(ensemble, row):
    """Return what a row's trees add, a node at a time."""
    total = ensemble.offset.detach().numpy().astype(np.float64)
    names = ("feature", "threshold", "left", "right", "value")
    arrays = {name: getattr(ensemble, name).detach().numpy() for name in names}
    for number, output in np.ndindex(arrays["value"].shape[:2]):
        one = {name: array[number, output] for name, array in arrays.items()}
        node = 0
        while one["left"][node] != node:
            is_left = row[one["feature"][node]] <= one["threshold"][node]
            node = one["left" if is_left else "right"][node]
        total[output] += one["value"][node]
    return total


@pytest.mark.parametrize("problem", [Problem.REGRESSION, Problem.MULTICLASS])
def test_a_row_ends_in_the_leaf_that_a_walk_a_node_at_a_time_ends_in(problem):
    outputs = 4 if problem is Problem.MULTICLASS else 1
    ensemble = TreeEnsemble(columns=5, outputs=outputs, rounds=20, leaves=15)
    grow(ensemble, SETTINGS, TrainingData(problem, labelled(500, problem)), seed=0, share=0.9)
    numeric, codes, tokens = rows(60)
    of_numbers = ensemble.threshold[ensemble.feature < 3].numpy()
    numeric[:20] = RNG.choice(of_numbers, size=(20, 3))  # right on a threshold
    numeric[20:24] = [[np.inf] * 3, [-np.inf] * 3, [np.nan] * 3, [0.0] * 3]
    found = ensemble((torch.tensor(numeric), torch.tensor(codes), torch.tensor(tokens)))
    table = np.concatenate([numeric, codes.astype(np.float32)], axis=1)
    expected = [walked(ensemble, row) for row in table]
    assert np.allclose(found.detach().numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("seen", [[0, 2], [1, 2], [0, 2, 3], [1], [3]])
def test_trees_stand_at_the_classes_that_rows_are_of(seen, library):
    known = labelled(400, Problem.BINARY)
    bounds = [0.0, 0.7][: len(seen) - 1]
    target = np.array(seen)[np.digitize(known.rows.numeric[:, 0], bounds)]
    ensemble = TreeEnsemble(columns=5, outputs=4, rounds=40, leaves=15)
    given = TrainingData(Problem.MULTICLASS, Examples(known.rows, target))
    grow(ensemble, {**SETTINGS, "shrinkage": 0.2}, given, seed=1)
    said = ensemble(tuple(map(torch.tensor, known.rows))).softmax(dim=1).detach().numpy()
    absent = [one for one in range(4) if one not in seen]
    assert (said.argmax(axis=1) == target).mean() > 0.97
    assert 0 < said[:, absent].max() < 1e-3


@pytest.mark.parametrize("only", [0, 1])
def test_of_two_classes_the_only_one_seen_is_all_but_certain(only, library):
    known = labelled(100, Problem.BINARY)
    data = TrainingData(
        Problem.BINARY, Examples(known.rows, np.full(100, only)), labelled(50, Problem.BINARY)
    )
    ensemble = TreeEnsemble(columns=5, outputs=1, rounds=10, leaves=15)
    judged = metric("log_loss", Problem.BINARY)
    found = grow(ensemble, SETTINGS, data, seed=1, metric=judged)
    said = ensemble(tuple(map(torch.tensor, known.rows))).sigmoid().detach().numpy()
    assert found.best_epoch == 1
    assert np.abs(said - only).max() < 1e-4


def test_thresholds_split_float32_numbers_as_before():
    numbers = np.sort(RNG.normal(size=1000).astype(np.float32))
    thresholds = (numbers[1:].astype(np.float64) + numbers[:-1]) / 2
    narrow = at_most(thresholds)
    assert (numbers[:-1] <= narrow).all()
    assert (numbers[1:] > narrow)[numbers[1:] > numbers[:-1]].all()


def test_small_steps_are_given_more_rounds_to_get_better(library):
    data = data_of(Problem.BINARY, count=200)
    judged = metric("log_loss", Problem.BINARY)
    waited = []
    for shrinkage in (0.2, 0.05):
        ensemble = TreeEnsemble(columns=5, outputs=1, rounds=400, leaves=15)
        found = grow(ensemble, {**SETTINGS, "shrinkage": shrinkage}, data, seed=1, metric=judged)
        waited.append(found.epochs - found.best_epoch)
    assert waited == [20, 40]


def test_a_growth_ends_when_it_is_told_to(library):
    data = TrainingData(Problem.BINARY, labelled(200, Problem.BINARY))
    asked = iter([False, False, True])
    ensemble = TreeEnsemble(columns=5, outputs=1, rounds=50, leaves=15)
    found = grow(ensemble, SETTINGS, data, seed=1, should_stop=lambda: next(asked))
    assert found.epochs == 3
    assert ensemble.value[2].any()
    assert not ensemble.value[3:].any()


def test_a_target_that_cannot_be_split_is_its_mean(library):
    known = labelled(200, Problem.REGRESSION)
    flat = Examples(known.rows, np.full(200, 7.0))
    ensemble = TreeEnsemble(columns=5, outputs=1, rounds=50, leaves=15)
    found = grow(ensemble, SETTINGS, TrainingData(Problem.REGRESSION, flat), seed=1)
    ours = ensemble(tuple(map(torch.tensor, known.rows))).detach().numpy()
    assert found.scale.mean == 7.0
    assert np.allclose(ours, 0.0, atol=1e-6)


def test_weights_of_rows_count_in_both_libraries(library):
    known = labelled(400, Problem.BINARY)
    found = []
    for share in (1.0, 9.0):
        weights = np.where(known.target == 1, share, 1.0)
        data = TrainingData(Problem.BINARY, Examples(known.rows, known.target, weights))
        ensemble = TreeEnsemble(columns=5, outputs=1, rounds=20, leaves=15)
        grow(ensemble, SETTINGS, data, seed=1)
        found.append(ensemble(tuple(map(torch.tensor, known.rows))).mean().item())
    assert found[1] > found[0] + 0.5


def test_weights_count_in_relation_to_each_other_alone(library):
    known = labelled(400, Problem.REGRESSION)
    found = []
    for scale in (1.0, 2.0**-20):
        data = TrainingData(
            Problem.REGRESSION, Examples(known.rows, known.target, np.full(400, scale))
        )
        ensemble = TreeEnsemble(columns=5, outputs=1, rounds=10, leaves=15)
        grow(ensemble, {**SETTINGS, "penalty": 10.0}, data, seed=1)
        found.append(ensemble(tuple(map(torch.tensor, known.rows))).detach().numpy())
    assert np.ptp(found[1]) > 0.5
    assert (found[1] == found[0]).all()


def trees_of(rounds, leaves=15):
    settings = {**SETTINGS, "rounds": rounds, "leaves": leaves, "outputs": 1}
    return Architecture(
        (Columns(3, (5, 5), ()),), sequence(1, [step(TREE_ENSEMBLE, 0, **settings)])
    )


def test_rounds_and_nodes_that_were_not_needed_are_left_out():
    data, architecture = data_of(Problem.BINARY), trees_of(200, leaves=40)
    network = network_for(architecture)
    (ensemble,) = network.values()
    judged = metric("log_loss", Problem.BINARY)
    found = grow(ensemble, SETTINGS, data, seed=1, metric=judged)  # of at most 15 leaves
    fewer, weights = without_empty(architecture, arrays(network))
    small = network_for(fewer)
    load(small, weights)
    assert fewer == trees_of(found.best_epoch) != architecture
    asked = tuple(map(torch.tensor, rows(50)))
    assert torch.equal(small(*asked), network(*asked))


def test_trees_that_say_nothing_keep_a_round_and_networks_what_they_have():
    network = network_for(trees_of(50))
    assert without_empty(trees_of(50), arrays(network))[0] == trees_of(1, leaves=2)
    plain = Architecture((Columns(3, (5, 5), ()),), sequence(1, [step(VALUE_HEAD, 0)]))
    assert without_empty(plain, {}) == (plain, {})


def test_no_split_of_lightgbm_stands_beside_zero(monkeypatch):
    pytest.importorskip("lightgbm")
    monkeypatch.setattr(trees, "is_installed", lambda: True)
    data = data_of(Problem.REGRESSION)
    steps = np.round(2 * data.train.rows.numeric)  # zeros between -0.5 and 0.5
    target = np.where(steps[:, 0] > 0, 1.0, 0.0) + np.where(steps[:, 1] < 0, 1.0, 0.0)
    grown = Examples(Rows(steps, *data.train.rows[1:]), target)
    ensemble = TreeEnsemble(columns=5, outputs=1, rounds=10, leaves=4)
    grow(ensemble, {**SETTINGS, "leaves": 4}, TrainingData(Problem.REGRESSION, grown), seed=0)
    own = torch.arange(ensemble.left.shape[2])
    splits = ensemble.threshold[(ensemble.left > 0) & (ensemble.left != own)]
    assert {-0.5, 0.5} <= set(splits.tolist())
    asked = tuple(map(torch.tensor, grown.rows))
    noise = torch.tensor(RNG.choice([-1e-17, 0, 1e-17], size=steps.shape), dtype=torch.float32)
    assert torch.equal(ensemble((asked[0] + noise, *asked[1:])), ensemble(asked))


def test_a_threshold_beside_zero_moves_between_the_numbers_that_it_parts():
    table = np.array([[-3, 0], [-1, 0], [0, 0], [2, 1]], np.float32)
    tree = trees_lightgbm.Tree(
        feature=np.array([0, 1, 0, 0, 0]),
        threshold=np.array([-1e-35, 1e-35, 0.7, 0.0, 0.0]),
        left=np.array([1, 2, 2, 3, 4]),
        right=np.array([4, 3, 2, 3, 4]),
        value=np.arange(5.0),
        depth=2,
    )
    moved = trees_lightgbm.apart(tree, trees_lightgbm.beside_zero(table))
    assert moved.threshold == pytest.approx([-0.5, 0.5, 0.7, 0, 0])


def test_what_is_nothing_beside_a_columns_numbers_is_zero_for_trees():
    numeric = np.array([[-8e-18, 1e-12], [3.0, 2e-12]], np.float32)
    none = np.zeros((2, 0), np.int64)
    examples = Examples(Rows(numeric, none, none), np.zeros(2))
    ensemble = TreeEnsemble(columns=2, outputs=1, rounds=1, leaves=2)
    table = Learnt.of(examples, Problem.BINARY, Scale(0.0, 1.0), ensemble).table
    np.testing.assert_array_equal(table, [[0, np.float32(1e-12)], [3, np.float32(2e-12)]])


def test_indicators_let_one_split_tell_a_level_from_all_others(library):
    codes = 1 + np.tile(np.arange(5), 80)[:, None]
    nothing = np.zeros((400, 1), np.float32)
    given = Rows(nothing, codes, np.zeros((400, 0), np.int64))
    target = (codes[:, 0] == 3).astype(np.float64)
    data = TrainingData(Problem.REGRESSION, Examples(given, target))

    def left(indicators):
        """Return the greatest error of trees of a single split."""
        ensemble = TreeEnsemble(columns=2, outputs=1, rounds=100, leaves=2, indicators=indicators)
        fitted = grow(ensemble, {**SETTINGS, "leaves": 2}, data, seed=0)
        said = ensemble(tuple(map(torch.tensor, given))).detach().numpy()[:, 0]
        return np.abs(said * fitted.scale.std + fitted.scale.mean - target).max()

    assert left((3,)) < 0.01
    assert left(()) > 0.1


@pytest.mark.parametrize("drawn", [{"rows": 0.6}, {"splits": "random"}])
def test_lightgbm_draws_rows_and_thresholds_by_the_seed(drawn):
    pytest.importorskip("lightgbm")
    data = TrainingData(Problem.REGRESSION, labelled(400, Problem.REGRESSION))

    def grown(settings, seed):
        ensemble = TreeEnsemble(columns=5, outputs=1, rounds=10, leaves=15)
        grow(ensemble, {**SETTINGS, **settings}, data, seed=seed)
        return ensemble.threshold

    assert torch.equal(grown(drawn, 1), grown(drawn, 1))
    assert not torch.equal(grown(drawn, 1), grown(drawn, 2))
    assert torch.equal(grown({}, 1), grown({}, 2))
