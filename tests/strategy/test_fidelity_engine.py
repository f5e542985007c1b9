import itertools

import pytest

from coeval.space.digest import candidate_digest
from coeval.strategy.asha import AsynchronousHalving
from coeval.strategy.control import WithControl
from coeval.strategy.evolution import RegularisedEvolution
from coeval.strategy.halving import SuccessiveHalving
from coeval.strategy.hyperband import Hyperband
from coeval.strategy.random import RandomSearch
from coeval.strategy.seeded import Seeded
from coeval.testing.fakes import LOSS, LadderEvaluator, drive, ladder_space
from coeval.testing.strategies import check_strategy, shuffled
from coeval.trial import Fidelity, State
from tests.strategy.rungs import SPACE, THREE, Epochs, Spy, asked, losses, shares

TINY = ladder_space(settings=2, choices=2, parts=1)
WRAPPERS = [SuccessiveHalving, Hyperband, AsynchronousHalving]
each = pytest.mark.parametrize("wrapper", WRAPPERS)


def evolution(seed=3, space=SPACE):
    return RegularisedEvolution(space, LOSS, seed, population=10, sample_size=4, warm_up=5)


@each
@pytest.mark.parametrize("continues", [True, False])
def test_keeps_the_contract_of_strategies(wrapper, continues):
    def make():
        return wrapper(evolution(), LOSS, fidelities=THREE, continues=continues, enough=4)

    check_strategy(make, SPACE, trials=30)


@each
def test_keeps_the_contract_around_others(wrapper):
    def make():
        seeds = {"a": next(iter(SPACE))}
        inner = Seeded(WithControl(evolution(), RandomSearch(SPACE, 8), every=4), seeds)
        return wrapper(inner, LOSS, fidelities=(0.25, 1.0), enough=3)

    check_strategy(make, SPACE, Epochs(failing=15), trials=25)


@each
def test_keeps_the_contract_inside_of_others(wrapper):
    def make():
        climbing = wrapper(evolution(), LOSS, fidelities=(0.25, 1.0), enough=3)
        seeds = {"a": next(iter(SPACE))}
        return Seeded(WithControl(climbing, RandomSearch(SPACE, 9), every=5), seeds)

    # A control takes places of a batch, and promotions have no places of their own: a batch may hold others.
    check_strategy(make, SPACE, Epochs(failing=15), trials=25, consecutive=False)


@each
def test_keeps_the_contract_in_a_space_that_is_used_up(wrapper):
    check_strategy(lambda: wrapper(evolution(space=TINY), LOSS, fidelities=THREE), TINY, trials=12)


@each
@pytest.mark.parametrize("make", [lambda: RandomSearch(SPACE, 3), evolution])
def test_with_full_fidelity_only_it_is_the_inner_strategy(wrapper, make):
    judge = LadderEvaluator(failing=15)
    plain = drive(make(), judge, 40, batch=3)
    assert drive(wrapper(make(), LOSS, fidelities=(1.0,)), judge, 40, batch=3) == plain


@each
@pytest.mark.parametrize("batch", [1, 5])
def test_a_promotion_continues_the_same_candidate_and_repeat_one_rung_higher(wrapper, batch):
    strategy = wrapper(evolution(), LOSS, fidelities=THREE)
    log = drive(strategy, Epochs(failing=15), 60, batch=batch, order=shuffled(1))
    by_number = {one.number: one for one in log if one.state is State.DONE}
    promoted = [one for one in asked(log) if one.continues is not None]
    assert promoted
    for one in promoted:
        below = by_number[one.continues].proposal  # finished, and not failed
        assert candidate_digest(below.candidate) == candidate_digest(one.candidate)
        assert THREE.index(one.fidelity.epochs) == THREE.index(below.fidelity.epochs) + 1
    assert len({one.continues for one in promoted}) == len(promoted)


@each
def test_without_continuing_promotions_start_anew_and_are_the_same(wrapper):
    strategy = wrapper(evolution(), LOSS, fidelities=THREE, continues=False)
    log = drive(strategy, Epochs(), 60, batch=2)
    assert all(one.continues is None for one in asked(log))
    other = wrapper(evolution(), LOSS, fidelities=THREE)
    kept = drive(other, Epochs(), 60, batch=2)
    assert [(one.candidate, one.fidelity) for one in asked(log)] == [
        (one.candidate, one.fidelity) for one in asked(kept)
    ]


@each
def test_the_inner_strategy_is_told_the_truth_under_numbers_of_its_own(wrapper):
    spy = Spy()
    log = drive(wrapper(spy, LOSS, fidelities=THREE), Epochs(failing=15), 80, batch=3)
    measured = {(candidate_digest(one.proposal.candidate), value) for share in THREE
                for number, value in losses(log, share).items() for one in log
                if one.number == number and one.state is State.DONE}  # fmt: skip
    for copy, records in itertools.groupby(
        sorted(spy.heard, key=lambda r: r[0]), key=lambda r: r[0]
    ):
        mine = [one for _, one in records]
        started = [one.number for one in mine if one.state is State.RUNNING]
        assert started == list(range(len(started)))
        assert len({one.number for one in mine if one.state is not State.RUNNING}) == len(
            [one for one in mine if one.state is not State.RUNNING]
        )
        values = {
            (candidate_digest(one.proposal.candidate), LOSS.cost(one))
            for one in mine
            if one.state is State.DONE
        }
        at = {LOSS.cost(one) for one in log if one.state is State.DONE
              and one.proposal.fidelity.epochs == THREE[copy]}  # fmt: skip
        assert values <= measured
        assert {value for _, value in values} == at  # all of its rung, and no other's
        assert {one.proposal.fidelity for one in mine} == {Fidelity()}
        assert all(one.proposal.origin == "spy" for one in mine)


@each
def test_a_parent_is_a_finished_trial_of_the_outer_log_with_the_parent_s_candidate(wrapper):
    spy = Spy()
    log = drive(wrapper(spy, LOSS, fidelities=THREE), Epochs(failing=15), 60, batch=3)
    done = {one.number: one for one in log if one.state is State.DONE}
    inner = {one.number: one.proposal for name, one in spy.heard if name == 0}
    parents = [one for one in asked(log) if one.parent is not None]
    assert parents
    for one in parents:
        outer = candidate_digest(done[one.parent].proposal.candidate)
        seen = [
            told.proposal.parent
            for name, told in spy.heard
            if name == 0 and told.proposal.candidate == one.candidate
        ]
        assert outer in {candidate_digest(inner[number].candidate) for number in seen}


@each
def test_trials_of_others_are_told_and_never_promoted(wrapper):
    spy = Spy()
    control = WithControl(wrapper(spy, LOSS, fidelities=THREE), RandomSearch(SPACE, 1), every=4)
    log = drive(control, Epochs(), 60)
    others = {one.number for one in log if one.proposal.origin == "random"}
    assert others
    assert not others & {one.continues for one in asked(log)}
    top = {one.proposal.origin for name, one in spy.heard if name == 2 and one.state is State.DONE}
    assert top == {"spy", "random"}
    low = {one.proposal.origin for name, one in spy.heard if name == 0 and one.state is State.DONE}
    assert low == {"spy"}


@each
def test_a_finite_inner_strategy_ends_with_a_full_training(wrapper):
    strategy = wrapper(Spy(last=2), LOSS, fidelities=THREE)
    log = drive(strategy, Epochs(), 50, batch=4)
    assert 1.0 in shares(log)
    assert strategy.ask(3) == []


@each
def test_the_origin_names_who_proposed_within_whom(wrapper):
    log = drive(wrapper(Spy(), LOSS, fidelities=(0.5, 1.0)), Epochs(), 20)
    names = {one.origin.partition(":")[2] for one in asked(log)}
    assert names == {"spy", "promotion"}


@each
@pytest.mark.parametrize("continues", [True, False])
def test_a_journal_of_other_settings_is_learnt_from_and_asked_on(wrapper, continues):
    log = drive(wrapper(Spy(), LOSS, fidelities=THREE, eta=2, continues=continues), Epochs(), 50)
    spy = Spy()
    strategy = wrapper(spy, LOSS, fidelities=THREE, eta=4, continues=continues)
    for record in log:
        strategy.tell(record)
    assert strategy.ask(1)
    whole = [one for one in log if one.is_comparable]
    told = {LOSS.cost(one) for name, one in spy.heard if name == 2 and one.is_comparable}
    assert told == set(map(LOSS.cost, whole))


@each
def test_enough_below_one_is_refused(wrapper):
    with pytest.raises(ValueError, match="enough must be at least 1 value a rung, got 0"):
        wrapper(Spy(), LOSS, fidelities=(0.5, 1.0), enough=0)
