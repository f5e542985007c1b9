import math

import numpy as np
import pytest

from coeval.seed import generator
from coeval.strategy.policy import Decisions
from coeval.strategy.reinforce_network import RecurrentPolicy
from tests.strategy.learners import CELLS, SMALL


def policy(space=SMALL, seed=0, **settings):
    decisions = Decisions(space)
    return decisions, RecurrentPolicy(decisions, seed, settings.pop("lr", 0.02), **settings)


def magnify(network, factor):
    for name in network.weights:
        network.weights[name] = network.weights[name] * factor


@pytest.mark.parametrize("space", [SMALL, CELLS])
def test_the_gradient_is_that_of_finite_differences(space):
    decisions, network = policy(space, units=2)
    choices = decisions.choices(network.draw(np.random.default_rng(0)))
    network.gradients(choices, 1.0, 0.0)  # every option on the way has its rows now
    magnify(network, 8)  # away from the flat middle of the gates
    _, slopes = network.gradients(choices, 0.7, 0.3)
    for name, array in network.weights.items():
        for place in np.ndindex(array.shape):
            begin = array[place]
            array[place] = begin + 1e-5
            up = network.gradients(choices, 0.7, 0.3)[0]
            array[place] = begin - 1e-5
            down = network.gradients(choices, 0.7, 0.3)[0]
            array[place] = begin
            assert (up - down) / 2e-5 == pytest.approx(slopes[name][place], abs=1e-8), name


def test_it_starts_close_to_even():
    decisions, network = policy(CELLS)
    counts = np.zeros((6, 5))
    for draw in range(400):
        path = network.draw(generator(0, draw))
        counts[range(6), path] += 1
    assert (counts / 400 > 0.1).all()
    loss, _ = network.gradients(decisions.choices((0,) * 6), 1.0, 0.0)
    assert loss == pytest.approx(6 * math.log(5), rel=0.02)


def test_the_drawn_probability_is_the_one_that_learning_sees():
    decisions, network = policy(CELLS, units=3)
    magnify(network, 10)
    paths = [network.draw(generator(0, draw)) for draw in range(1000)]
    common = max(set(paths), key=paths.count)
    loss, _ = network.gradients(decisions.choices(common), 1.0, 0.0)
    share = paths.count(common) / len(paths)
    assert math.exp(-loss) == pytest.approx(share, abs=4 * math.sqrt(share / len(paths)))


def test_it_learns_decisions_that_depend_on_each_other():
    """All 1 or all 3: no independent choice of options gives the two paths more than 2 / 2**6 together."""
    decisions, network = policy(CELLS, lr=0.02)
    both = [decisions.choices((1,) * 6), decisions.choices((3,) * 6)]
    for _ in range(60):
        for choices in both:
            network.learn(choices, 1.0, 0.0)
    chances = [math.exp(-network.gradients(choices, 1.0, 0.0)[0]) for choices in both]
    assert sum(chances) > 0.9
    assert min(chances) > 0.2


def test_entropy_keeps_options_even():
    def likeliest(entropy):
        decisions, network = policy(CELLS)
        for _ in range(60):
            network.learn(decisions.choices((2,) * 6), 0.2, entropy)
        return math.exp(-network.gradients(decisions.choices((2,) * 6), 1.0, 0.0)[0])

    assert likeliest(0.0) > 0.9
    assert likeliest(0.5) < 0.2


def test_weights_do_not_depend_on_what_was_drawn_before():
    (decisions, fresh), (_, used) = policy(), policy()
    for draw in range(5):
        used.draw(generator(0, draw))
    path = (3, 2, 1, 0, 1, 2)
    fresh.learn(decisions.choices(path), 1.0, 0.01)
    used.learn(decisions.choices(path), 1.0, 0.01)
    draws = [generator(5, draw) for draw in range(20)]
    again = [generator(5, draw) for draw in range(20)]
    assert [fresh.draw(rng) for rng in draws] == [used.draw(rng) for rng in again]
