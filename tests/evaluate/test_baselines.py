"""Baselines on real data and on every kind of column."""

import dataclasses
import time

import numpy as np
import pytest

from coeval.evaluate import baselines
from coeval.evaluate.baselines import (
    BASELINES,
    CONSTANT,
    GRADIENT_BOOSTING,
    LINEAR_MODEL,
    baseline_once,
    baseline_test_predictions,
    baselines_for,
    label,
    run_baseline,
)
from coeval.evaluate.scoring import scores, scores_of_folds
from coeval.task.metrics import MAE
from coeval.task.table import Column, Kind
from coeval.task.task import Problem
from tests.evaluate.tasks import mixed_columns, task_from, task_of
from tests.task.pictures import picture_task


def run(name, task, **options):
    return run_baseline(name, task, **{"seed": 0, "max_seconds": 5.0, **options})


@pytest.mark.parametrize("name", ["breast_cancer", "wine", "diabetes"])
def test_a_model_beats_the_constant_on_real_data(name):
    task = task_of(name)
    found = {one: run(one, task) for one in BASELINES}
    assert not any(one.failed for one in found.values())
    for one in (LINEAR_MODEL, GRADIENT_BOOSTING):
        assert (
            found[one].validation[task.metric.name]
            < 0.8 * found[CONSTANT].validation[task.metric.name]
        )
        assert found[one].label == label(one, task.problem)


@pytest.mark.parametrize("name", [LINEAR_MODEL, GRADIENT_BOOSTING])
@pytest.mark.parametrize("data", ["diabetes", "breast_cancer"])
def test_the_scale_of_sample_weights_does_not_matter(name, data):
    rows = len(task_of(data).target.values)
    metric = "rmse" if data == "diabetes" else "log_loss"
    plain, light = (
        run(name, task_of(data, weights=np.full(rows, scale)), max_seconds=60.0).validation[metric]
        for scale in (1.0, 2.0**-20)
    )
    assert light == plain


def test_the_median_obeys_weights():
    values = np.concatenate([np.zeros(70), np.full(30, 5.0)])
    columns = (Column("n", Kind.NUMERIC, np.arange(100.0)),)
    weights = np.where(values > 0, 50.0, 1.0)
    task = task_from("m", Problem.REGRESSION, columns, values, metric=MAE, weights=weights)
    rows = task.splits.validation
    expected = np.average(np.abs(values[rows] - 5.0), weights=weights[rows])
    assert run(CONSTANT, task).validation["mae"] == pytest.approx(expected)


def test_a_class_of_a_single_row_among_many_rows_stops_no_boosting():
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=21_000)
    values = (numbers > 0).astype(int)
    columns = (Column("n", Kind.NUMERIC, numbers),)
    task = task_from("lone", Problem.MULTICLASS, columns, np.append(values[:-1], 2))
    lone = task.target.values.copy()
    lone[lone == 2], lone[task.splits.train[0]] = 0, 2
    target = dataclasses.replace(task.target, values=lone)
    found = run(GRADIENT_BOOSTING, dataclasses.replace(task, target=target))
    assert not found.failed, found


def test_rows_of_two_folds_are_not_ranked_together():
    # Each fold ranks its rows without a fault, on a scale of its own.
    rng = np.random.default_rng(0)
    columns = (Column("n", Kind.NUMERIC, rng.normal(size=200)),)
    task = task_from("ranks", Problem.BINARY, columns, np.arange(200) % 2, folds=2)
    parts = []
    for scale, (_, judged) in zip((0.1, 0.9), task.folds, strict=True):
        chance = scale * (0.5 + 0.5 * task.target.values[judged])
        parts.append((judged, np.stack([1 - chance, chance], axis=1)))
    assert scores_of_folds(task, parts)["roc_auc"] == 1.0
    joined = [np.concatenate(one) for one in zip(*parts, strict=True)]
    assert scores(task, *joined)["roc_auc"] < 0.9
    assert scores_of_folds(task, parts)["log_loss"] == scores(task, *joined)["log_loss"]


def test_every_kind_of_column_is_used():
    rng = np.random.default_rng(0)
    columns = mixed_columns(1200, rng)
    for position, values in ((2, columns[2].values == 1), (4, np.isin(columns[4].values, (0, 2)))):
        task = task_from(f"mixed {position}", Problem.BINARY, columns, values.astype(int))
        for name in (LINEAR_MODEL, GRADIENT_BOOSTING):
            assert run(name, task).validation["roc_auc"] > 0.95
            predictions = baseline_test_predictions(name, task, seed=0, max_seconds=5.0)
            assert predictions.shape == (len(task.splits.test), 2)
            assert predictions.sum(axis=1) == pytest.approx(1)


def test_a_missing_number_tells_something_and_is_used():
    rng = np.random.default_rng(1)
    values = rng.normal(size=800)
    missing = rng.random(800) < 0.4
    columns = (Column("n", Kind.NUMERIC, np.where(missing, np.nan, values)),)
    task = task_from("holes", Problem.BINARY, columns, missing.astype(int))
    for name in (LINEAR_MODEL, GRADIENT_BOOSTING):
        assert run(name, task).validation["accuracy"] == 1.0


@pytest.mark.parametrize("name", BASELINES)
def test_one_fit_serves_validation_and_test(name):
    task = task_of("diabetes")
    found, predictions = baseline_once(name, task, seed=0, max_seconds=5.0)
    assert found.validation == pytest.approx(run(name, task).validation)
    assert predictions.shape == (len(task.splits.test),)


def test_one_fit_that_fails_is_a_result_without_predictions(monkeypatch):
    monkeypatch.setattr(baselines, "_fit_predict", lambda *given, **more: 1 / 0)
    found, predictions = baseline_once(CONSTANT, task_of("wine"), seed=0, max_seconds=5.0)
    assert found.failed
    assert "ZeroDivisionError" in found.detail
    assert predictions is None


def test_folds_are_scored_out_of_fold_like_trials():
    task = task_of("diabetes", folds=3)
    found = run(LINEAR_MODEL, task)
    assert 45 < found.validation["rmse"] < 62


def test_a_class_that_training_never_saw_gets_probability_zero():
    task = task_of("wine")
    rare = task.target.values.copy()
    rare[task.splits.validation[0]] = 3
    columns = task.table.columns
    other = task_from("wine", Problem.MULTICLASS, columns, rare)
    for name in BASELINES:
        found = run(name, other)
        assert not found.failed
        predictions = baseline_test_predictions(name, other, seed=0, max_seconds=5.0)
        assert predictions.shape[1] == 4


def test_the_constant_is_the_weighted_mean_and_the_median_for_absolute_errors():
    task = task_of("diabetes", weights=np.linspace(0.1, 2, 442))
    known = np.concatenate([task.splits.train, task.splits.validation, task.splits.selection])
    found = baseline_test_predictions(CONSTANT, task, seed=0, max_seconds=1.0)
    assert found == pytest.approx(
        np.average(task.target.values[known], weights=task.weights[known])
    )
    median = task_of("diabetes", metric=MAE)
    found = baseline_test_predictions(CONSTANT, median, seed=0, max_seconds=1.0)
    assert found == pytest.approx(np.median(median.target.values[known]))


def test_little_time_gives_up_rounds_and_says_so():
    task = task_of("digits")
    started = time.perf_counter()
    found = run(GRADIENT_BOOSTING, task, max_seconds=0.2)
    assert "of 100 rounds" in found.detail
    assert not found.failed
    assert time.perf_counter() - started < 4


def test_a_baseline_that_fails_is_a_result_and_not_an_exception():
    task = task_of("wine")
    one_class = task_from(
        "one class", Problem.MULTICLASS, task.table.columns, np.zeros(len(task.target.values), int)
    )
    found = run(LINEAR_MODEL, one_class)
    assert found.failed
    assert found.validation == {}
    assert "class" in found.detail


def test_an_unknown_baseline_is_refused():
    with pytest.raises(ValueError, match=r"gradient_boosting.*got 'svm'"):
        run("svm", task_of("wine"))


def test_the_same_seed_gives_the_same_scores():
    task = task_of("breast_cancer")
    for name in BASELINES:
        assert run(name, task).validation == run(name, task).validation


def test_pixels_are_fitted_linearly_and_no_trees_grow_on_them():
    task = picture_task(side=30, features=3)  # pixels in blocks of two by two: stripes alone vanish
    assert baselines_for(task) == (CONSTANT, LINEAR_MODEL)
    task.table.columns[0].values[task.target.values == 0, :10] = 255
    found = {one: run(one, task) for one in baselines_for(task)}
    assert not any(one.failed for one in found.values())
    assert found[LINEAR_MODEL].validation["log_loss"] < 0.8 * found[CONSTANT].validation["log_loss"]
    predictions = baseline_test_predictions(LINEAR_MODEL, task, seed=0, max_seconds=5.0)
    assert predictions.shape == (len(task.splits.test), 3)


def test_little_time_costs_rows_of_many_images():
    task = picture_task(4000, side=14, features=3)
    assert run(LINEAR_MODEL, task).detail == ""
    assert "fitted on 1,000 of 2,200 rows" in run(LINEAR_MODEL, task, max_seconds=0.1).detail
