import numpy as np

from coeval.seed import generator
from coeval.strategy.policy import Decisions
from coeval.strategy.reinforce_table import IndependentPolicy
from tests.strategy.learners import CELLS

DECISIONS = Decisions(CELLS)


def test_it_starts_even_and_comes_to_take_what_was_rewarded():
    policy = IndependentPolicy(DECISIONS, 0.1)
    first = np.array([policy.draw(generator(0, draw)) for draw in range(500)])
    assert all((np.bincount(column, minlength=5) > 60).all() for column in first.T)
    for _ in range(60):
        policy.learn(DECISIONS.choices((0, 1, 2, 3, 4, 0)), 1.0, 0.0)
    late = np.array([policy.draw(generator(1, draw)) for draw in range(100)])
    assert ((late == (0, 1, 2, 3, 4, 0)).mean(axis=0) > 0.9).all()


def test_what_was_punished_becomes_rare():
    policy = IndependentPolicy(DECISIONS, 0.1)
    for _ in range(60):
        policy.learn(DECISIONS.choices((4,) * 6), -1.0, 0.0)
    late = np.array([policy.draw(generator(1, draw)) for draw in range(200)])
    assert (late == 4).mean() < 0.02
