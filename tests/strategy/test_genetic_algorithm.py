import statistics

import pytest

from coeval.strategy.genetic_algorithm import GeneticAlgorithm
from coeval.strategy.random import RandomSearch
from coeval.testing.fakes import LOSS, LadderEvaluator, drive, ladder_space
from coeval.trial import Measurement, Trial, best, finish

SPACE = ladder_space()


def generation(strategy, first, losses):
    for number, loss in enumerate(losses, first):
        trial = Trial(number, strategy.ask(1)[0])
        strategy.tell(finish(trial, Measurement({"loss": float(loss)})))


def test_beats_random_search_at_equal_trials():
    def found(strategy):
        return LOSS.cost(best(drive(strategy, LadderEvaluator(failing=10), 400), LOSS))

    bred = [found(GeneticAlgorithm(SPACE, LOSS, seed)) for seed in range(3)]
    drawn = [found(RandomSearch(SPACE, seed)) for seed in range(3)]
    assert statistics.median(bred) < 0.7 * statistics.median(drawn)


def test_parents_are_the_last_generation_and_the_elite_of_those_before():
    strategy = GeneticAlgorithm(SPACE, LOSS, population=6, elites=1)
    generation(strategy, 0, [5, 4, 1, 3, 2, 6])
    generation(strategy, 6, [9, 9, 9, 9, 9, 9])
    assert {one.number for one in strategy._generations.members} == {2, 6, 7, 8, 9, 10, 11}
    generation(strategy, 12, [9, 9, 9, 9, 9, 9])
    assert {one.number for one in strategy._generations.members} == {2, *range(12, 18)}


def test_without_elites_the_best_leaves_with_its_generation():
    strategy = GeneticAlgorithm(SPACE, LOSS, population=3, elites=0)
    generation(strategy, 0, [1, 2, 3])
    generation(strategy, 3, [7, 8, 9])
    assert {one.parent for one in strategy.ask(3)} <= {3, 4, 5}


def test_a_tournament_of_many_breeds_from_the_best():
    strategy = GeneticAlgorithm(SPACE, LOSS, population=5, tournament=50, crossover=0.0)
    generation(strategy, 0, [5, 4, 1, 3, 2])
    assert [one.parent for one in strategy.ask(5)] == [2] * 5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tournament": 0}, "tournament must be at least 1, got 0"),
        ({"population": 4, "elites": 4}, r"elites must lie in 0..population-1=3, got 4"),
        ({"elites": -1}, "elites must lie in"),
    ],
)
def test_numbers_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        GeneticAlgorithm(SPACE, LOSS, **options)
