import statistics

import numpy as np

from coeval.strategy.random import RandomSearch
from coeval.strategy.reference import ReferenceVectorEvolution, least_violation
from coeval.testing.fakes import LOSS, LadderEvaluator, drive, ladder_space
from coeval.trial import Limit, Measurement, Proposal, Trial, best, finish
from tests.strategy.fronts import SPACE, THREE, TWO, FrontEvaluator, hypervolume, search, sphere

LADDER = ladder_space()


def test_dominates_more_than_random_search_on_known_fronts():
    for objectives, problem in ((TWO, FrontEvaluator()), (THREE, FrontEvaluator(sphere))):
        for seed in range(2):
            strategy = ReferenceVectorEvolution(SPACE, objectives, seed, population=20)
            bred = hypervolume(search(strategy, problem, 400), objectives, 2.0)
            drawn = search(RandomSearch(SPACE, seed), problem, 400)
            assert bred > 1.2 * hypervolume(drawn, objectives, 2.0)


def test_comes_near_the_sphere_of_three_objectives():
    exact = 8 - np.pi / 6
    for seed in range(2):
        strategy = ReferenceVectorEvolution(SPACE, THREE, seed, population=20)
        volume = hypervolume(search(strategy, FrontEvaluator(sphere), 600), THREE, 2.0)
        assert 0.85 * exact < volume <= exact


def test_keeps_a_hard_limit_and_finds_the_front_behind_it():
    for seed in range(2):
        strategy = ReferenceVectorEvolution(SPACE, TWO, seed, population=20)
        trials = search(strategy, FrontEvaluator(limit=Limit("f2", 0.8)), 450)
        feasible = [one for one in trials if one.is_comparable]
        assert feasible
        assert feasible[0].number > 20


def test_with_one_objective_it_still_beats_random_search():
    def found(strategy):
        return LOSS.cost(best(drive(strategy, LadderEvaluator(), 200), LOSS))

    bred = [found(ReferenceVectorEvolution(LADDER, LOSS, seed, population=16)) for seed in range(3)]
    drawn = [found(RandomSearch(LADDER, seed)) for seed in range(3)]
    assert statistics.median(bred) < 0.7 * statistics.median(drawn)


def test_the_population_never_outgrows_its_size():
    strategy = ReferenceVectorEvolution(SPACE, THREE, population=12)
    search(strategy, FrontEvaluator(sphere), 120)
    assert len(strategy._generations.members) == 12


def test_parents_are_drawn_from_all_feasible_members_and_the_rest_by_violation():
    candidate = next(iter(LADDER))
    excess = [0.0, 0.0, 0.0, 5.0]
    members = [
        finish(Trial(number, Proposal(candidate)), Measurement({"loss": 1.0}, {"limit": one}))
        for number, one in enumerate(excess)
    ]
    rng = np.random.default_rng(0)
    drawn = [least_violation(members, rng).number for _ in range(400)]
    counts = [drawn.count(number) for number in range(4)]
    assert min(counts[:3]) > 90
    assert counts[3] < 60
