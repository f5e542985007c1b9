"""Linear models, against scikit-learn's."""

import tracemalloc

import numpy as np
import pytest
import torch
from scipy import sparse
from sklearn.linear_model import LogisticRegression, Ridge

from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Columns, Tokens
from coeval.build.network import Network
from coeval.component.linear_model import LINEAR_MODEL
from coeval.space.recipe import Recipe
from coeval.task.metrics import metric
from coeval.task.table import Rows
from coeval.task.task import Problem
from coeval.train.data import Examples, TrainingData
from coeval.train.fit import Stopped, fit
from coeval.train.linear import PENALTIES, ROWS, _Features
from coeval.train.predict import predict

COLUMNS = Columns(3, (4, 6), (Tokens(3, 8),))
NAMES = {Problem.REGRESSION: "rmse", Problem.BINARY: "log_loss", Problem.MULTICLASS: "log_loss"}


def network(problem, columns=COLUMNS):
    outputs = 4 if problem is Problem.MULTICLASS else 1
    made = sequence(1, [step(LINEAR_MODEL, 0, outputs=outputs)])
    return Network(Architecture((columns,), made), seed=0)


def examples(problem, count=300, seed=0, columns=COLUMNS):
    rng = np.random.default_rng(seed)
    numeric = rng.normal(size=(count, columns.numeric)).astype(np.float32)
    if columns.numeric > 1:
        numeric[:, 1] += 5 + 10 * numeric[:, 0]  # features that go together, far from 0
    codes = np.stack([rng.integers(0, one, count) for one in columns.categories] or [[]], 1)
    codes = codes.astype(np.int64).reshape(count, len(columns.categories))
    lengths = sum(one.length for one in columns.texts)
    tokens = rng.integers(0, 8, (count, lengths)) * (rng.random((count, lengths)) < 0.8)
    signal = rng.normal(size=count) * 0.5
    signal += numeric[:, 0] if columns.numeric else 0.0
    signal += np.sin(codes[:, 0]) if columns.categories else 0.0
    signal += (tokens[:, 0] == 3) if lengths else 0.0
    target = {
        Problem.REGRESSION: 1000 + 50 * signal,
        Problem.BINARY: (signal > 0.5).astype(np.int64),
        Problem.MULTICLASS: np.digitize(signal, [-0.5, 0.5, 1.5]),
    }[problem]
    return Examples(Rows(numeric, codes, tokens), target)


def design(rows):
    """The features as scikit-learn takes them: numbers, one-hot codes, shares of words."""
    one_hot = [
        rows.codes[:, [column]] == np.arange(count)
        for column, count in enumerate(COLUMNS.categories)
    ]
    mask = rows.tokens > 0
    words = ((rows.tokens[:, :, None] == np.arange(8)) & mask[:, :, None]).sum(axis=1)
    words = words / np.maximum(mask.sum(axis=1), 1)[:, None]
    return np.concatenate([rows.numeric, *one_hot, words], axis=1).astype(np.float64)


@pytest.mark.parametrize("place", [5, 8, 12])
@pytest.mark.parametrize("problem", list(Problem))
def test_a_penalty_leads_to_what_scikit_learn_finds(problem, place):
    train, other = examples(problem), examples(problem, seed=1)
    made = network(problem)
    found = fit(
        made,
        TrainingData(problem, train),
        Recipe(),
        seed=0,
        schedule_epochs=len(PENALTIES),
        stop_after=place,
    )
    assert (found.epochs, found.best_epoch, found.engine) == (place, place, "linear")
    ours = predict(made, other.rows, problem, found.scale)
    penalty = PENALTIES[place - 1]
    given, asked = design(train.rows), design(other.rows)
    if problem is Problem.REGRESSION:
        theirs = Ridge(alpha=penalty).fit(given, train.target).predict(asked)
        np.testing.assert_allclose(ours, theirs, atol=1e-3 * np.std(theirs))
    else:
        model = LogisticRegression(C=1 / penalty, max_iter=10_000, tol=1e-8)
        theirs = model.fit(given, train.target).predict_proba(asked)
        np.testing.assert_allclose(ours, theirs, atol=2e-3)


@pytest.mark.parametrize("problem", list(Problem))
def test_the_penalty_that_is_best_on_validation_is_kept(problem):
    data = TrainingData(problem, examples(problem, 60), examples(problem, 200, seed=1))
    score = metric(NAMES[problem], problem)
    made = network(problem)
    found = fit(made, data, Recipe(), seed=0, metric=score)
    curve = found.curve[score.name]
    assert found.score == min(curve) == curve[found.best_epoch - 1]
    assert found.schedule_epochs == len(PENALTIES) > found.best_epoch > 1
    predicted = predict(made, data.validation.rows, problem, found.scale)
    assert score.score(data.validation.target, predicted, None) == pytest.approx(found.score)


def test_on_rows_of_one_class_the_penalty_is_not_the_strongest():
    problem = Problem.BINARY
    other = examples(problem, 200, seed=1)
    zeros = np.flatnonzero(other.target == 0)
    judged = Examples(other.rows.take(zeros), other.target[zeros])
    data = TrainingData(problem, examples(problem), judged)
    found = fit(network(problem), data, Recipe(), seed=0, metric=metric("roc_auc", problem))
    assert np.isnan(found.score)
    assert found.best_epoch > 3


@pytest.mark.parametrize("columns", [Columns(2), Columns(0, (5,)), Columns(0, (), (Tokens(3, 8),))])
def test_any_kind_of_column_will_do(columns):
    problem = Problem.BINARY
    data = TrainingData(
        problem, examples(problem, columns=columns), examples(problem, seed=1, columns=columns)
    )
    made = network(problem, columns)
    found = fit(made, data, Recipe(), seed=0, metric=metric("log_loss", problem))
    assert found.score < found.curve["log_loss"][0]


def test_a_row_of_weight_two_counts_as_two_rows():
    problem = Problem.BINARY
    train = examples(problem)
    doubled = Rows(*(np.concatenate([one, one[:100]]) for one in train.rows))
    repeated = Examples(doubled, np.concatenate([train.target, train.target[:100]]))
    weights = np.where(np.arange(300) < 100, 2.0, 1.0)
    # The penalty is for a row, of which there are fewer: far along the path that is no matter.
    outcome = []
    for given in (repeated, Examples(train.rows, train.target, weights)):
        made = network(problem)
        fit(made, TrainingData(problem, given), Recipe(), seed=0)
        outcome.append(predict(made, train.rows, problem)[:, 1])
    np.testing.assert_allclose(*outcome, atol=1e-2)


def test_balanced_classes_make_a_rare_one_likely():
    problem = Problem.BINARY
    known = examples(problem)
    rare = Examples(known.rows, known.target * (np.arange(300) % 3 == 0))
    likely = {}
    for how in ("none", "balanced"):
        made = network(problem)
        fit(made, TrainingData(problem, rare), Recipe(class_weights=how), seed=0)
        likely[how] = predict(made, known.rows, problem)[:, 1].mean()
    assert likely["none"] == pytest.approx(rare.target.mean(), abs=0.01)
    assert likely["balanced"] > 2 * likely["none"]


def test_a_class_without_rows_is_unlikely():
    problem = Problem.MULTICLASS
    train = examples(problem)
    few = np.flatnonzero(train.target != 2)
    data = TrainingData(problem, Examples(train.rows.take(few), train.target[few]))
    made = network(problem)
    fit(made, data, Recipe(), seed=0)
    found = predict(made, train.rows, problem)
    assert np.isfinite(found).all()
    assert found[:, 2].max() < 1e-3


def test_it_ends_when_it_is_told_to_and_keeps_the_best_so_far():
    problem = Problem.BINARY
    data = TrainingData(problem, examples(problem), examples(problem, seed=1))
    asked = iter(range(1000))
    found = fit(
        network(problem),
        data,
        Recipe(),
        seed=0,
        metric=metric("log_loss", problem),
        should_stop=lambda: next(asked) > 12,
    )
    assert found.stopped is Stopped.ASKED
    assert 1 <= found.epochs < 14
    told = fit(
        network(problem),
        data,
        Recipe(),
        seed=0,
        metric=metric("log_loss", problem),
        on_epoch=lambda epoch, values: epoch < 2,
    )
    assert (told.epochs, told.stopped) == (2, Stopped.ASKED)


def test_before_it_is_fitted_it_says_nothing():
    made = network(Problem.BINARY)
    rows = [torch.tensor(one) for one in examples(Problem.BINARY, 3).rows]
    assert torch.equal(made(*rows), torch.zeros(3, 1))


def features_of(rows, levels):
    """Two numbers and the codes of one column, and weights of the rows."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, levels, rows)
    others = sparse.csr_matrix((np.ones(rows), codes, np.arange(rows + 1)), shape=(rows, levels))
    numbers, weights = rng.normal(size=(rows, 2)), rng.random(rows)
    weights /= weights.sum()
    means = np.concatenate([weights @ numbers, others.T @ weights])
    return _Features(numbers, others, means), weights


@pytest.mark.parametrize("rows", [50, 4096, ROWS, 2 * ROWS + 7])
def test_principal_axes_are_those_of_the_rows_written_out(rows):
    features, weights = features_of(rows, 5)
    step = -(-rows // ROWS)
    whole = np.concatenate([features.numbers, features.others.toarray()], axis=1) - features.means
    expected = (whole[::step].T * weights[::step] * step) @ whole[::step]
    vectors, values = features.axes(weights)
    np.testing.assert_allclose((vectors * values) @ vectors.T, expected, atol=1e-12)
    assert (values >= 0).all()


def test_principal_axes_of_many_rows_take_little_memory():
    features, weights = features_of(ROWS, 200)
    tracemalloc.start()
    try:
        features.axes(weights)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 0.4 * ROWS * 202 * 8
