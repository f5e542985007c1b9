import statistics
import time

import numpy as np
import pytest

from coeval.space.digest import candidate_digest
from coeval.strategy.evolution import RegularisedEvolution
from coeval.strategy.random import RandomSearch
from coeval.testing.fakes import LOSS, LadderEvaluator, drive, ladder_space
from coeval.testing.strategies import check_strategy
from coeval.trial import (
    Fidelity,
    Limit,
    Measurement,
    Objective,
    Proposal,
    State,
    Trial,
    best,
    finish,
)
from tests.strategy.fronts import SPACE as PLANE
from tests.strategy.fronts import THREE, TWO, FrontEvaluator, hypervolume, search, sphere

SPACE = ladder_space()


def evolution(seed=0, **options):
    return RegularisedEvolution(
        SPACE, LOSS, seed, **{"population": 20, "sample_size": 6, **options}
    )


def tell(strategy, number, loss, candidate=None, **proposal):
    chosen = candidate or next(c for i, c in enumerate(SPACE) if i == number)
    trial = Trial(number, Proposal(chosen, **proposal))
    strategy.tell(trial)
    strategy.tell(finish(trial, Measurement({"loss": loss})))


def test_beats_random_search_at_equal_trials():
    def found(strategy):
        return LOSS.cost(best(drive(strategy, LadderEvaluator(failing=10), 200, batch=2), LOSS))

    evolved = [found(evolution(seed)) for seed in range(7)]
    drawn = [found(RandomSearch(SPACE, seed)) for seed in range(7)]
    assert statistics.median(evolved) < 0.5 * statistics.median(drawn)


def test_the_parent_is_the_best_of_its_tournament():
    strategy = evolution(warm_up=0, sample_size=20, crossover=0.0)
    for number in range(5):
        tell(strategy, number, loss=float(abs(number - 3)))
    assert [one.parent for one in strategy.ask(4)].count(3) >= 3


def test_the_oldest_leaves_even_if_it_is_the_best():
    strategy = evolution(population=3, sample_size=3, warm_up=0)
    for number in range(4):
        tell(strategy, number, loss=float(number))
    parents = {one.parent for one in strategy.ask(30)}
    assert parents <= {1, 2, 3}


def test_a_maximised_objective_breeds_from_the_greatest():
    strategy = RegularisedEvolution(
        SPACE, Objective("loss", maximise=True), population=5, sample_size=5, warm_up=0, crossover=0
    )
    for number in range(5):
        tell(strategy, number, loss=float(number))
    parents = [one.parent for one in strategy.ask(10)]
    assert parents.count(4) > 5


def test_only_comparable_trials_breed():
    strategy = evolution(warm_up=0)
    tell(strategy, 0, 0.0, fidelity=Fidelity(epochs=0.5))
    tell(strategy, 1, 0.0, cases="some")
    tell(strategy, 2, 0.0, repeat=1)
    tell(strategy, 3, float("nan"))
    assert {one.origin for one in strategy.ask(5)} == {"evolution:sample"}
    tell(strategy, 4, 9.0)
    assert {one.parent for one in strategy.ask(5)} == {4}


def test_children_name_their_moves_and_parents():
    strategy = evolution(warm_up=0, crossover=1.0)
    for number in range(8):
        tell(strategy, number, float(number), SPACE.sample(np.random.default_rng(number)))
    proposals = strategy.ask(20)
    assert all(one.moves and one.parent is not None for one in proposals)
    assert {"evolution:crossover"} <= {one.origin for one in proposals}
    assert any(move.name == "cross" for one in proposals for move in one.moves)


def test_no_candidate_is_proposed_twice():
    log = drive(evolution(), LadderEvaluator(), 150, batch=3)
    asked = [candidate_digest(one.proposal.candidate) for one in log if one.state is State.RUNNING]
    assert len(set(asked)) == 150


def test_the_cost_of_a_trial_does_not_grow_with_their_number():
    strategy = evolution()
    candidates = [SPACE.sample(np.random.default_rng(i)) for i in range(3000)]

    def seconds(numbers):
        began = time.perf_counter()
        for number in numbers:
            tell(strategy, number, 1.0, candidates[number])
            if number % 10 == 0:
                strategy.ask(1)
        return time.perf_counter() - began

    early = seconds(range(1000))
    seconds(range(1000, 2000))
    assert seconds(range(2000, 3000)) < 3 * early + 0.1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"population": 0}, "population must be at least 1, got 0"),
        ({"population": 4, "sample_size": 9}, r"sample_size must lie in 1..population=4, got 9"),
        ({"warm_up": -1}, "warm_up must be at least 0"),
        ({"crossover": 1.5}, "crossover is a probability"),
    ],
)
def test_numbers_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        evolution(**options)


def vector(strategy, number, f1, f2, excess=0.0):
    chosen = next(c for i, c in enumerate(SPACE) if i == number)
    violations = {"limit": excess} if excess else {}
    trial = Trial(number, Proposal(chosen))
    strategy.tell(finish(trial, Measurement({"f1": f1, "f2": f2}, violations)))


def test_with_several_objectives_the_front_breeds():
    strategy = RegularisedEvolution(
        SPACE, TWO, population=10, sample_size=10, warm_up=0, crossover=0
    )
    rows = [(0.0, 3.0), (3.0, 0.0), (1.0, 1.0), (4.0, 4.0), (3.0, 3.0), (5.0, 1.5)]
    for number, row in enumerate(rows):
        vector(strategy, number, *row)
    parents = [one.parent for one in strategy.ask(30)]
    assert set(parents) <= {0, 1, 2}
    assert parents.count(0) + parents.count(1) > 20


def test_infeasible_members_stay_and_lose_tournaments():
    strategy = RegularisedEvolution(SPACE, LOSS, population=10, sample_size=10, warm_up=0)
    for number, excess in enumerate([3.0, 1.0, 2.0]):
        trial = Trial(number, Proposal(next(c for i, c in enumerate(SPACE) if i == number)))
        measured = Measurement({"loss": float(number)}, {"limit": excess})
        strategy.tell(finish(trial, measured))
    assert 1 in {one.parent for one in strategy.ask(9)}
    tell(strategy, 3, loss=99.0)
    parents = [one.parent for one in strategy.ask(20)]
    assert parents.count(3) > 10


def test_reaches_the_feasible_part_from_samples_that_all_break_a_limit():
    judge = FrontEvaluator(limit=Limit("f2", 1.0))
    for seed in range(2):
        for objectives in (TWO, TWO[0]):
            strategy = RegularisedEvolution(PLANE, objectives, seed, population=20)
            trials = search(strategy, judge, 300)
            assert not any(one.is_comparable for one in trials[:8])
            assert any(one.is_comparable for one in trials)


def test_dominates_more_than_random_search_on_a_known_front():
    for seed in range(2):
        evolved = search(RegularisedEvolution(PLANE, TWO, seed), FrontEvaluator(), 300)
        drawn = search(RandomSearch(PLANE, seed), FrontEvaluator(), 300)
        assert hypervolume(evolved, TWO, 2.0) > 1.2 * hypervolume(drawn, TWO, 2.0)


@pytest.mark.parametrize("objectives", [TWO, THREE])
def test_keeps_the_contract_with_several_objectives_and_a_limit(objectives):
    judge = FrontEvaluator(sphere, Limit("f1", 0.7))
    check_strategy(
        lambda: RegularisedEvolution(PLANE, objectives, 7, population=10, sample_size=4),
        PLANE,
        judge,
        trials=20,
    )


def test_one_objective_is_asked_for_as_an_objective_or_as_a_sequence():
    def asked(objective):
        strategy = RegularisedEvolution(SPACE, objective, 3)
        return drive(strategy, LadderEvaluator(), 30)

    assert asked(LOSS) == asked([LOSS])
