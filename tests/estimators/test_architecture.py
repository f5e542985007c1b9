"""The scikit-learn layer: conventions, frames, composition, and no trace on disk until ``save``."""

import functools
import pickle
import signal
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.metrics import accuracy_score, f1_score, mean_absolute_error
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks
from typer.main import get_command

from coeval.architecture.inference import infer
from coeval.cli.app import app
from coeval.errors import BudgetError, SpaceError
from coeval.estimators import ArchitectureClassifier, ArchitectureRegressor
from coeval.export.predictor import Predictor
from coeval.run import memory_fit
from coeval.trial import State, Trial

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


def test_what_was_fitted_on_an_array_takes_a_frame_by_position():
    X, y = load_iris(return_X_y=True, as_frame=True)
    model = ArchitectureClassifier(trials=1, random_state=0).fit(X.to_numpy(), y)
    with pytest.warns(UserWarning, match="X has feature names, but ArchitectureClassifier was"):
        found = model.predict_proba(X)
    np.testing.assert_array_equal(found, model.predict_proba(X.to_numpy()))


def test_a_device_that_is_not_there_is_an_error_at_once():
    X, y = load_iris(return_X_y=True)
    with pytest.raises(ValueError, match="device must be one of auto, cpu, cuda, mps, got 'gpu'"):
        ArchitectureClassifier(trials=1, device="gpu").fit(X, y)


def test_sample_weights_change_what_is_learnt():
    X, y = load_breast_cancer(return_X_y=True)
    weights = np.where(y == 1, 100.0, 1.0)
    # Of networks: trees know these rows by heart, whatever their weights.
    given = {"trials": 2, "models": "neural", "random_state": 0}
    plain = ArchitectureClassifier(**given).fit(X, y).predict(X)
    tilted = ArchitectureClassifier(**given).fit(X, y, weights).predict(X)
    assert (tilted == 1).sum() > (plain == 1).sum()


def test_nothing_is_written_until_save_and_save_needs_no_pickle(tmp_path: Path, monkeypatch, mixed):
    monkeypatch.chdir(tmp_path)
    frame, labels = mixed
    model = ArchitectureClassifier(trials=2, random_state=0).fit(frame, labels)
    assert list(tmp_path.iterdir()) == []
    folder = model.save(tmp_path / "model")
    found = Predictor(folder).predict(frame)
    assert np.array_equal(found.prediction.to_numpy(dtype=str), model.predict(frame))


def test_labels_that_doubles_cannot_tell_apart_stay_apart(tmp_path: Path):
    X, y = load_breast_cancer(return_X_y=True)
    large = np.array([10**18, 10**18 + 1])[y]
    found = ArchitectureClassifier(trials=1, random_state=0).fit(X, large)
    assert set(found.predict(X)) <= {10**18, 10**18 + 1}
    saved = Predictor(found.save(tmp_path / "model")).predict(X)
    assert list(saved.columns[1:]) == [f"probability_{one}" for one in found.classes_]
    assert saved["prediction"].tolist() == [str(one) for one in found.predict(X)]


def test_a_saved_model_speaks_in_numeric_labels_too(tmp_path: Path):
    X, y = load_iris(return_X_y=True, as_frame=True)
    model = ArchitectureClassifier(trials=1, random_state=0).fit(X, 10 * y + 5)
    found = Predictor(model.save(tmp_path / "model")).predict(X).prediction
    assert np.array_equal(found.to_numpy(), model.predict(X))
    assert set(found) <= {5, 15, 25}


def test_a_lazy_frame_is_as_good_as_a_collected_one(mixed):
    frame, y = mixed
    lazy = pl.from_pandas(frame).lazy()
    model = ArchitectureClassifier(trials=1, random_state=0).fit(lazy, y)
    assert np.array_equal(model.predict(lazy), model.predict(lazy.collect()))


def test_dates_are_no_values_to_predict():
    y = pd.date_range("2024-01-01", periods=40)
    with pytest.raises(
        ValueError, match=r"y holds datetime64\[.s\] values, such as 2024-01-01.*days from an event"
    ):
        ArchitectureRegressor(trials=1).fit(np.ones((40, 2)), y)


@pytest.mark.parametrize("missing", [None, pd.NA])
@pytest.mark.parametrize(
    ("estimator", "values"),
    [(ArchitectureClassifier, ["a", "b"]), (ArchitectureRegressor, [1.5, 2.5])],
)
def test_a_missing_target_is_refused_with_its_row(estimator, values, missing):
    y = np.array(values * 20, dtype=object)
    y[7] = missing
    with pytest.raises(ValueError, match=r"y contains (None|<NA>) in row 7: every row needs"):
        estimator(trials=1).fit(np.ones((40, 2)), y)


def test_a_fitted_estimator_can_be_pickled_by_its_user():
    X, y = load_iris(return_X_y=True)
    model = ArchitectureClassifier(trials=2, random_state=0).fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    assert np.array_equal(again.predict_proba(X), model.predict_proba(X))
    assert clone(model).get_params() == model.get_params()


def test_bad_data_is_a_value_error():
    with pytest.raises(ValueError, match="at least 2 classes"):
        ArchitectureClassifier(trials=1).fit(np.ones((30, 2)), np.zeros(30))
    with pytest.raises(ValueError, match="y contains infinity"):
        ArchitectureClassifier(trials=1).fit(np.ones((30, 2)), np.full(30, np.inf))
    with pytest.raises(ValueError, match="NaN or infinity"):
        ArchitectureRegressor(trials=1).fit(np.ones((30, 2)), np.full(30, np.inf))


def validation_scores(model, name):
    return [one.measurement.values[name] for one in model.run_.trials if one.measurement]


def test_an_error_is_minimised_as_the_named_metric_is():
    X, y = load_diabetes(return_X_y=True)
    own, named = (
        ArchitectureRegressor(trials=2, metric=metric, random_state=0).fit(X[:99], y[:99])
        for metric in (mean_absolute_error, "mae")
    )
    assert own.best_score_ == min(validation_scores(own, "mean_absolute_error"))
    assert own.best_score_ == pytest.approx(named.best_score_)


def test_a_function_of_labels_gets_the_users_labels_and_is_maximised(mixed):
    frame, labels = mixed
    f1 = functools.partial(f1_score, pos_label="yes", zero_division=0)
    for function, name in ((accuracy_score, "accuracy_score"), (f1, "f1_score")):
        model = ArchitectureClassifier(trials=2, metric=function, random_state=0)
        model.fit(frame, labels)
        assert model.best_score_ == max(validation_scores(model, name))
        assert model.best_score_ > 0.6


def test_a_metric_that_cannot_be_called_is_an_error_at_once(mixed):
    def of_three(y_true, y_pred, something):
        return 0.0

    with pytest.raises(TypeError, match="something"):
        ArchitectureClassifier(trials=1, metric=of_three).fit(*mixed)


def test_a_budget_of_time_ends_in_a_model():
    X, y = load_breast_cancer(return_X_y=True)
    model = ArchitectureClassifier("1.5s", random_state=0).fit(X, y)
    assert model.run_.why == "time"
    assert model.score(X, y) > 0.85


def test_torch_has_as_many_threads_after_fit_and_predict_as_before():
    X, y = load_iris(return_X_y=True)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        model = ArchitectureClassifier(trials=1, random_state=0).fit(X, y)
        assert torch.get_num_threads() == 2
        model.predict(X)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def interrupt_at(monkeypatch, state, number):
    """Press Ctrl-C when a trial reaches a state."""
    plain = memory_fit.BestSoFar.record

    def record(self, record):
        plain(self, record)
        if isinstance(record, Trial) and (record.state, record.number) == (state, number):
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(memory_fit.BestSoFar, "record", record)


def test_an_interrupted_fit_keeps_the_best_so_far_and_says_so(monkeypatch):
    X, y = load_iris(return_X_y=True)
    interrupt_at(monkeypatch, State.DONE, 1)
    with pytest.warns(UserWarning, match="interrupted: the model is the best of 2 trials"):
        model = ArchitectureClassifier(trials=50, random_state=0).fit(X, y)
    assert model.score(X, y) > 0.8


def test_an_interrupt_before_the_first_trial_has_finished_is_an_interrupt(monkeypatch):
    X, y = load_iris(return_X_y=True)
    interrupt_at(monkeypatch, State.RUNNING, 0)
    grid = GridSearchCV(ArchitectureClassifier(random_state=0), {"trials": [50, 51]}, cv=2)
    with pytest.raises(KeyboardInterrupt):
        grid.fit(X, y)


def test_limits_hold_for_the_model_and_a_network_over_one_is_never_trained():
    X, y = load_iris(return_X_y=True)
    model = ArchitectureClassifier(trials=8, max_parameters="300", max_macs=2000, random_state=0)
    model.fit(X, y)
    cost = infer(model.architecture_).cost
    assert cost.parameters <= 300
    assert cost.macs <= 2000
    trained = [one.measurement for one in model.run_.trials if one.state is State.DONE]
    assert all(one.cost["parameters"] <= 300 for one in trained if not one.violations)


def test_a_limit_on_latency_holds_for_the_saved_model(tmp_path):
    X, y = load_diabetes(return_X_y=True)
    model = ArchitectureRegressor(trials=3, max_latency="20ms", random_state=0).fit(X, y)
    found = [one.measurement.cost for one in model.run_.trials if one.state is State.DONE]
    assert all(0 < one["latency_ms"] <= 20 for one in found)
    assert model.save(tmp_path / "model").exists()


def test_a_limit_that_nothing_keeps_says_how_little_is_reachable():
    X, y = load_iris(return_X_y=True)
    with pytest.raises(SpaceError, match=r"smallest network .* 15 parameters, limit 3"):
        ArchitectureClassifier(trials=2, max_parameters=3).fit(X, y)
    with pytest.raises(BudgetError, match=r"max-memory must be at least .*, which the smallest"):
        ArchitectureClassifier(trials=2, max_memory="10B").fit(X, y)


@pytest.mark.slow
def test_trees_compete_where_they_are_asked_for():
    X, y = load_iris(return_X_y=True)
    model = ArchitectureClassifier(trials=8, models="all", random_state=0).fit(X, y)
    engines = {one.measurement.data["engine"] for one in model.run_.trials if one.measurement}
    assert "trees" in engines
    assert model.score(X, y) > 0.9
    with pytest.raises(SpaceError, match="models"):
        ArchitectureClassifier(trials=2, models="forests").fit(X, y)


@pytest.mark.slow
def test_an_ensemble_is_one_model_that_predicts_the_users_labels_and_is_saved(tmp_path):
    X, codes = load_breast_cancer(return_X_y=True)
    y = np.array(["bad", "good"])[codes]
    model = ArchitectureClassifier(trials=10, ensemble=True, random_state=0).fit(X, y)
    assert set(model.predict(X)) == {"bad", "good"}
    assert model.score(X, y) > 0.9
    found = Predictor(model.save(tmp_path / "model")).predict(
        pd.DataFrame(X, columns=[f"x{one}" for one in range(X.shape[1])])
    )
    assert found.prediction.tolist() == model.predict(X).tolist()


def test_finalists_compete_on_a_selection_split_where_an_ensemble_is_asked_for(monkeypatch):
    tasks = []
    plain = memory_fit.make_final
    monkeypatch.setattr(
        memory_fit, "make_final", lambda *given: (tasks.append(given[1].source), plain(*given))[1]
    )
    X, y = load_iris(return_X_y=True)
    ArchitectureClassifier(trials=2, ensemble=True, random_state=0).fit(X, y)
    ArchitectureClassifier(trials=2, random_state=0).fit(X, y)
    assert [len(one.splits.selection) > 0 for one in tasks] == [True, False]
    assert all(len(one.splits.test) == 0 for one in tasks)


def test_both_estimators_take_the_same_parameters_as_the_command_line():
    first, second = (one().get_params() for one in (ArchitectureClassifier, ArchitectureRegressor))
    assert first == second
    (fit,) = [one for name, one in get_command(app).commands.items() if name == "fit"]
    options = {one.name for one in fit.params}
    assert set(first) - {"random_state"} <= options
    for name in first:
        assert f"        {name}: " in ArchitectureClassifier.__doc__
        assert f"        {name}: " in ArchitectureRegressor.__doc__
