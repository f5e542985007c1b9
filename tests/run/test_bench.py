from functools import partial

import numpy as np
import pytest

from coeval.errors import SpaceError
from coeval.evaluate.table_catalogue import Benchmark
from coeval.run.bench import Contest, Entrant, contest_truth, run_search, run_searches
from coeval.run.strategies import plain
from coeval.strategy.random import RandomSearch
from coeval.trial import Fidelity, Limit, Objective, Proposal, State
from tests.evaluate.tables import SPACE, benchmark, candidate, table

CONTEST = Contest(benchmark, 8)


class Scripted:
    """Asks for given candidates, and keeps what it is told."""

    def __init__(self, *wanted: Proposal) -> None:
        self.wanted, self.told = list(wanted), []

    def ask(self, count):
        return self.wanted[len(self.told) // 2 :][:count]

    def tell(self, trial):
        self.told.append(trial)


def scripted(*cells, **fields) -> Scripted:
    return Scripted(*(Proposal(candidate(*cell), **fields) for cell in cells))


def run(strategy, contest=CONTEST):
    return run_search(contest, Entrant("scripted", lambda *_: strategy), 0)


def test_regret_is_the_distance_of_the_incumbent_to_the_best():
    found = run(scripted((1, 0), (3, 2), (0, 0), (3, 3)))
    assert found.regret == (23.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    assert found.test_regret == (11.5, 0.5, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0)
    assert (found.asked, found.distinct) == (4, 4)


def test_a_strategy_is_told_running_and_then_done():
    strategy = scripted((1, 0), (3, 2))
    run(strategy)
    assert [(one.number, one.state) for one in strategy.told] == [
        (0, State.RUNNING),
        (0, State.DONE),
        (1, State.RUNNING),
        (1, State.DONE),
    ]
    assert not any("test" in name for one in strategy.told[1::2] for name in one.measurement.values)


def test_a_repeat_is_an_evaluation_too():
    found = run(scripted(*[(1, 0)] * 20, (3, 3)))
    assert found.regret[-1] == 23.0
    assert (found.asked, found.distinct) == (8, 1)


def test_low_fidelity_is_paid_by_its_share_and_is_no_incumbent():
    tenth = Fidelity(epochs=0.1)
    cells = [Proposal(candidate(a, b), tenth) for a in range(4) for b in range(4)][:15]
    found = run(Scripted(*cells, Proposal(candidate(3, 2))), Contest(benchmark, 3))
    assert found.asked == 16
    assert found.regret == (33.0, 33.0, 1.0)


def test_what_is_infeasible_is_no_incumbent():
    contest = Contest(benchmark, 4, limits=(Limit("latency", 1.0),))
    found = run(scripted((3, 3), (2, 3), (1, 1), (1, 3)), contest)
    assert found.regret == (13.0, 13.0, 2.0, 0.0)
    assert found.test_regret == (6.5, 6.5, 1.0, 0.0)


def test_an_objective_that_a_device_cannot_have_is_infeasible():
    latency = Objective("latency")
    contest = Contest(benchmark, 3, (latency,))
    assert contest_truth(contest).feasible.sum() == 12
    strategy = scripted((3, 3), (2, 0), (0, 1))
    found = run(strategy, contest)
    assert found.regret == (2.0, 2.0, 0.0)
    assert found.test_regret == ()
    assert strategy.told[1].measurement.violations == {"latency": 1.0}


def test_several_objectives_are_judged_by_the_hypervolume_that_is_missing():
    contest = Contest(benchmark, 4, (Objective("accuracy", maximise=True), Objective("flops")))
    found = run(scripted((3, 0), (3, 3), (3, 1), (3, 2)), contest)
    assert found.regret[-1] == pytest.approx(0.0)
    assert list(found.regret) == sorted(found.regret, reverse=True)
    assert 0.0 < found.regret[0] < 0.1
    dominated = run(scripted((0, 3)), contest)
    assert dominated.regret[0] > 0.9


def test_a_goal_ends_regret():
    contest = Contest(benchmark, 2, (Objective("accuracy", maximise=True, goal=20.0),))
    assert run(scripted((1, 0), (2, 1)), contest).regret == (10.0, 0.0)


def test_what_is_free_is_charged_all_the_same():
    endless = Scripted(*[Proposal(candidate(1, 0), Fidelity(epochs=0.1), continues=0)] * 9000)
    with_curves = Contest(lambda: Benchmark(SPACE, table(curves=True)), 2)
    assert run(endless, with_curves).asked <= 2001


def test_limits_that_no_member_keeps_say_the_least_there_is():
    with pytest.raises(
        SpaceError, match=r"No member of small has latency of at most -1: the least is 0\."
    ):
        contest_truth(Contest(benchmark, 2, limits=(Limit("latency", -1.0),)))


def test_limits_that_only_together_exclude_all_say_so():
    limits = (Limit("accuracy", 5.0), Limit("flops", 3.0), Limit("accuracy", -1.0))
    with pytest.raises(SpaceError, match="the least under the other limits is 0"):
        contest_truth(Contest(benchmark, 2, limits=limits))


def entrant(name: str) -> Entrant:
    return Entrant(name, partial(plain, name))


def test_processes_find_what_one_process_finds():
    entrants = [entrant("random"), entrant("evolution")]
    one, two = (
        {(s.strategy, s.seed): s.regret for s in run_searches(CONTEST, entrants, range(2), workers)}
        for workers in (1, 2)
    )
    assert one == two
    assert len(one) == 4


def test_a_search_of_the_same_seed_is_the_same():
    first, second = (run_search(CONTEST, entrant("local"), 3) for _ in range(2))
    assert (first.regret, first.test_regret) == (second.regret, second.test_regret)


def test_seeds_come_one_after_the_other_so_that_an_interrupted_comparison_is_fair():
    entrants = [entrant("random"), entrant("evolution")]
    order = [(one.seed, one.strategy) for one in run_searches(CONTEST, entrants, range(2))]
    assert order == [(0, "random"), (0, "evolution"), (1, "random"), (1, "evolution")]


def test_a_space_that_ends_ends_the_search():
    found = run_search(Contest(benchmark, 40), entrant("exhaustive"), 0)
    assert found.asked == 16
    assert found.regret[-1] == 0.0
    assert np.isfinite(found.regret).all()


def test_random_search_needs_no_objective():
    make = Entrant("mine", lambda space, objectives, seed: RandomSearch(space, seed))
    assert run_search(CONTEST, make, 0).asked == 8
