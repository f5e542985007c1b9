import math

import numpy as np
import pytest

from coeval.architecture.program import make_program
from coeval.errors import SpaceError
from coeval.space.teams import ABSENT, modules_of, team_space
from coeval.strategy.cooperative import RANDOM, WITHOUT, CooperativeCoevolution
from coeval.strategy.genetic_breeding import Breeding
from coeval.testing.strategies import check_strategy
from coeval.trial import Failure, Measurement, Reason
from tests.strategy.numbers import ERROR, MUL, SIN, Timeless, columns, evaluator, search, space

FAILED = Measurement(failure=Failure(Reason.REFUSED, "by the test"))


def cooperative(seed=1, **options):
    options = {"slots": 4, "population": 10} | options
    return CooperativeCoevolution(space(), ERROR, seed, **options)


def test_keeps_the_contract_of_strategies():
    check_strategy(cooperative, team_space(space(), 4), Timeless(evaluator()), trials=60)


def test_keeps_the_contract_where_generations_are_short_and_slots_are_dropped():
    def make():
        return cooperative(slots=2, population=4, least_gain=0.9, lifespan=2)

    check_strategy(make, team_space(space(), 2), Timeless(evaluator()), trials=90)


def test_finds_a_sum_of_products_that_no_single_module_holds():
    trials = search(cooperative(slots=8, population=50), evaluator(), 20_000, until=1e-3)
    assert min(map(ERROR.cost, trials)) <= 1e-3


def test_the_champion_is_the_best_comparable_team_ever():
    strategy = cooperative()
    trials = search(strategy, evaluator(), 600)
    best = min((one for one in trials if one.is_comparable), key=ERROR.cost)
    assert strategy.champion == best


def test_populations_are_added_when_the_error_stalls_and_never_more_than_the_slots():
    strategy = cooperative(slots=4, start=1)
    trials = search(strategy, evaluator(), 1_500)
    sizes = [len(modules_of(one.proposal.candidate)) for one in trials]
    assert sizes[0] == 1
    assert max(sizes) == 4


def test_each_child_serves_with_the_best_and_with_random_partners():
    trials = search(cooperative(start=3), evaluator(), 300)
    later = [one.proposal for one in trials if one.proposal.origin == RANDOM]
    assert later
    for proposal in later:
        twin = next(
            one.proposal
            for one in trials
            if one.proposal.origin != RANDOM
            and one.proposal.moves == proposal.moves
            and one.proposal.candidate.part(proposal.moves[0].part)
            == proposal.candidate.part(proposal.moves[0].part)
        )
        others = [name for name, _ in twin.candidate.parts if name != proposal.moves[0].part]
        assert len(others) == 3


def test_a_module_that_adds_hardly_anything_is_replaced():
    strategy = cooperative(slots=2, population=6, least_gain=0.5)
    trials = search(strategy, evaluator(), 1_000)
    audits = [one for one in trials if one.proposal.origin == WITHOUT]
    assert audits
    assert all(ABSENT in dict(one.proposal.candidate.parts).values() for one in audits)


def test_a_meaning_lives_once_in_a_population():
    strategy = cooperative(population=20)
    search(strategy, evaluator(), 800)
    for slot in strategy._slots:
        assert len(set(slot.names)) == len(slot.names)
        assert sorted(slot.costs.tolist()) == slot.costs.tolist()


def test_seeds_join_the_first_generation_and_are_found():
    x = columns()
    wanted = make_program([(MUL, 0, 1), (SIN, 2)])
    judge = evaluator(function=lambda _: np.sin(x[0] * x[1]))
    trials = search(cooperative(seeds=[wanted]), judge, 11)
    assert min(map(ERROR.cost, trials)) < 1e-20


def test_a_seed_that_does_not_fit_is_refused():
    with pytest.raises(SpaceError, match="does not fit 3 steps"):
        cooperative(seeds=[make_program([(SIN, 0), (SIN, 2), (SIN, 3), (SIN, 4)])])


def test_what_failed_never_enters_a_population():
    judge = Timeless(evaluator(), lambda trial: FAILED if trial.number % 2 else None)
    strategy = cooperative()
    search(strategy, judge, 300)
    assert all(np.isfinite(slot.costs).all() for slot in strategy._slots)
    assert strategy._error < math.inf


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"start": 5}, r"start must lie in 1\.\.slots=4, got 5"),
        ({"population": 1}, "population must be at least 2"),
        ({"lifespan": 0}, "lifespan must be at least 1"),
    ],
)
def test_numbers_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        cooperative(**options)


def test_breeding_probabilities_are_checked():
    with pytest.raises(ValueError, match="crossover is a probability"):
        Breeding(crossover=1.5)
