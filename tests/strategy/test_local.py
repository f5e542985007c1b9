import statistics

import pytest

from coeval.errors import SpaceError
from coeval.space.digest import candidate_digest
from coeval.strategy.local import LocalSearch
from coeval.strategy.random import RandomSearch
from coeval.strategy.seeded import Seeded
from coeval.testing.fakes import LOSS, LadderEvaluator, drive, ladder_space
from coeval.testing.strategies import check_strategy
from coeval.trial import Failure, Limit, Measurement, Proposal, Reason, State, Trial, best, finish
from tests.strategy.fronts import SPACE as PLANE
from tests.strategy.fronts import THREE, TWO, FrontEvaluator, hypervolume, search, sphere

SPACE = ladder_space()
SMALL = ladder_space(settings=2, choices=3, parts=1)


def finished(strategy, number, proposal, loss):
    strategy.tell(Trial(number, proposal))
    measured = Measurement({"loss": float(loss)})
    strategy.tell(finish(Trial(number, proposal), measured))


@pytest.mark.parametrize(
    ("space", "objectives"), [(SPACE, LOSS), (SMALL, LOSS), (PLANE, TWO), (PLANE, THREE)]
)
def test_keeps_the_contract_of_strategies(space, objectives):
    judge = None if objectives is LOSS else FrontEvaluator(sphere, Limit("f1", 0.7))
    check_strategy(lambda: LocalSearch(space, objectives, 3, starts=4), space, judge, trials=24)


def test_beats_random_search_at_equal_trials():
    def found(strategy):
        return LOSS.cost(best(drive(strategy, LadderEvaluator(failing=10), 200, batch=2), LOSS))

    climbed = [found(LocalSearch(SPACE, LOSS, seed)) for seed in range(4)]
    drawn = [found(RandomSearch(SPACE, seed)) for seed in range(4)]
    assert statistics.median(climbed) < 0.5 * statistics.median(drawn)


def test_climbs_from_the_best_of_the_starts_to_its_neighbours():
    strategy = LocalSearch(SPACE, LOSS, starts=3)
    for number, loss in enumerate([5, 2, 7]):
        finished(strategy, number, strategy.ask(1)[0], loss)
    proposals = strategy.ask(5)
    centre = strategy._centre.proposal.candidate
    around = {child.genotype for child in SPACE.neighbours(centre)}
    assert {one.parent for one in proposals} == {1}
    assert {one.candidate for one in proposals} <= around


def test_moves_at_the_first_improvement_and_not_before():
    strategy = LocalSearch(SPACE, LOSS, starts=1)
    finished(strategy, 0, strategy.ask(1)[0], 5)
    finished(strategy, 1, strategy.ask(1)[0], 5)
    assert strategy.ask(1)[0].parent == 0
    finished(strategy, 2, strategy.ask(1)[0], 4)
    assert strategy.ask(1)[0].parent == 2


def test_draws_new_starts_at_a_local_optimum_if_told_so():
    strategy = LocalSearch(SMALL, LOSS, starts=2, at_optimum="restart")
    log = drive(strategy, _Flat(), 9)
    origins = [one.proposal.origin for one in log if one.state is State.RUNNING]
    neighbours = len(list(SMALL.neighbours(log[0].proposal.candidate)))
    assert origins[:2] == ["local:start"] * 2
    assert origins[2:].count("local:neighbour") > 0
    assert origins[2 + neighbours] == "local:start"


def test_tries_a_small_space_whole_before_any_candidate_twice():
    log = drive(LocalSearch(SMALL, LOSS, starts=1), LadderEvaluator(), 9)
    tried = {candidate_digest(one.proposal.candidate) for one in log}
    assert len(tried) >= 8


def test_does_not_wait_for_the_last_neighbours():
    strategy = LocalSearch(SMALL, LOSS, starts=1)
    finished(strategy, 0, strategy.ask(1)[0], 5)
    proposals = strategy.ask(7)
    assert proposals[0].origin == "local:neighbour"
    assert proposals[-1].origin == "local:start"
    assert len(proposals) == 7


def test_a_climb_waits_for_its_running_neighbours_before_it_ends():
    strategy = LocalSearch(SMALL, LOSS, starts=1)
    finished(strategy, 0, strategy.ask(1)[0], 5)
    around = [one for one in strategy.ask(9) if one.origin == "local:neighbour"]
    for number, one in enumerate(around, 1):
        strategy.tell(Trial(number, one))
    for number, one in enumerate(around[:-1], 1):
        strategy.tell(finish(Trial(number, one), Measurement({"loss": 6.0})))
    late = Trial(len(around), around[-1])
    strategy.tell(finish(late, Measurement({"loss": 1.0})))
    assert strategy._centre.number == late.number


def test_continues_from_the_best_unexplored_trial():
    strategy = LocalSearch(SMALL, LOSS, starts=3)
    for number, loss in enumerate([3, 1, 2]):
        finished(strategy, number, strategy.ask(1)[0], loss)
    number, parents = 3, []
    while strategy.ask(1)[0].origin == "local:neighbour":
        parents.append(strategy.ask(1)[0].parent)
        finished(strategy, number, strategy.ask(1)[0], 10 + number)
        number += 1
    assert list(dict.fromkeys(parents))[:2] == [1, 2]
    assert number == SMALL.size()


@pytest.mark.parametrize("space", [SPACE, SMALL])
def test_keeps_the_contract_of_strategies_with_restarts(space):
    check_strategy(
        lambda: LocalSearch(space, LOSS, 3, starts=4, at_optimum="restart"),
        space,
        trials=20,
    )


def test_seeds_of_others_count_as_starts():
    seeds = {str(place): candidate for place, candidate in zip(range(3), SPACE, strict=False)}
    strategy = Seeded(LocalSearch(SPACE, LOSS, starts=3), seeds)
    log = drive(strategy, LadderEvaluator(), 4)
    assert log[-1].proposal.origin == "local:neighbour"


def test_goes_on_where_nothing_but_failures_was_told():
    strategy = LocalSearch(SPACE, LOSS, starts=2)
    failed = Measurement(failure=Failure(Reason.CRASHED))
    for number in range(5):
        trial = Trial(number, strategy.ask(1)[0])
        strategy.tell(finish(trial, failed))
    finished(strategy, 5, strategy.ask(1)[0], 3)
    assert strategy.ask(1)[0].parent == 5


def test_reaches_the_feasible_part_from_starts_that_all_break_a_limit():
    judge = FrontEvaluator(limit=Limit("f2", 1.0))
    for seed in range(2):
        trials = search(LocalSearch(PLANE, TWO[0], seed), judge, 300)
        assert not any(one.is_comparable for one in trials[:10])
        assert any(one.is_comparable for one in trials)


def test_dominates_more_than_random_search_with_three_objectives():
    for seed in range(2):
        climbed = search(LocalSearch(PLANE, THREE, seed), FrontEvaluator(sphere), 300)
        drawn = search(RandomSearch(PLANE, seed), FrontEvaluator(sphere), 300)
        assert hypervolume(climbed, THREE, 2.0) > hypervolume(drawn, THREE, 2.0)


def test_refuses_less_than_one_start_and_unknown_ways_on():
    with pytest.raises(ValueError, match="starts must be at least 1, got 0"):
        LocalSearch(SPACE, LOSS, starts=0)
    with pytest.raises(
        ValueError, match="at_optimum must be 'best unexplored' or 'restart', got 'stop'"
    ):
        LocalSearch(SPACE, LOSS, at_optimum="stop")


def test_a_space_without_neighbours_says_so_at_once():
    class Sparse:
        def sample(self, rng):
            return SPACE.sample(rng)

        def neighbours(self, genotype):
            raise SpaceError("This space lists no neighbours.")

    with pytest.raises(SpaceError, match="lists no neighbours"):
        LocalSearch(Sparse(), LOSS)


def test_a_proposal_of_an_optimum_is_told_without_harm():
    strategy = LocalSearch(SMALL, LOSS, starts=1)
    first = next(iter(SMALL))
    for number in range(40):
        finished(strategy, number, Proposal(first), 1)
    assert strategy.ask(1)[0].parent == 0


class _Flat:
    """Finds every candidate equal."""

    def evaluate(self, trials, report):
        for trial in trials:
            yield trial.number, Measurement({"loss": 1.0})

    def bucket(self, proposal):
        return "all"
