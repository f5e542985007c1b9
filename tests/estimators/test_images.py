"""Estimators on images: arrays of bytes or of real numbers, one prediction an image."""

import numpy as np
import pytest

from coeval.errors import SpaceError
from coeval.estimators import ArchitectureClassifier, ArchitectureRegressor
from coeval.export.predictor import Predictor
from coeval.space import recipe_images
from tests.task.pictures import CLASSES, pictures

X, CODES = pictures(240)
Y = np.array(CLASSES)[CODES]


def quick(estimator, X, y):
    """Fit one candidate for an epoch; its final training is longer."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recipe_images, "UPDATES", 1)
        return estimator.fit(X, y)


@pytest.fixture(scope="module")
def fitted() -> ArchitectureClassifier:
    return quick(ArchitectureClassifier(None, trials=1, random_state=0), X / 255, Y)


def test_images_of_real_numbers_are_told_apart(fitted):
    fresh, codes = pictures(60, seed=1)
    assert fitted.score(fresh / 255, np.array(CLASSES)[codes]) > 0.8
    assert fitted.predict_proba(fresh / 255).shape == (60, 3)
    assert fitted.classes_.tolist() == sorted(CLASSES)


def test_bytes_give_the_same_predictions(fitted):
    assert np.array_equal(fitted.predict_proba(X[:9]), fitted.predict_proba(X[:9] / 255))


@pytest.mark.slow
def test_a_dark_image_is_read_as_the_others_were():
    bright = quick(ArchitectureClassifier(None, trials=1), X.astype(np.float32)[:60], Y[:60])
    dark = np.ones((1, 8, 8, 1), np.float32)  # among 0..255 nearly black, among 0..1 white
    assert np.array_equal(bright.predict_proba(dark), bright.predict_proba(dark.astype(np.uint8)))


def test_a_saved_model_predicts_images(fitted, tmp_path):
    predictor = Predictor(fitted.save(tmp_path / "model"))
    found = predictor.predict(X[:20])
    assert found.prediction.tolist() == fitted.predict(X[:20]).tolist()
    assert found.image.tolist() == [str(number) for number in range(20)]


def test_no_images_give_no_predictions(fitted):
    assert fitted.predict(X[:0]).shape == (0,)


def test_images_of_another_shape_are_refused(fitted):
    with pytest.raises(ValueError, match=r"shape \(8, 8, 1\), as in fit, got \(3, 8, 9, 1\)"):
        fitted.predict(np.zeros((3, 8, 9, 1)))


def test_grey_images_without_channels_are_refused():
    with pytest.raises(ValueError, match=r"X\[\.\.\., None\]"):
        ArchitectureClassifier(trials=1).fit(X[..., 0], Y)


@pytest.mark.slow
def test_a_number_can_be_predicted_from_images():
    brightness = X.mean(axis=(1, 2, 3)) + 40 * CODES
    model = quick(ArchitectureRegressor(None, trials=1, random_state=0), X, brightness)
    assert model.score(X, brightness) > 0.5


def test_a_preset_decides_the_space():
    with pytest.raises(SpaceError, match="Did you mean 'nasbench201'"):
        ArchitectureClassifier(trials=1, preset="nasbench200").fit(X, Y)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The budget ended the training")  # on a busy machine
def test_what_a_one_shot_method_finds_is_trained_alone_within_the_budget():
    few, codes = pictures(240)
    model = ArchitectureClassifier("40s", strategy="gdas", preset="nasbench201", random_state=0)
    model.fit(few, codes)
    found = [one for one in model.run_.trials if one.proposal.origin == "gdas"]
    assert any(one.is_comparable for one in found)


@pytest.mark.slow
def test_a_one_shot_method_without_time_says_so():
    few, codes = pictures(240)
    model = ArchitectureClassifier(trials=2, strategy="gdas", preset="nasbench201", random_state=0)
    with pytest.warns(UserWarning, match="did not train its supernet for a single slice"):
        model.fit(few, codes)
