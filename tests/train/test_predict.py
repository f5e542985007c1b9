import numpy as np
import pytest

from coeval.task.task import Problem
from coeval.train import memory
from coeval.train.data import Scale
from coeval.train.predict import predict
from tests.train.problems import mlp, rows_of


@pytest.mark.parametrize(
    ("problem", "shape"),
    [(Problem.BINARY, (9, 2)), (Problem.MULTICLASS, (9, 4)), (Problem.REGRESSION, (9,))],
)
def test_predictions_are_float64_of_the_documented_shape(problem, shape):
    found = predict(mlp(problem), rows_of(np.random.default_rng(0).normal(size=(9, 2))), problem)
    assert found.shape == shape
    assert found.dtype == np.float64
    if problem is not Problem.REGRESSION:
        np.testing.assert_allclose(found.sum(axis=1), 1.0, atol=1e-12)


def test_values_are_scaled_back_to_the_users_units():
    rows = rows_of(np.random.default_rng(0).normal(size=(9, 2)))
    network = mlp(Problem.REGRESSION)
    plain = predict(network, rows, Problem.REGRESSION)
    scaled = predict(network, rows, Problem.REGRESSION, Scale(100.0, 7.0))
    np.testing.assert_allclose(scaled, 100.0 + 7.0 * plain)


def test_chunks_do_not_change_predictions(monkeypatch):
    rows = rows_of(np.random.default_rng(0).normal(size=(50, 2)))
    network = mlp(Problem.MULTICLASS)
    whole = predict(network, rows, Problem.MULTICLASS)
    monkeypatch.setattr(memory, "PREDICTED_ROWS", 7)
    np.testing.assert_allclose(predict(network, rows, Problem.MULTICLASS), whole, atol=1e-6)


def test_a_logit_far_out_keeps_both_probabilities():
    network = mlp(Problem.BINARY)
    network["3"].weight.data.zero_()
    network["3"].bias.data.fill_(40.0)
    found = predict(network, rows_of(np.zeros((1, 2))), Problem.BINARY)
    assert 0 < found[0, 0] < 1e-17


def test_no_rows_give_no_predictions():
    assert predict(
        mlp(Problem.MULTICLASS), rows_of(np.zeros((0, 2))), Problem.MULTICLASS
    ).shape == (0, 4)
