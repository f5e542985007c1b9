import numpy as np
import pytest

from coeval.architecture.program import make_program
from coeval.space.programs_arrays import structure_keys
from coeval.space.teams import modules_of, program_space
from coeval.strategy.genetic import CHAMPION, GeneticProgramming
from coeval.strategy.genetic_breeding import Breeding, breed
from coeval.strategy.genetic_members import nobody
from coeval.testing.strategies import check_strategy
from tests.strategy.numbers import ERROR, MUL, SIN, Timeless, columns, evaluator, search, space


def genetic(seed=1, **options):
    return GeneticProgramming(space(6), ERROR, seed, **({"population": 20} | options))


@pytest.mark.parametrize("options", [{}, {"subset": 8, "rows": 60, "elites": 2}])
def test_keeps_the_contract_of_strategies(options):
    def make():
        return genetic(
            population=6, elites=2, **{k: v for k, v in options.items() if k != "elites"}
        )

    check_strategy(make, program_space(space(6)), Timeless(evaluator()), trials=80)


def test_keeps_the_contract_where_the_space_is_used_up():
    tiny = space(1, size_limit=3)

    def make():
        return GeneticProgramming(tiny, ERROR, 1, population=30)

    check_strategy(make, program_space(tiny), Timeless(evaluator()), trials=50)


def test_finds_a_formula_exactly():
    x = columns()
    judge = evaluator(function=lambda _: np.sin(x[0] * x[1]) + x[0])
    trials = search(genetic(population=200), judge, 20_000, until=1e-20)
    assert min(map(ERROR.cost, trials)) < 1e-20


def test_searches_better_than_samples_of_the_space_do():
    bred = [
        min(map(ERROR.cost, search(genetic(seed, population=40), evaluator(), 600)))
        for seed in range(3)
    ]
    drawn = [
        min(
            map(
                ERROR.cost,
                search(
                    genetic(seed, breeding=Breeding(fresh=1.0), population=40), evaluator(), 600
                ),
            )
        )
        for seed in range(3)
    ]
    assert np.median(bred) < np.median(drawn)


def test_on_subsets_every_generation_has_rows_of_its_own_and_the_best_are_checked_on_all():
    trials = search(genetic(subset=8, rows=60), evaluator(), 700)
    cases = {one.proposal.cases for one in trials if one.proposal.cases is not None}
    assert len(cases) >= 20
    assert all(len(one.removeprefix("rows:").split(",")) == 8 for one in cases)
    checks = [one for one in trials if one.proposal.origin == CHAMPION]
    assert checks
    assert all(one.is_comparable for one in checks)


def test_the_champion_of_a_search_on_subsets_was_judged_on_all_rows():
    strategy = genetic(subset=8, rows=60)
    trials = search(strategy, evaluator(), 700)
    checks = [one for one in trials if one.is_comparable]
    assert strategy.champion == min(checks, key=lambda one: (ERROR.cost(one), one.number))


def test_seeds_are_the_first_candidates():
    seed = make_program([(MUL, 0, 1), (SIN, 2)])
    first = genetic(seeds=[seed]).ask(1)[0]
    assert modules_of(first.candidate) == (space(6).fitted(seed),)


def test_children_have_structures_that_are_neither_known_nor_twice():
    layout, rng = space(3).layout, np.random.default_rng(0)
    none = nobody(layout)
    parents, keys = breed(Breeding(), layout, none.genes, none.costs, 40, [], rng)
    children, new = breed(Breeding(), layout, parents, np.arange(40.0), 60, keys, rng)
    assert structure_keys(layout, children).tolist() == new
    assert len(set(new)) == len(new) > 40
    assert not set(new) & set(keys)


def test_the_young_succeed_the_old_but_for_elites():
    layout, rng = space(3).layout, np.random.default_rng(0)
    members = nobody(layout)
    old, keys = breed(Breeding(fresh=1.0), layout, members.genes, members.costs, 4, [], rng)
    members.succeed(old, np.array([1.0, 2.0, 3.0, np.inf]), list("abcd"), keys, size=3, elites=1)
    assert members.names == ["a", "b", "c"]
    young, keys = breed(Breeding(fresh=1.0), layout, old, np.zeros(4), 3, keys, rng)
    members.succeed(young, np.array([5.0, 4.0, 9.0]), ["x", "a", "z"], keys, size=3, elites=1)
    assert members.names == ["a", "x", "z"]
    assert members.ages.tolist() == [1, 0, 0]
    assert members.structures[1:] == [keys[0], keys[2]]


@pytest.mark.parametrize(
    ("options", "message"),
    [({"elites": 20}, "elites must lie in"), ({"subset": 5}, "Say how many rows there are")],
)
def test_numbers_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        genetic(**options)
