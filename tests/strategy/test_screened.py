"""Screening: what signals favour when they have earned it, and the inner strategy as it stands when not."""

from dataclasses import replace

import numpy as np
import pytest

from coeval.seed import generator
from coeval.space.digest import candidate_digest
from coeval.strategy.asha import AsynchronousHalving
from coeval.strategy.evolution import RegularisedEvolution
from coeval.strategy.halving import SuccessiveHalving
from coeval.strategy.random import RandomSearch
from coeval.strategy.screened import PREFIX, Screened
from coeval.testing.fakes import LOSS, LadderEvaluator, drive, ladder_loss, ladder_space
from coeval.testing.strategies import check_strategy
from coeval.trial import Objective, State

SPACE = ladder_space(settings=3, choices=6)


def truth(candidate):
    return -ladder_loss(candidate, 5)


def lie(candidate):
    return ladder_loss(candidate, 5)


def silent(candidate):
    return None


def noise(candidate):
    return float(generator(0, "noise", candidate_digest(candidate)).random())


def evolution(seed=3, **given):
    return RegularisedEvolution(SPACE, LOSS, seed, population=12, sample_size=4, warm_up=4, **given)


def screened(*signals, inner=None, surrogate=False, **given):
    named = {one.__name__: one for one in signals}
    return Screened(inner or evolution(), LOSS, 3, signals=named, surrogate=surrogate, **given)


def origins(log):
    return [one.proposal.origin for one in log if one.state is State.RUNNING]


def asked(log):
    return [one.proposal.candidate for one in log if one.state is State.RUNNING]


@pytest.mark.parametrize("signals", [(truth,), (lie, noise), (truth, silent)])
def test_it_keeps_the_contract_of_strategies(signals):
    check_strategy(lambda: screened(*signals), SPACE, trials=30)


def test_it_keeps_the_contract_with_a_surrogate():
    check_strategy(lambda: screened(truth, surrogate=True, group=3), SPACE, trials=20)


def test_it_keeps_the_contract_around_random_search():
    check_strategy(lambda: screened(truth, inner=RandomSearch(SPACE, 2)), SPACE, trials=25)


@pytest.mark.parametrize("signal", [lie, silent])
def test_while_nothing_is_believed_it_asks_what_the_inner_strategy_asks(signal):
    plain = drive(evolution(), LadderEvaluator(failing=10), 60, batch=2)
    found = drive(screened(signal), LadderEvaluator(failing=10), 60, batch=2)
    assert found == plain


def test_a_signal_decides_once_it_was_right_and_never_about_every_proposal():
    said = origins(drive(screened(truth), LadderEvaluator(), 200))
    decided = [one.startswith(PREFIX) for one in said]
    assert not any(decided[:8])
    assert 0.65 < np.mean(decided[20:]) < 0.9


def test_what_is_proposed_is_the_better_of_the_group():
    strategy = screened(truth, inner=RandomSearch(SPACE, 2), uninformed=0.0)
    drive(strategy, LadderEvaluator(), 20)
    rivals = [truth(one.candidate) for one in strategy.inner.ask(strategy.group)]
    (proposal,) = strategy.ask(1)
    assert proposal.origin == PREFIX + "random"
    assert truth(proposal.candidate) == max(rivals)


def test_the_inner_strategy_breeds_from_what_was_screened():
    log = drive(screened(truth), LadderEvaluator(), 80)
    by_number = {one.number: one.proposal for one in log}
    parents = [one.proposal.parent for one in log if one.proposal.parent is not None]
    assert any(by_number[number].origin.startswith(PREFIX) for number in parents)


def test_parents_are_the_trials_that_were_bred_from():
    log = drive(screened(truth), LadderEvaluator(), 80)
    known = {one.number: one.proposal.candidate for one in log}
    mutants = [one for one in log if one.proposal.origin.endswith("evolution:mutation")]
    for one in mutants:
        parent = known[one.proposal.parent]
        differ = sum(
            a != b for a, b in zip(parent.parts, one.proposal.candidate.parts, strict=True)
        )
        assert differ <= 1


def test_it_screens_on_every_rung_of_a_halving():
    strategy = SuccessiveHalving(screened(truth), LOSS, fidelities=(0.5, 1.0), eta=2)
    log = drive(strategy, LadderEvaluator(), 120)
    assert any(PREFIX in one for one in origins(log))


def test_under_rungs_it_keeps_the_contract():
    def make():
        return AsynchronousHalving(screened(truth), LOSS, fidelities=(0.5, 1.0), enough=4)

    check_strategy(make, SPACE, trials=30, single_fidelity=False)


def test_with_several_objectives_nothing_is_screened():
    strategy = Screened(
        evolution(), [LOSS, Objective("seconds")], 3, signals={"truth": truth}, surrogate=False
    )
    assert not any(
        one.startswith(PREFIX) for one in origins(drive(strategy, LadderEvaluator(), 40))
    )


def test_a_signal_that_turns_is_dropped_in_the_run():
    turned = []

    def turning(candidate):
        return lie(candidate) if turned else truth(candidate)

    strategy = screened(turning, inner=RandomSearch(SPACE, 2))
    drive(strategy, LadderEvaluator(), 60)
    assert strategy.gauges[0].is_used
    turned.append(True)
    log = drive(RandomSearch(SPACE, 9), LadderEvaluator(), 16)
    for one in log:
        strategy.tell(replace(one, number=one.number + 60))
    assert not strategy.gauges[0].is_used


def best(log):
    return min(one.measurement.values["loss"] for one in log if one.measurement)


@pytest.mark.slow
def test_the_truth_helps_and_lies_and_noise_cost_little():
    def mean(*signals):
        found = []
        for seed in range(12):
            inner = RegularisedEvolution(SPACE, LOSS, seed, population=12, sample_size=4)
            strategy = Screened(
                inner, LOSS, seed, signals={one.__name__: one for one in signals}, surrogate=False
            )
            found.append(best(drive(strategy, LadderEvaluator(), 60)))
        return np.mean(found)

    plain = mean()
    assert mean(truth) < 0.8 * plain
    assert mean(lie) == plain
    assert mean(noise) < 1.15 * plain


@pytest.mark.parametrize(
    ("given", "message"),
    [({"group": 1}, "group must be at least 2, got 1"), ({"uninformed": 1.5}, "got 1.5")],
)
def test_options_out_of_range_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        screened(truth, **given)
