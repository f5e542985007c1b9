import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.space.digest import candidate_digest
from coeval.strategy.control import WithControl
from coeval.strategy.random import RandomSearch
from coeval.strategy.repeats import Repeats
from coeval.strategy.seeded import Seeded
from coeval.testing.fakes import LOSS, LadderEvaluator, drive, ladder_space
from coeval.testing.strategies import check_strategy
from coeval.trial import Measurement, Proposal, State, Trial, best, finish
from tests.strategy.test_evolution import evolution

SPACE = ladder_space()


def repeated(inner=None, **options):
    return Repeats(inner or evolution(warm_up=3), LOSS, **options)


def asked(log):
    return {one.number: one.proposal for one in log if one.state is State.RUNNING}


@pytest.mark.parametrize(
    "make",
    [
        repeated,
        lambda: repeated(every=2, most=5),
        lambda: Seeded(
            repeated(WithControl(evolution(warm_up=3), RandomSearch(SPACE, 8), every=4), every=3),
            {"a": next(iter(SPACE))},
        ),
    ],
)
def test_keeps_the_contract_of_strategies(make):
    check_strategy(make, SPACE)


@given(
    every=st.integers(2, 12),
    most=st.integers(1, 4),
    batch=st.integers(1, 9),
    trials=st.integers(1, 60),
)
def test_repeats_are_few_bounded_and_of_the_incumbent(every, most, batch, trials):
    log = drive(repeated(every=every, most=most), LadderEvaluator(failing=20), trials, batch=batch)
    found = [one for one in log if one.proposal.origin == "repeat" and one.state is State.RUNNING]
    assert len(found) * every <= trials
    counted = {}
    for one in found:
        assert one.number % every == every - 1
        before = [t for t in log[: log.index(one)] if t.state is State.DONE]
        incumbent = best(before, LOSS)
        assert one.proposal.candidate == incumbent.proposal.candidate
        assert one.proposal.parent is one.proposal.continues is None
        name = candidate_digest(one.proposal.candidate)
        counted[name] = counted.get(name, 0) + 1
        assert one.proposal.repeat == counted[name] <= most


def test_an_incumbent_is_repeated_only_after_it_stood_for_a_while():
    strategy = repeated(RandomSearch(SPACE), every=10)
    for number in range(9):
        (proposal,) = strategy.ask(1)
        trial = Trial(number, proposal)
        strategy.tell(finish(trial, Measurement({"loss": float(9 - number)})))  # ever better
    assert strategy.ask(1)[0].origin == "random"
    strategy = repeated(RandomSearch(SPACE), every=10)
    for number in range(9):
        (proposal,) = strategy.ask(1)
        trial = Trial(number, proposal)
        strategy.tell(finish(trial, Measurement({"loss": float(number)})))  # the first is the best
    assert strategy.ask(2)[0].origin == "repeat"
    assert strategy.ask(2)[1].origin == "random"


def test_a_lucky_repeat_changes_no_question_of_the_inner_strategy():
    lucky, unlucky = repeated(every=4, most=9), repeated(every=4, most=9)
    for number in range(60):
        mine, theirs = lucky.ask(1), unlucky.ask(1)
        assert mine == theirs
        measured = {"loss": float(int(candidate_digest(mine[0].candidate)[:6], 16))}
        is_repeat = bool(mine[0].repeat)
        for strategy, value in ((lucky, -1e9), (unlucky, 1e9)):
            found = Measurement({"loss": value} if is_repeat else measured)
            strategy.tell(finish(Trial(number, mine[0]), found))


def test_the_questions_at_other_places_are_the_inner_strategy_s():
    wrapped = asked(drive(repeated(RandomSearch(SPACE, 3), every=4), LadderEvaluator(), 40))
    alone = asked(drive(RandomSearch(SPACE, 3), LadderEvaluator(), 40))
    differing = {number for number in wrapped if wrapped[number] != alone[number]}
    assert differing == {number for number, one in wrapped.items() if one.repeat}
    assert differing


def test_it_waits_where_the_inner_strategy_waits():
    class Waiting:
        def ask(self, count):
            return []

        def tell(self, trial):
            pass

    strategy = Repeats(Waiting(), LOSS, every=2)
    assert strategy.ask(3) == []
    strategy.tell(finish(Trial(0, Proposal(next(iter(SPACE)))), Measurement({"loss": 1.0})))
    strategy.tell(
        finish(Trial(1, Proposal(next(iter(SPACE)), repeat=1)), Measurement({"loss": 1.0}))
    )
    strategy.tell(
        finish(Trial(2, Proposal(next(iter(SPACE)), cases="x")), Measurement({"loss": 1}))
    )
    assert [one.repeat for one in strategy.ask(3)] == [2]


@pytest.mark.parametrize(
    ("options", "message"),
    [({"every": 1}, "every must be at least 2, got 1"), ({"most": 0}, "most must be at least 1")],
)
def test_senseless_numbers_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        repeated(**options)
