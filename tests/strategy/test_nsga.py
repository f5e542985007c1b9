import statistics

from coeval.strategy.nsga import NSGA2
from coeval.strategy.random import RandomSearch
from coeval.testing.fakes import LOSS, LadderEvaluator, drive, ladder_space
from coeval.trial import Limit, Measurement, Trial, best, finish
from tests.strategy.fronts import SPACE, TWO, FrontEvaluator, hypervolume, search

LADDER = ladder_space()


def told(strategy, first, rows):
    for number, (f1, f2) in enumerate(rows, first):
        trial = Trial(number, strategy.ask(1)[0])
        strategy.tell(finish(trial, Measurement({"f1": float(f1), "f2": float(f2)})))


def numbers(strategy):
    return {one.number for one in strategy._generations.members}


def test_dominates_more_than_random_search_on_a_known_front():
    exact = 4 - 1 / 3  # below (2, 2): the area above 1 - sqrt(f1) and beside it
    for seed in range(3):
        bred = search(NSGA2(SPACE, TWO, seed, population=20), FrontEvaluator(), 400)
        drawn = search(RandomSearch(SPACE, seed), FrontEvaluator(), 400)
        volume = hypervolume(bred, TWO, 2.0)
        assert 0.5 * exact < volume <= exact
        assert volume > 1.2 * hypervolume(drawn, TWO, 2.0)


def test_parents_and_children_live_on_by_front_and_then_by_crowding():
    strategy = NSGA2(SPACE, TWO, population=4)
    told(strategy, 0, [(0, 9), (9, 0), (9, 9), (8, 8)])
    told(strategy, 4, [(4, 5), (5, 4), (5, 5), (4.1, 4.9)])
    assert numbers(strategy) >= {0, 1}
    assert numbers(strategy) < {0, 1, 4, 5, 7}


def test_keeps_a_hard_limit_and_finds_the_front_behind_it():
    for seed in range(2):
        limited = FrontEvaluator(limit=Limit("f2", 0.8))
        trials = search(NSGA2(SPACE, TWO, seed, population=20), limited, 450)
        feasible = [one for one in trials if one.is_comparable]
        assert feasible
        assert all(one.measurement.values["f2"] <= 0.8 for one in feasible)
        assert feasible[0].number > 20


def test_with_one_objective_it_searches_as_an_elitist_population_does():
    def found(strategy):
        return LOSS.cost(best(drive(strategy, LadderEvaluator(), 200), LOSS))

    bred = [found(NSGA2(LADDER, LOSS, seed, population=16)) for seed in range(3)]
    drawn = [found(RandomSearch(LADDER, seed)) for seed in range(3)]
    assert statistics.median(bred) < 0.5 * statistics.median(drawn)
