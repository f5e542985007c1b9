"""The ensemble: it learns, its gradients are right, and its members disagree where they know nothing."""

import numpy as np
import pytest

from coeval.space.features import Features
from coeval.strategy import ensemble, surrogate_pool
from coeval.strategy.ensemble import Ensemble
from coeval.strategy.surrogate import SurrogateSearch
from coeval.testing.fakes import LOSS, ladder_space
from coeval.testing.strategies import check_strategy

SMALL = Ensemble(members=3, layers=2, width=8, epochs=60)
NONE = np.zeros(0, dtype=np.uint64)


def points(values):
    return [Features(NONE, np.zeros(0), np.array([float(x)])) for x in values]


def test_learns_a_line_and_disagrees_far_from_the_trials():
    x = np.linspace(-1, 1, 24)
    fitted = SMALL.fit(points(x), 2 * x, seed=1)
    mean, deviation = fitted.predict([], x, [], points([-0.5, 0.5, 30.0]))
    assert mean[:2] == pytest.approx([-1.0, 1.0], abs=0.3)
    assert deviation[2] > 5 * deviation[:2].max()


def test_learns_from_labels_too():
    bags = [
        Features(np.array([5], dtype=np.uint64), np.array([float(c)]), np.zeros(0))
        for c in (1, 2, 3, 4) * 6
    ]
    targets = np.array([one.counts[0] for one in bags]) - 2.5
    mean, _ = SMALL.fit(bags, targets, seed=1).predict(bags, targets, [], bags[:4])
    assert mean == pytest.approx([-1.5, -0.5, 0.5, 1.5], abs=0.4)


def test_gradients_are_those_of_the_mean_absolute_error():
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 4, 1))]
    weights += [rng.normal(size=(2, 1, 4)), rng.normal(size=(2, 1, 1))]
    inputs, targets = rng.normal(size=(2, 5, 3)), rng.normal(size=(2, 5, 1))

    def loss():
        return np.abs(ensemble._forward(weights, inputs)[-1] - targets).mean(axis=1).sum()

    for one, gradient in zip(weights, ensemble._gradients(weights, inputs, targets), strict=True):
        place = (1, 0, 0)
        before, small = loss(), 1e-6
        one[place] += small
        assert (loss() - before) / small == pytest.approx(gradient[place], abs=1e-4)
        one[place] -= small


def test_is_deterministic_in_its_seed():
    x = np.linspace(-1, 1, 8)
    quick = Ensemble(members=2, layers=1, width=4, epochs=3)
    first, again, other = (
        quick.fit(points(x), x, seed=seed).predict([], x, [], points([0.3]))[0]
        for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_search_with_an_ensemble_keeps_the_contract(monkeypatch):
    monkeypatch.setattr(surrogate_pool, "SAMPLES", 20)
    space = ladder_space(settings=3, choices=6)
    model = Ensemble(members=2, layers=1, width=4, epochs=2)

    def make():
        return SurrogateSearch(space, LOSS, 7, model=model, acquisition="thompson", starts=6)

    check_strategy(make, space, trials=8, models_infeasible=True)


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"members": 0}, "members must be at least 1, got 0"), ({"lr": 0.0}, "lr must be above 0")],
)
def test_a_setting_out_of_range_is_one_clear_error(settings, message):
    with pytest.raises(ValueError, match=message):
        Ensemble(**settings)
