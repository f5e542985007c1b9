import dataclasses
import math
import subprocess
import sys
import time

import numpy as np
import pytest
import torch

from coeval.build.weights import arrays
from coeval.space.recipe import Recipe
from coeval.task.metric import Metric
from coeval.task.task import Problem
from coeval.train.data import Examples, TrainingData
from coeval.train.errors import Diverged
from coeval.train.fit import PATIENCE, Stopped, fit
from coeval.train.predict import predict
from tests.train.problems import ACCURACY, RMSE, data_of, metric_of, mlp, rows_of

QUICK = Recipe(lr=1e-2, batch_size=64, epochs=30)


def same(first, second):
    a, b = arrays(first), arrays(second)
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize("problem", list(Problem))
def test_it_learns_what_no_linear_model_can(problem):
    data = data_of(problem)
    network = mlp(problem)
    fitted = fit(network, data, QUICK, seed=0, metric=metric_of(problem))
    if problem is Problem.REGRESSION:
        spread = data.validation.target.std()
        assert fitted.score < 0.35 * spread
    else:
        assert fitted.score > 0.9  # a linear one has 0.5 to 0.75


@pytest.mark.parametrize("optimizer", ["adamw", "nadamw", "sgd"])
@pytest.mark.parametrize("schedule", ["constant", "cosine", "flat_cosine"])
def test_every_optimizer_and_schedule_reduces_the_loss(optimizer, schedule):
    recipe = Recipe(optimizer, 4e-2 if optimizer == "sgd" else 1e-2, schedule, epochs=15)
    data = TrainingData(Problem.BINARY, data_of(Problem.BINARY).train)
    fitted = fit(mlp(Problem.BINARY), data, recipe, seed=0)
    assert fitted.curve["train_loss"][-1] < 0.9 * fitted.curve["train_loss"][0]


def test_the_same_seed_gives_the_same_weights_and_another_seed_others():
    data = data_of(Problem.MULTICLASS)
    networks = [mlp(Problem.MULTICLASS) for _ in range(3)]
    for network, seed in zip(networks, (7, 7, 8), strict=True):
        fit(network, data, dataclasses.replace(QUICK, epochs=3), seed=seed, metric=ACCURACY)
    assert same(networks[0], networks[1])
    assert not same(networks[0], networks[2])


def test_training_leaves_the_global_generator_alone():
    state = torch.random.get_rng_state()
    fit(mlp(Problem.BINARY), data_of(Problem.BINARY), Recipe(epochs=1), seed=0, metric=ACCURACY)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_the_best_epochs_weights_are_restored():
    scores = iter([0.5, 0.9, 0.7, 0.6, 0.5])
    seen = []

    def score(target, predicted, weights):
        seen.append(predicted.copy())
        return next(scores)

    data = data_of(Problem.BINARY)
    network = mlp(Problem.BINARY, batch_norm=True)
    recipe = dataclasses.replace(QUICK, epochs=5)
    fitted = fit(network, data, recipe, seed=0, metric=Metric("made_up", True, score))
    assert (fitted.best_epoch, fitted.score, fitted.epochs) == (2, 0.9, 5)
    assert fitted.curve["made_up"] == (0.5, 0.9, 0.7, 0.6, 0.5)
    np.testing.assert_allclose(predict(network, data.validation.rows, Problem.BINARY), seen[1])


def constant(*values: float, maximise: bool = False) -> Metric:
    left = list(values)
    return Metric("made_up", maximise, lambda y, p, w: left.pop(0) if len(left) > 1 else left[0])


def test_training_ends_when_the_score_stands_still_and_keeps_the_last_of_equals():
    fitted = fit(
        mlp(Problem.BINARY), data_of(Problem.BINARY), QUICK, seed=0, metric=constant(0.3, 0.2)
    )
    assert fitted.stopped is Stopped.PATIENCE
    assert fitted.epochs == 2 + max(5, math.ceil(PATIENCE * QUICK.epochs))
    assert fitted.best_epoch == fitted.epochs


def test_an_undefined_score_counts_as_no_improvement():
    fitted = fit(
        mlp(Problem.BINARY),
        data_of(Problem.BINARY),
        QUICK,
        seed=0,
        metric=constant(math.nan, 0.5, math.nan),
    )
    assert (fitted.best_epoch, fitted.score) == (2, 0.5)


def test_a_refit_follows_the_same_learning_rates_up_to_the_chosen_epoch():
    data = TrainingData(Problem.BINARY, data_of(Problem.BINARY).train)
    networks = [mlp(Problem.BINARY) for _ in range(2)]
    curves = [
        fit(networks[0], data, dataclasses.replace(QUICK, epochs=10), seed=0).curve,
        fit(networks[1], data, QUICK, seed=0, schedule_epochs=10, stop_after=4).curve,
    ]
    assert curves[0]["train_loss"][:4] == curves[1]["train_loss"]
    assert not same(*networks)


def test_without_validation_the_last_weights_are_kept_and_the_score_is_nan():
    data = TrainingData(Problem.BINARY, data_of(Problem.BINARY).train)
    fitted = fit(mlp(Problem.BINARY), data, QUICK, seed=0, stop_after=2)
    assert (fitted.epochs, fitted.best_epoch, fitted.stopped) == (2, 2, Stopped.EPOCHS)
    assert math.isnan(fitted.score)
    assert list(fitted.curve) == ["train_loss"]


def test_a_refit_of_a_training_stopped_in_its_first_epoch_takes_one_epoch():
    data = TrainingData(Problem.BINARY, data_of(Problem.BINARY).train)
    assert fit(mlp(Problem.BINARY), data, QUICK, seed=0, stop_after=0).epochs == 1


def test_validation_rows_without_a_metric_are_refused():
    with pytest.raises(ValueError, match="metric is needed"):
        fit(mlp(Problem.BINARY), data_of(Problem.BINARY), QUICK, seed=0)


def test_a_loss_that_is_not_finite_raises():
    data = data_of(Problem.REGRESSION)
    data.train.rows.numeric[3, 0] = np.inf
    with pytest.raises(Diverged, match="loss is not finite in epoch 1"):
        fit(mlp(Problem.REGRESSION), data, QUICK, seed=0, metric=RMSE)


def test_a_learning_rate_far_too_high_raises():
    data = data_of(Problem.REGRESSION)
    with pytest.raises(Diverged, match="not finite"):
        fit(mlp(Problem.REGRESSION), data, Recipe("sgd", 1e6, epochs=50), seed=0, metric=RMSE)


def test_predictions_that_are_not_finite_raise():
    data = data_of(Problem.REGRESSION)
    data.validation.rows.numeric[3, 0] = np.inf
    with pytest.raises(Diverged, match="predictions are not finite after epoch 1"):
        fit(mlp(Problem.REGRESSION), data, QUICK, seed=0, metric=RMSE)


def test_sample_weights_decide_between_contradicting_rows():
    numeric = np.repeat(np.eye(2), 40, axis=0)
    target = np.tile([0, 1], 40)
    weights = np.where(target == (numeric[:, 1] > 0), 10.0, 0.1)
    data = TrainingData(Problem.BINARY, Examples(rows_of(numeric), target, weights))
    network = mlp(Problem.BINARY)
    fit(network, data, QUICK, seed=0)
    assert predict(network, rows_of(np.eye(2)), Problem.BINARY).argmax(axis=1).tolist() == [0, 1]


@pytest.mark.parametrize("problem", list(Problem))
def test_equal_weights_train_like_none(problem):
    data = data_of(problem)
    weighted = dataclasses.replace(data.train, weights=np.full(300, 3.0))
    recipe = dataclasses.replace(QUICK, epochs=2, label_smoothing=0.1)
    networks = [mlp(problem), mlp(problem)]
    for network, train in zip(networks, (data.train, weighted), strict=True):
        fit(network, TrainingData(problem, train), recipe, seed=0)
    for one, other in zip(networks[0].parameters(), networks[1].parameters(), strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("rows", [2, 3, 64, 65, 129])
@pytest.mark.parametrize("batch_size", [1, 2, 64])
def test_batch_normalisation_meets_no_batch_of_one_row(rows, batch_size):
    data = data_of(Problem.BINARY, rows=rows)
    network = mlp(Problem.BINARY, batch_norm=True)
    recipe = Recipe(batch_size=batch_size, epochs=1)
    assert fit(network, data, recipe, seed=0, metric=ACCURACY).epochs == 1


@pytest.mark.parametrize("engine", ["eager", "compiled"])
def test_balanced_classes_make_a_rare_one_likely(engine):
    # Nothing tells the classes apart: what is learnt is how often each is, or is made to seem.
    rng = np.random.default_rng(0)
    rare = (np.arange(400) % 10 == 0).astype(np.int64)
    data = TrainingData(Problem.BINARY, Examples(rows_of(rng.normal(size=(400, 2)) * 1e-3), rare))
    found = {}
    for how in ("none", "sqrt", "balanced"):
        recipe = Recipe(lr=2e-2, epochs=30, batch_size=50, weight_decay=0.0, class_weights=how)
        network = mlp(Problem.BINARY, width=4)
        fitted = fit(network, data, recipe, seed=0, engine=engine)
        found[how] = predict(network, data.train.rows, Problem.BINARY, fitted.scale)[:, 1].mean()
    assert found["none"] == pytest.approx(0.1, abs=0.03)
    assert found["sqrt"] == pytest.approx(0.25, abs=0.05)
    assert found["balanced"] == pytest.approx(0.5, abs=0.05)


def test_label_smoothing_keeps_predictions_from_certainty():
    data = TrainingData(Problem.MULTICLASS, data_of(Problem.MULTICLASS).train)
    largest = []
    for smoothing in (0.0, 0.1):
        network = mlp(Problem.MULTICLASS)
        fit(network, data, dataclasses.replace(QUICK, label_smoothing=smoothing), seed=0)
        largest.append(predict(network, data.train.rows, Problem.MULTICLASS).max(axis=1).mean())
    assert largest[1] < largest[0] - 0.02


def test_on_epoch_sees_every_epoch_and_its_answer_ends_training():
    seen = []

    def on_epoch(epoch, values):
        seen.append((epoch, sorted(values)))
        return epoch < 3

    fitted = fit(
        mlp(Problem.BINARY),
        data_of(Problem.BINARY),
        QUICK,
        seed=0,
        metric=ACCURACY,
        on_epoch=on_epoch,
    )
    assert seen == [(epoch, ["accuracy", "train_loss"]) for epoch in (1, 2, 3)]
    assert (fitted.epochs, fitted.stopped) == (3, Stopped.ASKED)


def test_should_stop_ends_a_long_epoch_and_scores_what_was_learnt():
    data = data_of(Problem.BINARY, rows=1_000_000)
    started = time.monotonic()
    fitted = fit(
        mlp(Problem.BINARY),
        data,
        Recipe(batch_size=2, epochs=1),
        seed=0,
        metric=ACCURACY,
        should_stop=lambda: True,
    )
    assert time.monotonic() - started < 2.0
    assert (fitted.epochs, fitted.best_epoch, fitted.stopped) == (0, 0, Stopped.ASKED)
    assert fitted.score > 0.5


def test_a_training_that_follows_the_clock_ends_with_it_at_its_low_rates():
    data = dataclasses.replace(data_of(Problem.BINARY), validation=None)
    network, moved = mlp(Problem.BINARY), []
    before = arrays(network)

    def follow(epoch, values):
        nonlocal before
        after = arrays(network)
        moved.append(sum(float(np.abs(after[name] - before[name]).sum()) for name in after))
        before = {name: value.copy() for name, value in after.items()}
        return True

    started = time.monotonic()
    recipe = Recipe(lr=1e-2, batch_size=64, epochs=1_000_000)
    fitted = fit(network, data, recipe, seed=0, until=started + 1.5, on_epoch=follow)
    assert 1.4 < time.monotonic() - started < 4.0
    assert (fitted.stopped, fitted.engine) == (Stopped.ASKED, "eager")
    assert sum(moved[-2:]) < 0.2 * sum(moved[len(moved) // 2 :][:2])


def test_a_training_that_is_done_before_its_time_ends_after_its_epochs():
    data = dataclasses.replace(data_of(Problem.BINARY), validation=None)
    fitted = fit(mlp(Problem.BINARY), data, QUICK, seed=0, until=time.monotonic() + 600.0)
    assert (fitted.epochs, fitted.stopped) == (QUICK.epochs, Stopped.EPOCHS)


def test_a_stop_inside_a_later_epoch_keeps_the_best_so_far():
    asked = []

    def slow(epoch, values):
        time.sleep(0.25)  # so that the second epoch polls at its first step
        return True

    def should_stop():
        asked.append(1)
        return True

    data = data_of(Problem.BINARY)
    network, other = mlp(Problem.BINARY), mlp(Problem.BINARY)
    fitted = fit(
        network, data, QUICK, seed=0, metric=ACCURACY, on_epoch=slow, should_stop=should_stop
    )
    fit(other, data, QUICK, seed=0, metric=ACCURACY, on_epoch=lambda epoch, values: False)
    assert (fitted.epochs, fitted.best_epoch, fitted.stopped) == (1, 1, Stopped.ASKED)
    assert asked == [1]
    assert same(network, other)


def test_the_compiler_is_never_imported():
    code = (
        "import sys, numpy as np\n"
        "from tests.train.problems import *\n"
        "from coeval.train.fit import fit\n"
        "from coeval.space.recipe import Recipe\n"
        "fit(mlp(Problem.BINARY), data_of(Problem.BINARY), Recipe(epochs=2), seed=0, metric=ACCURACY)\n"
        "print('torch._dynamo' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
