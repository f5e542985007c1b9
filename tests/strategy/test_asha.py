import time

import pytest

from coeval.space.digest import candidate_digest
from coeval.strategy.asha import AsynchronousHalving
from coeval.strategy.random import RandomSearch
from coeval.testing.fakes import LOSS, drive
from coeval.trial import Failure, Measurement, Reason, State, Trial, finish
from tests.strategy.rungs import SPACE, THREE, Epochs, Spy, asked, shares
from tests.strategy.test_halving import run

FAILED = Measurement(failure=Failure(Reason.CRASHED))


def asha(inner=None, **options):
    return AsynchronousHalving(
        inner or RandomSearch(SPACE, 1), LOSS, **{"fidelities": THREE, **options}
    )


def test_whoever_is_in_the_top_third_is_promoted_at_once():
    losses = [5.0, 4.0, 3.0, 2.9, 9.0, 1.0, 0.9, 3.5]
    log = run(asha(), 8, lambda trial: Measurement({"loss": losses[trial.number]}))
    # 0, 1 and 2 make one place, which is 2's. It was promoted (as 3), yet 5 takes that place from it; 4 does not.
    assert [one.proposal.continues for one in log] == [None, None, None, 2, None, None, 5, None]


def test_the_highest_rung_is_served_first():
    log = drive(asha(), Epochs(), 120)
    order = shares(log)
    first_top = order.index(1.0)
    assert order[:first_top].count(THREE[1]) == 3
    for share, below in ((1.0, THREE[1]), (THREE[1], THREE[0])):
        assert abs(order.count(share) - order.count(below) / 3) <= 2


def test_who_is_evaluated_whole_stands_beside_the_rungs():
    def is_even(candidate):
        return int(candidate_digest(candidate)[:4], 16) % 2 == 0

    strategy = asha(whole=is_even)
    log = drive(strategy, Epochs(), 80)
    fresh = [one.proposal for one in log if one.proposal.origin != "asha:promotion"]
    whole = [one for one in fresh if is_even(one.candidate)]
    assert 10 < len(whole) < len(fresh) - 10
    assert {one.fidelity.epochs for one in whole} == {1.0}
    assert {one.fidelity.epochs for one in fresh if one not in whole} == {THREE[0]}
    assert not any(
        is_even(one.proposal.candidate) for one in log if one.proposal.origin == "asha:promotion"
    )


def test_no_worker_waits():
    strategy = asha()
    proposals = strategy.ask(50)
    assert len(proposals) == 50
    for number, one in enumerate(proposals):
        strategy.tell(Trial(number, one))
    assert len(strategy.ask(5)) == 5


def test_failures_count_as_finished_and_are_never_promoted():
    log = run(
        asha(), 30, lambda trial: Measurement({"loss": 1.0}) if trial.number % 3 == 0 else FAILED
    )
    failed = {one.number for one in log if one.state is State.FAILED}
    promoted = {one.proposal.continues for one in log} - {None}
    assert promoted
    assert not failed & promoted
    assert shares([Trial(one.number, one.proposal) for one in log]).count(THREE[1]) >= 5


def test_who_is_not_promoted_in_time_counts_as_stopped_above_and_comes_back_when_it_is():
    losses = iter([1.0, 2.0, 3.0, 0.0, 8.0, 9.0, 9.5, 0.0, 0.0, 0.0])
    spy = Spy()
    run(asha(spy, fidelities=(0.5, 1.0)), 8, lambda trial: Measurement({"loss": next(losses)}))
    above = [(one.number, one.state) for name, one in spy.heard if name == 1]
    stopped = above.index((1, State.FAILED))
    late = [number for number, state in above[stopped:] if state is State.DONE]
    assert late
    (number,) = late  # trial 1's candidate, under a number of its own
    told = {one.number: one.proposal for _, one in spy.heard}
    assert number > 1
    assert told[number].candidate == told[1].candidate
    low = [(one.number, one.state) for name, one in spy.heard if name == 0]
    assert (number, State.FAILED) in low


def test_fewer_candidates_than_a_place_takes_still_end_with_a_full_training():
    log = drive(asha(Spy(last=2)), Epochs(), 20)
    assert shares(log) == [THREE[0]] * 2 + list(THREE[1:])
    assert asked(log)[-1].continues == 2


def test_asking_and_telling_takes_no_longer_after_thousands_of_trials():
    strategy = asha()
    spans = []
    number = 0
    for _ in range(4):
        began = time.perf_counter()
        for _ in range(500):
            trial = Trial(number, strategy.ask(1)[0])
            strategy.tell(trial)
            strategy.tell(finish(trial, Measurement({"loss": float(hash((number, 7)) % 1000)})))
            number += 1
        spans.append(time.perf_counter() - began)
    assert min(spans[2:]) < 4 * min(spans[:2])


@pytest.mark.parametrize("options", [{"eta": 0}, {"fidelities": ()}, {"enough": 0}])
def test_settings_out_of_range_are_refused(options):
    with pytest.raises(ValueError, match="at least"):
        asha(**options)
