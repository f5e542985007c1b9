"""The evolutionary family asks and tells in under a millisecond, after 100,000 trials as after 1,000."""

import time

import numpy as np
import pytest

from coeval.strategy.evolution import RegularisedEvolution
from coeval.strategy.genetic_algorithm import GeneticAlgorithm
from coeval.strategy.local import LocalSearch
from coeval.strategy.nsga import NSGA2
from coeval.strategy.reference import ReferenceVectorEvolution
from coeval.testing.fakes import LOSS, ladder_space
from coeval.trial import Measurement, Proposal, Trial, finish
from tests.strategy.fronts import TWO

SPACE = ladder_space(settings=12, choices=10, parts=2)
FAMILY = [RegularisedEvolution, LocalSearch, GeneticAlgorithm, NSGA2, ReferenceVectorEvolution]
AT = (1_000, 10_000, 100_000)
WINDOW = 500


def measured(rng):
    a, b, loss = rng.random(3)
    return Measurement({"loss": loss, "f1": a, "f2": 1 - a + b})


def milliseconds(strategy_class, objective):
    """Return the CPU time of ask and tell a trial, after so many random trials of others as ``AT`` says."""
    strategy = strategy_class(SPACE, objective, 0)
    rng = np.random.default_rng(0)
    spent: list[float] = []
    for number in range(AT[-1] + WINDOW):
        mine = any(place <= number < place + WINDOW for place in AT)
        began = time.process_time()
        proposal = strategy.ask(1)[0] if mine else Proposal(SPACE.sample(rng))
        trial = Trial(number, proposal)
        if mine:
            strategy.tell(trial)
        strategy.tell(finish(trial, measured(rng)))
        if mine:
            spent.append(1000 * (time.process_time() - began))
    return [sum(part) / WINDOW for part in np.split(np.array(spent), len(AT))]


@pytest.mark.slow
@pytest.mark.parametrize("objective", [LOSS, TWO], ids=["one objective", "two"])
@pytest.mark.parametrize("strategy_class", FAMILY, ids=lambda one: one.__name__)
def test_takes_under_a_millisecond_a_trial_and_does_not_grow(strategy_class, objective):
    early, _, late = milliseconds(strategy_class, objective)
    assert late < 1
    assert late < 2 * early + 0.1
