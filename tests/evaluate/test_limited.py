from dataclasses import replace

import numpy as np

from coeval.evaluate.limited import Limited
from coeval.evaluate.protocol import never_stop
from coeval.pareto import nondominated
from coeval.run.budget import Budget
from coeval.run.search import search
from coeval.strategy.random import RandomSearch
from coeval.testing.evaluators import check_evaluator
from coeval.testing.fakes import LOSS, LadderEvaluator, ladder_space
from coeval.trial import Limit, Objective, Proposal, Trial

SPACE = ladder_space(settings=2, choices=4, parts=1)


class Sized(LadderEvaluator):
    """Measures the sum of the numbers as a cost."""

    def _measure(self, trial, report):
        size = float(sum(value for _, value in trial.proposal.candidate.part("part0")))
        found = super()._measure(trial, report)
        return replace(found, cost={"size": size, "seconds": 0.0})


class Problem:
    fingerprint = "ladder"


def test_limits_hold_scores_and_costs_and_keep_the_contract_of_evaluators():
    limited = Limited(Sized(), (Limit("size", 2.0), Limit("absent", 1.0)))
    check_evaluator(limited, [Proposal(one) for one in list(SPACE)[:4]])
    for candidate in SPACE:
        trial = Trial(0, Proposal(candidate))
        _, plain = next(Sized().evaluate([trial], never_stop))
        _, found = next(limited.evaluate([trial], never_stop))
        assert found.values == plain.values
        assert found.violations == {"size": max(0.0, plain.cost["size"] - 2) / 2}


def test_a_search_of_two_objectives_under_a_limit_returns_the_feasible_front():
    limited = Limited(Sized(), (Limit("size", 3.0),))
    goals = (LOSS, Objective("size"))
    run = search(
        Problem(), SPACE, RandomSearch(SPACE, 0), limited, Budget(trials=60), objective=goals
    )
    assert run.front
    assert all(one.is_comparable and one.measurement.cost["size"] <= 3 for one in run.front)
    costs = np.array([[goal.cost(one) for goal in goals] for one in run.front])
    assert nondominated(costs).all()
    assert run.best.number == run.front[0].number
