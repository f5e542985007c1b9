"""The scikit-learn layer: conventions, frames, composition, and no trace on disk until ``save``."""

import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from coeval.estimators import ArchitectureClassifier, ArchitectureRegressor
from coeval.export.predictor import Predictor

NOT_EQUIVALENT = {
    "check_sample_weight_equivalence_on_dense_data": (
        "a weight of 2 scales a row's loss; a repeated row also changes batches, folds and splits"
    )
}


@pytest.mark.slow
@parametrize_with_checks(
    [
        ArchitectureClassifier(trials=2, random_state=0),
        ArchitectureRegressor(trials=2, random_state=0),
    ],
    expected_failed_checks=lambda estimator: NOT_EQUIVALENT,
)
def test_scikit_learns_own_checks_pass(estimator, check):
    check(estimator)


@pytest.fixture
def mixed() -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "size": rng.normal(size=160),
            "colour": rng.choice(["red", "green", "blue"], 160),
            "day": pd.date_range("2020-01-01", periods=160).astype(str),
        }
    )
    frame.loc[3, "size"] = np.nan
    frame.loc[4, "colour"] = None
    labels = np.where(frame.colour.eq("red") | (frame["size"] > 1), "yes", "no")
    return frame, labels


def test_a_frame_of_any_columns_is_taken(mixed):
    frame, labels = mixed
    model = ArchitectureClassifier(trials=3, random_state=0).fit(frame, labels)
    assert model.score(frame, labels) > 0.8
    assert model.classes_.tolist() == ["no", "yes"]
    assert model.predict_proba(frame).shape == (160, 2)


def test_a_polars_frame_gives_the_same_model(mixed):
    frame, labels = mixed
    made = [
        ArchitectureClassifier(trials=2, random_state=0).fit(one, labels).predict_proba(one)
        for one in (frame, pl.from_pandas(frame))
    ]
    assert np.array_equal(*made)


def test_equal_seeds_give_equal_models_and_others_do_not():
    X, y = load_diabetes(return_X_y=True)
    found = [
        ArchitectureRegressor(trials=3, random_state=seed).fit(X[:200], y[:200]).predict(X[200:])
        for seed in (0, 0, 1)
    ]
    assert np.array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])


def test_it_works_in_cross_validation_a_pipeline_and_a_grid():
    X, y = load_iris(return_X_y=True)
    model = make_pipeline(StandardScaler(), ArchitectureClassifier(trials=2, random_state=0))
    assert cross_val_score(model, X, y, cv=3).mean() > 0.85
    grid = GridSearchCV(
        ArchitectureClassifier(random_state=0), {"trials": [1, 2]}, cv=2, error_score="raise"
    )
    assert grid.fit(X, y).best_params_["trials"] in (1, 2)


def test_sample_weights_change_what_is_learnt():
    X, y = load_breast_cancer(return_X_y=True)
    weights = np.where(y == 1, 100.0, 1.0)
    plain = ArchitectureClassifier(trials=2, random_state=0).fit(X, y).predict(X)
    tilted = ArchitectureClassifier(trials=2, random_state=0).fit(X, y, weights).predict(X)
    assert (tilted == 1).sum() > (plain == 1).sum()


def test_nothing_is_written_until_save_and_save_needs_no_pickle(tmp_path: Path, monkeypatch, mixed):
    monkeypatch.chdir(tmp_path)
    frame, labels = mixed
    model = ArchitectureClassifier(trials=2, random_state=0).fit(frame, labels)
    assert list(tmp_path.iterdir()) == []
    folder = model.save(tmp_path / "model")
    found = Predictor(folder).predict(frame)
    assert np.array_equal(found.prediction.to_numpy(dtype=str), model.predict(frame))


def test_a_fitted_estimator_can_be_pickled_by_its_user():
    X, y = load_iris(return_X_y=True)
    model = ArchitectureClassifier(trials=2, random_state=0).fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    assert np.array_equal(again.predict_proba(X), model.predict_proba(X))
    assert clone(model).get_params() == model.get_params()


def test_bad_data_is_a_value_error():
    with pytest.raises(ValueError, match="at least 2 classes"):
        ArchitectureClassifier(trials=1).fit(np.ones((30, 2)), np.zeros(30))
    with pytest.raises(ValueError, match="NaN or infinity"):
        ArchitectureRegressor(trials=1).fit(np.ones((30, 2)), np.full(30, np.inf))
