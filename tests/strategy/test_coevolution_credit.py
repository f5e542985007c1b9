import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.strategy.coevolution_credit import (
    kernel,
    learn,
    normal_scores,
)

RNG = np.random.default_rng(1)


def one_hot(picks, count=4):
    return np.eye(count)[np.asarray(picks)] / 2**0.5


def orders(alike):
    """Return the mean over all orders of the mean product of so many likenesses, by summing every subset."""
    count = len(alike)
    means = [
        np.mean([np.prod(group) if group else 1.0 for group in itertools.combinations(alike, size)])
        for size in range(count + 1)
    ]
    return np.mean(means)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=7))
def test_the_kernel_is_the_mean_over_all_orders_of_interaction(alike):
    found = kernel([np.array([[one]]) for one in alike])
    assert found[0, 0] == pytest.approx(orders(alike), abs=1e-12)


@given(st.integers(1, 30), st.integers(0, 1000))
def test_the_kernel_of_teams_is_positive_semidefinite_with_ones_on_its_diagonal(species, seed):
    rng = np.random.default_rng(seed)
    members = [one_hot(rng.integers(4, size=12)) for _ in range(species)]
    credit = learn(members, rng.standard_normal(12), 4.0)
    covariance = np.linalg.inv(credit.inverse)
    assert np.linalg.eigvalsh(covariance).min() > 0.04
    assert np.allclose(np.diag(covariance), 1.05)


def test_first_and_second_order_are_what_the_posterior_mean_holds_of_them():
    picks = RNG.integers(4, size=(30, 2))
    members = [one_hot(column) for column in picks.T]
    scores = RNG.standard_normal(30)
    credit = learn(members, scores, 16.0)
    every = np.array(list(itertools.product(range(4), repeat=2)))
    mean, _ = credit.predict([one_hot(column) for column in every.T])
    constant = credit.weights.sum() / 3
    sides = [credit.alone(place, one_hot(range(4))) for place in (0, 1)]
    both = credit.together(0, 1, one_hot(range(4)), one_hot(range(4)))
    parts = [constant + sides[0][a] + sides[1][b] + both[a, b] for a, b in every]
    assert np.allclose(mean, parts)


def test_predictions_at_known_teams_are_near_their_scores_and_certain():
    members = [one_hot(column) for column in RNG.integers(4, size=(20, 5)).T]
    scores = RNG.standard_normal(20)
    mean, deviation = learn(members, scores).predict(members)
    assert np.corrcoef(mean, scores)[0, 1] > 0.95
    unknown = [one_hot((one.argmax(axis=1) + 1) % 4) for one in members]
    assert learn(members, scores).predict(unknown)[1].mean() > 2 * deviation.mean()


def test_members_that_are_alike_share_credit_where_that_is_likely():
    ladder = np.linspace(0, 1, 40)[:, None]
    smooth = learn([ladder, ladder], np.sin(3 * ladder[:, 0]))
    rough = learn([ladder, ladder], np.sign(np.sin(24 * ladder[:, 0])))
    assert smooth.sharpness < rough.sharpness


@given(st.lists(st.integers(-5, 5), min_size=2, max_size=30))
def test_scores_follow_ranks_only(costs):
    values = np.array(costs, dtype=float)
    scores = normal_scores(values)
    assert np.allclose(scores, normal_scores(np.exp(values)))
    better = values[:, None] < values
    assert (scores[:, None] > scores)[better].all()
