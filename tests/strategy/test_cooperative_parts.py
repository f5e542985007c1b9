import numpy as np
import pytest

from coeval.errors import SpaceError
from coeval.evaluate.numeric import NumericEvaluator
from coeval.exact.solve import solve
from coeval.space.programs import ProgramSpace
from coeval.space.programs_trees import make_grammar, ordered, to_tree
from coeval.space.teams import modules_of, program_space
from coeval.strategy.cooperative_parts import SEED, PartsCoevolution
from coeval.strategy.cooperative_surgery import Parts, by_rank
from coeval.testing.strategies import check_strategy
from tests.strategy.numbers import ERROR, OPERATIONS, Timeless, columns, evaluator, search

SPACE = ProgramSpace(2, OPERATIONS, 6, size_limit=7)
GRAMMAR = make_grammar(SPACE)


def parts(seed=1, **options):
    return PartsCoevolution(SPACE, ERROR, seed, **({"population": 20} | options))


def target(x):
    return np.sin(x[0] * x[1]) + x[0] / x[1]


@pytest.fixture(scope="module")
def bank():
    answer = solve(columns(20), target(columns(20)), OPERATIONS, 7, constants="linear")
    found = answer.bank
    sizes = range(2, 5)
    return [
        block.program(row)
        for size in sizes
        for block in found.kept(size)
        for row in range(len(block.values))
    ]


def test_keeps_the_contract_of_strategies():
    check_strategy(parts, program_space(SPACE), Timeless(evaluator()), trials=80)


def test_keeps_the_contract_with_seeds(bank):
    def make():
        return parts(seeds=bank[:30])

    check_strategy(make, program_space(SPACE), Timeless(evaluator()), trials=80)


def test_ends_where_the_space_is_used_up_and_has_asked_every_structure_once():
    tiny = ProgramSpace(1, OPERATIONS[:3], 2, size_limit=3)
    judge = NumericEvaluator(columns(20)[:1], columns(20)[1], OPERATIONS[:3])
    trials = search(PartsCoevolution(tiny, ERROR, 1, population=5), judge, 1_000)
    asked = [modules_of(one.proposal.candidate)[0] for one in trials]
    assert len(asked) == len(set(asked)) == 3  # x + x, x - x, x · x


def test_asks_no_structure_twice_and_none_with_a_part_that_is_undefined_or_a_duplicate():
    trials = search(parts(), evaluator(20), 1_500)
    trees = [
        ordered(to_tree(modules_of(one.proposal.candidate)[0], SPACE, GRAMMAR), GRAMMAR)
        for one in trials
    ]
    assert len(set(trees)) == len(trees)
    undefined = {tree for tree, one in zip(trees, trials, strict=True) if one.measurement.failure}
    assert undefined
    for place, tree in enumerate(trees):
        before = {one for one in trees[: max(0, place - 100)] if one in undefined}
        assert not any(one != tree and one in tree for one in before)


def test_reaches_the_exact_optimum_with_seeds_from_the_bank(bank):
    x = columns(20)
    noisy = target(x) + 0.1 * np.random.default_rng(2).normal(size=20)
    answer = solve(x, noisy, OPERATIONS, 7, constants="linear")
    optimum = answer.error / (20 * np.var(noisy))
    judge = NumericEvaluator(x, noisy, OPERATIONS)
    trials = search(
        parts(seeds=bank, complete=4, population=100), judge, 20_000, until=optimum * (1 + 1e-9)
    )
    assert min(map(ERROR.cost, trials)) == pytest.approx(optimum, rel=1e-9)
    assert trials[0].proposal.origin == SEED


def test_a_part_is_worth_the_best_whole_it_served_in():
    found = Parts([b"a", b"b", b"c"])
    found.serve(b"c", 0.5)
    found.serve(b"b", 0.1)
    found.serve(b"b", 0.9)
    found.rank()
    assert [found.draw(1, draw, 0.0) for draw in (0.0, 0.7)] == [b"b", b"c"]
    assert found.draw(1, 0.99, 0.9) == b"c"


def test_ranks_are_drawn_evenly_in_their_logarithm():
    draws = np.random.default_rng(0).random(20_000)
    ranks = np.array([by_rank(1_000, draw) for draw in draws])
    shares = [((ranks >= low - 1) & (ranks < 10 * low - 1)).mean() for low in (1, 10, 100)]
    assert all(abs(one - 1 / 3) < 0.02 for one in shares)
    assert ranks.min() == 0
    assert by_rank(1, 0.9) == 0


@pytest.mark.parametrize(
    ("space", "message"),
    [
        (ProgramSpace(2, OPERATIONS, 6), "with a size_limit"),
        (ProgramSpace(2, OPERATIONS, 6, constants=1, size_limit=7), "constants=1"),
        (ProgramSpace(2, OPERATIONS, 5, size_limit=7), "Raise length"),
    ],
)
def test_a_space_without_bounded_trees_is_refused(space, message):
    with pytest.raises(SpaceError, match=message):
        PartsCoevolution(space, ERROR)
