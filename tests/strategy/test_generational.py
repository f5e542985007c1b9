import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.space.digest import candidate_digest
from coeval.strategy.genetic_algorithm import GeneticAlgorithm
from coeval.strategy.nsga import NSGA2
from coeval.strategy.reference import ReferenceVectorEvolution
from coeval.strategy.seeded import Seeded
from coeval.testing.fakes import LOSS, LadderEvaluator, drive, ladder_space
from coeval.testing.strategies import check_strategy, shuffled
from coeval.trial import Failure, Limit, Measurement, Reason, State, Trial, finish
from tests.strategy.fronts import SPACE as PLANE
from tests.strategy.fronts import THREE, TWO, FrontEvaluator, sphere

SPACE = ladder_space()
TINY = ladder_space(settings=2, choices=2, parts=1)
FAILED = Measurement(failure=Failure(Reason.CRASHED))
ALL = [GeneticAlgorithm, NSGA2, ReferenceVectorEvolution]
each = pytest.mark.parametrize("strategy_class", ALL, ids=lambda one: one.__name__)


@each
@pytest.mark.parametrize(("space", "trials"), [(SPACE, 20), (TINY, 9)], ids=["large", "used up"])
def test_keeps_the_contract_of_strategies(strategy_class, space, trials):
    check_strategy(lambda: strategy_class(space, LOSS, 3, population=4), space, trials=trials)


@each
def test_keeps_the_contract_with_three_objectives_and_a_limit(strategy_class):
    judge = FrontEvaluator(sphere, Limit("f1", 0.7))
    check_strategy(lambda: strategy_class(PLANE, THREE, 3, population=4), PLANE, judge, trials=16)


@each
def test_waits_at_the_end_of_a_generation_until_all_of_it_is_finished(strategy_class):
    strategy = strategy_class(SPACE, LOSS, population=4)
    running = [Trial(number, one) for number, one in enumerate(strategy.ask(9))]
    assert len(running) == 4
    for trial in running:
        strategy.tell(trial)
    assert strategy.ask(1) == []
    for trial in running[1:]:
        strategy.tell(finish(trial, Measurement({"loss": 1.0})))
    assert strategy.ask(1) == []
    strategy.tell(finish(running[0], FAILED))
    children = strategy.ask(9)
    assert len(children) == 4
    assert {one.parent for one in children} <= {1, 2, 3}


@each
@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**30))
def test_no_order_of_completion_changes_a_generation(strategy_class, seed):
    def asked(order):
        strategy = strategy_class(SPACE, LOSS, population=5)
        log = drive(strategy, LadderEvaluator(failing=20), 20, batch=5, order=order)
        return [one.proposal for one in log if one.state is State.RUNNING]

    assert asked(shuffled(seed)) == asked(None)


@each
def test_seeds_of_others_are_members_of_the_first_generation(strategy_class):
    seeds = {str(place): candidate for place, candidate in zip(range(3), SPACE, strict=False)}
    inner = strategy_class(SPACE, LOSS, population=6)
    log = drive(Seeded(inner, seeds), LadderEvaluator(target=0), 12)
    origins = [one.proposal.origin.split(":")[0] for one in log if one.state is State.RUNNING]
    assert origins[:3] == ["seed"] * 3
    parents = {one.proposal.parent for one in log[12:]}
    assert parents & {0, 1, 2}


@each
def test_no_candidate_is_proposed_twice(strategy_class):
    log = drive(strategy_class(SPACE, LOSS, population=10), LadderEvaluator(), 100)
    asked = [candidate_digest(one.proposal.candidate) for one in log if one.state is State.RUNNING]
    assert len(set(asked)) == 100


@each
def test_a_generation_of_failures_is_followed_by_another(strategy_class):
    strategy = strategy_class(SPACE, LOSS, population=3)
    for number in range(9):
        strategy.tell(finish(Trial(number, strategy.ask(1)[0]), FAILED))
    assert {one.origin.split(":")[1] for one in strategy.ask(3)} == {"sample"}


@each
def test_children_name_their_moves_and_parents(strategy_class):
    strategy = strategy_class(SPACE, LOSS, population=10, crossover=1.0, mutation=0.0)
    drive(strategy, LadderEvaluator(), 10)
    children = [one for one in strategy.ask(10) if not one.origin.endswith("sample")]
    assert len(children) > 5
    assert all(one.moves and one.parent is not None for one in children)
    assert {move.name for one in children for move in one.moves} == {"cross"}


@each
def test_infeasible_trials_lead_to_feasible_ones_and_never_beat_them(strategy_class):
    judge = FrontEvaluator(limit=Limit("f2", 1.0))
    strategy = strategy_class(PLANE, TWO, population=10)
    log = drive(strategy, judge, 300)
    done = {one.number: one for one in log if one.state is State.DONE}
    assert not any(done[number].is_comparable for number in range(10))
    feasible = [number for number, one in done.items() if one.is_comparable]
    assert feasible
    late = [one for one in done.values() if one.number >= 280]
    assert sum(done[one.proposal.parent].is_comparable for one in late) >= 0.9 * len(late)


@each
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"population": 1}, "population must be at least 2, got 1"),
        ({"crossover": -0.1}, "crossover is a probability in 0..1, got -0.1"),
        ({"mutation": 2}, "mutation is a probability in 0..1, got 2"),
        ({"mutation": 0, "crossover": 0}, "no child would differ"),
    ],
)
def test_numbers_out_of_range_are_refused(strategy_class, options, message):
    with pytest.raises(ValueError, match=message):
        strategy_class(SPACE, LOSS, **options)


def test_several_generations_follow_from_a_log_told_at_once():
    strategy = NSGA2(SPACE, LOSS, population=5)
    log = drive(strategy, LadderEvaluator(), 23)
    again = NSGA2(SPACE, LOSS, population=5)
    for one in log:
        if one.state is not State.RUNNING:
            again.tell(one)
    assert again.ask(9) == strategy.ask(9)
    assert len(again.ask(9)) == 2
