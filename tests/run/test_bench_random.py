import itertools

import numpy as np
import pytest

from coeval.evaluate.table_catalogue import Benchmark, load_benchmark
from coeval.run.bench import Contest, Entrant, contest_truth, run_search
from coeval.run.bench_random import expectation
from coeval.statistics import expected_best
from coeval.strategy.random import RandomSearch
from coeval.trial import Limit, Objective, Proposal
from tests.evaluate.tables import CELLS, SPACE, candidate, table

ACCURACY = Objective("accuracy", maximise=True)


class InOrder:
    def __init__(self, cells):
        self._cells, self._place = cells, 0

    def ask(self, count):
        return [Proposal(candidate(*one)) for one in self._cells[self._place : self._place + count]]

    def tell(self, trial):
        self._place = trial.number + 1


def load() -> Benchmark:
    return Benchmark(SPACE, table())


def by_trial(contest, pairs):
    """Return the mean regrets over every ordered choice of two members: brute force."""
    found = [
        run_search(contest, Entrant("", lambda *_, cells=cells: InOrder(cells)), 0)
        for cells in pairs
    ]
    return (
        np.mean([one.regret for one in found], axis=0),
        np.mean([one.test_regret for one in found], axis=0),
    )


@pytest.mark.parametrize(
    ("objectives", "limits"),
    [
        ((), ()),
        ((), (Limit("latency", 1.0),)),
        ((Objective("accuracy", maximise=True, goal=12.0),), ()),
        ((Objective("latency"),), ()),
        ((ACCURACY, Objective("flops")), ()),
        ((ACCURACY, Objective("latency")), (Limit("flops", 2.0),)),
    ],
)
def test_the_expectation_is_the_mean_over_every_order(objectives, limits):
    contest = Contest(load, 2, objectives, limits, canonical=False)
    truth = contest_truth(contest)
    regret, tested = by_trial(contest, list(itertools.permutations(CELLS, 2)))
    found = expectation(truth, 2)
    assert found.regret == pytest.approx(regret)
    assert found.test_regret == pytest.approx(tested)


def test_with_one_objective_it_is_what_the_statistics_say():
    truth = contest_truth(Contest(load, 16))
    costs = truth.costs[:, 0] - truth.low[0]
    assert expectation(truth, 16).regret == pytest.approx(expected_best(costs))


def test_beyond_the_last_member_nothing_changes():
    found = expectation(contest_truth(Contest(load, 20)), 20)
    assert found.regret[15:] == pytest.approx([0.0] * 5)


def test_three_objectives_have_no_closed_form():
    aims = (ACCURACY, Objective("flops"), Objective("latency"))
    assert expectation(contest_truth(Contest(load, 5, aims)), 5).regret == ()


def test_the_median_is_when_half_of_all_searches_are_near():
    contest = Contest(load, 16)
    truth = contest_truth(contest)
    assert truth.within == 0.0  # of 16 members one in a thousand is the best alone
    assert expectation(truth, 16).median == 8  # each of 16 places of the best is as likely


@pytest.mark.parametrize(
    ("name", "at_100", "at_300"),
    [("cifar10", 1.194, 0.738), ("cifar100", 2.277, 1.323), ("imagenet16-120", 2.792, 1.885)],
)
def test_the_reference_values_of_the_short_schedule_are_met(name, at_100, at_300):
    load_short = lambda: load_benchmark(f"nasbench201-{name}-12epochs")  # noqa: E731
    found = expectation(contest_truth(Contest(load_short, 300)), 300).regret
    assert (found[99], found[299]) == pytest.approx((at_100, at_300), abs=5e-4)


@pytest.mark.slow
def test_random_search_behaves_as_expected():
    contest = Contest(lambda: load_benchmark("nasbench201"), 50, canonical=False)
    make = Entrant("random", lambda space, objectives, seed: RandomSearch(space, seed))
    found = np.array([run_search(contest, make, seed).regret[49] for seed in range(200)])
    error = found.std() / np.sqrt(len(found))
    expected = expectation(contest_truth(contest), 50).regret[49]
    assert abs(found.mean() - expected) < 4 * error
