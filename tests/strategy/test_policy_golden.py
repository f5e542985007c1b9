"""The learners on NAS-Bench-201, within the published ranges (mean regret after 100, 200 and 300 evaluations).

Reference, 100 seeds on CIFAR-10 after 12 epochs: random search 1.23 / 0.89 / 0.77, Q-learning 1.20 / 0.89 / 0.74,
REINFORCE 1.07 / 0.72 / 0.50, regularised evolution with the canonical cache 0.30 after 100.
"""

import numpy as np
import pytest

from coeval.evaluate.table_catalogue import load_benchmark
from coeval.evaluate.table_evaluator import TableEvaluator
from coeval.strategy.evolution_strategies import EvolutionStrategies
from coeval.strategy.q_learning import QLearning
from coeval.strategy.reinforce import Reinforce
from coeval.testing.fakes import drive
from coeval.trial import State

SHORT = "nasbench201-cifar10-12epochs"
POINTS = (100, 200, 300)


def regrets(name, make, seeds=20):
    """Return the mean regret of the best validation accuracy after each of POINTS evaluations."""
    benchmark = load_benchmark(name)
    objective = benchmark.table.objective
    best = float(benchmark.table.schedules[benchmark.table.epochs][objective.name].max())
    rows = []
    for seed in range(seeds):
        strategy = make(benchmark.space, objective, seed)
        log = drive(strategy, TableEvaluator(benchmark.table), POINTS[-1])
        values = [one.measurement.values["accuracy"] for one in log if one.state is State.DONE]
        rows.append([best - max(values[:count]) for count in POINTS])
    return np.mean(rows, axis=0)


@pytest.mark.slow
def test_q_learning_with_its_schedule_scaled_is_little_better_than_chance():
    found = regrets(SHORT, lambda *three: QLearning(*three, evaluations=300, replays=64))
    assert 0.8 < found[0] < 1.6
    assert 0.4 < found[2] < 1.0


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["recurrent", "independent"])
def test_reinforce_learns_late_and_does_not_beat_evolution_at_100(policy):
    found = regrets(SHORT, lambda *three: Reinforce(*three, policy=policy))
    assert 0.75 < found[0] < 1.5
    assert 0.3 < found[2] < 0.7


@pytest.mark.slow
def test_evolution_strategies_stand_between_chance_and_evolution():
    found = regrets(SHORT, EvolutionStrategies)
    assert 0.5 < found[0] < 1.0
    assert 0.2 < found[2] < 0.65
