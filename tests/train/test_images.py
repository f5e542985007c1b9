"""Networks on images go through the one training loop."""

import dataclasses

import numpy as np
import pytest
import torch

from coeval.build.network import tensor_network
from coeval.build.weights import arrays
from coeval.space.recipe import Recipe
from coeval.task.task import Problem
from coeval.train import memory
from coeval.train.data import UNSCALED, Examples, TrainingData, to_tensors
from coeval.train.fit import Stopped, fit
from coeval.train.predict import predict
from tests.train.images import as_reals, conv_net, picture_data, pictures
from tests.train.problems import ACCURACY

QUICK = Recipe(lr=1e-2, batch_size=32, epochs=6)
DATA = picture_data()


def trained(data=DATA, recipe=QUICK, seed=0, **options):
    network = tensor_network(conv_net(), seed=0)
    return network, fit(network, data, recipe, seed=seed, metric=ACCURACY, **options)


def test_a_convolutional_network_learns_pictures_and_predicts_new_ones():
    network, fitted = trained()
    fresh = pictures(200, seed=2)
    predicted = predict(network, fresh.rows, Problem.MULTICLASS)
    assert predicted.shape == (200, 3)
    assert ACCURACY.score(fresh.target, predicted, None) > 0.9
    assert fitted.score == max(fitted.curve["accuracy"])


def test_bytes_and_the_reals_they_stand_for_train_the_same_network():
    reals = dataclasses.replace(
        DATA, train=as_reals(DATA.train), validation=as_reals(DATA.validation)
    )
    (ours, first), (theirs, second) = trained(), trained(data=reals)
    assert first.curve == second.curve
    assert all(np.array_equal(one, arrays(theirs)[name]) for name, one in arrays(ours).items())


def test_pictures_stay_bytes_on_the_device():
    held = to_tensors(DATA.train, Problem.MULTICLASS, UNSCALED, torch.device("cpu"))
    assert held.inputs[0].dtype == torch.uint8


@pytest.mark.parametrize("pauses", [(1,), (2, 5)])
def test_a_paused_training_on_pictures_ends_with_the_very_weights_of_an_undisturbed_one(pauses):
    whole, expected = trained(seed=3)
    state = None
    for epoch in (*pauses, QUICK.epochs):
        parts, found = trained(seed=3, stop_after=epoch, start=state, keep_state=True)
        state = found.state
    assert found.curve == expected.curve
    assert all(np.array_equal(one, arrays(whole)[name]) for name, one in arrays(parts).items())


AUGMENTED = dataclasses.replace(
    QUICK, flip=True, crop=0.125, cutout=0.25, augmentation="trivial", mixup=0.2, cutmix=1.0
)


def test_a_paused_training_on_changed_pictures_ends_with_the_very_weights_too():
    whole, expected = trained(recipe=AUGMENTED, seed=3)
    _, first = trained(recipe=AUGMENTED, seed=3, stop_after=2, keep_state=True)
    parts, found = trained(recipe=AUGMENTED, seed=3, start=first.state)
    assert found.curve == expected.curve
    assert all(np.array_equal(one, arrays(whole)[name]) for name, one in arrays(parts).items())


@pytest.mark.parametrize(
    "change",
    [{"flip": True}, {"crop": 0.1}, {"cutout": 0.3}, {"augmentation": "rand"}, {"mixup": 1.0}, {"cutmix": 1.0}],
    ids=str,
)  # fmt: skip
def test_each_way_to_change_pictures_changes_training_and_validation_rows_stay_as_they_are(change):
    recipe = dataclasses.replace(QUICK, epochs=2, magnitude=0.5, **change)
    (_, plain), (network, changed) = (
        trained(recipe=dataclasses.replace(QUICK, epochs=2)),
        trained(recipe=recipe),
    )
    assert plain.curve["train_loss"] != changed.curve["train_loss"]
    predicted = predict(network, DATA.validation.rows, Problem.MULTICLASS)
    assert ACCURACY.score(DATA.validation.target, predicted, None) == changed.score


def test_training_on_pictures_stops_early():
    recipe = Recipe(lr=1e-6, batch_size=32, epochs=40)
    assert trained(recipe=recipe)[1].stopped is Stopped.PATIENCE


def test_few_pictures_at_a_time_are_predicted_as_all_at_once(monkeypatch):
    network, fresh = tensor_network(conv_net(), seed=0), pictures(70)
    whole = predict(network, fresh.rows, Problem.MULTICLASS)
    monkeypatch.setattr(memory, "PREDICTED_BYTES", 1)
    np.testing.assert_allclose(predict(network, fresh.rows, Problem.MULTICLASS), whole, atol=1e-6)


def test_pictures_and_labels_of_different_length_are_refused():
    wrong = Examples((np.zeros((5, 8, 8, 2), np.uint8),), np.zeros(4, np.int64))
    with pytest.raises(ValueError, match="one value a row, got 4 for 5 rows"):
        trained(data=TrainingData(Problem.MULTICLASS, wrong))


def test_a_network_in_doubles_predicts_pictures_in_doubles():
    network = tensor_network(conv_net(), seed=0)
    single = predict(network, pictures(9).rows, Problem.MULTICLASS)
    double = predict(network.double(), pictures(9).rows, Problem.MULTICLASS)
    np.testing.assert_allclose(double, single, atol=1e-5)
    assert np.any(double != single)
