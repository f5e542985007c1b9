"""Promotion by early values, moved by signals that whole trainings have borne out."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.seed import generator
from coeval.space.digest import candidate_digest
from coeval.strategy.asha import AsynchronousHalving
from coeval.strategy.control import WithControl
from coeval.strategy.objectives import Objectives
from coeval.strategy.promotion import MOST, PromotionOrder
from coeval.strategy.random import RandomSearch
from coeval.testing.fakes import LOSS, LadderEvaluator, drive, ladder_loss, ladder_space
from coeval.testing.strategies import check_strategy
from coeval.trial import Fidelity, Measurement, Objective, Proposal, Trial, finish

SPACE = ladder_space(settings=3, choices=6)
ACCURACY = Objective("accuracy", maximise=True)
SHARE = 1 / 9


def trial(number, early, final, signal, *, whole, violations=None):
    """Return a trial of 18 epochs: after 2 it has the early value, at the end the final one."""
    candidate = SPACE.sample(generator(0, "trial", number))
    curve = (early, early, *[final] * 16) if whole else (early, early)
    found = Measurement(
        {"accuracy": curve[-1]},
        violations or {},
        curve={"accuracy": curve},
        data={"schedule_epochs": 18, "signals": {"s": signal}},
    )
    fidelity = Fidelity() if whole else Fidelity(epochs=SHARE)
    return finish(Trial(number, Proposal(candidate, fidelity)), found)


def told(signal, count=60, seed=0):
    """Return an order that was told whole trainings whose early value is half the truth."""
    order = PromotionOrder(ACCURACY)
    rng = generator(seed, "whole")
    for number in range(count):
        final = float(rng.random())
        early = 0.5 * final + 0.5 * float(rng.random())
        order.tell(trial(number, early, final, signal(final, rng), whole=True))
    return order


def right(final, rng):
    return final


def wrong(final, rng):
    return -final


def noise(final, rng):
    return float(rng.random())


def rung(count=12, seed=1):
    rng = generator(seed, "rung")
    return [
        trial(100 + number, float(rng.random()), 0.0, float(rng.random()), whole=False)
        for number in range(count)
    ]


@pytest.mark.parametrize("signal", [wrong, noise])
def test_without_a_signal_that_is_believed_early_values_decide(signal):
    trials = rung()
    assert told(signal).order(trials) == Objectives(ACCURACY).order(trials)


def test_before_there_are_enough_whole_trainings_early_values_decide():
    trials = rung()
    assert told(right, 7).order(trials) == Objectives(ACCURACY).order(trials)


def test_a_believed_signal_moves_who_is_close_and_nobody_across_the_rung():
    order = told(right)
    assert order.weights(SHARE) == {"s": MOST}
    first = [
        trial(number, 0.5 - 0.001 * number, 0.0, float(number), whole=False) for number in (1, 2)
    ]
    apart = [trial(10 + n, 0.9 - 0.01 * n, 0.0, 0.0, whole=False) for n in range(25)]
    assert not {1, 2} & {one.number for one in order.order([*first, *apart])[:9]}
    close = [trial(1, 0.80, 0.0, 0.0, whole=False), trial(2, 0.79, 0.0, 5.0, whole=False)]
    rest = [trial(3 + n, 0.7 - 0.01 * n, 0.0, 1.0 + 0.1 * n, whole=False) for n in range(3)]
    assert order.order([*close, *rest])[0].number == 2


def test_what_breaks_a_limit_stays_behind():
    order = told(right)
    broken = trial(1, 0.99, 0.0, 9.0, whole=False, violations={"macs": 0.1})
    found = order.order([broken, *rung()])
    assert found[-1] == broken
    assert order.order([broken]) == [broken]


def test_trials_without_the_signal_stand_in_the_middle_of_it():
    order = told(right)
    trials = rung()
    silent = [replace(one, measurement=replace(one.measurement, data={})) for one in trials]
    assert order.order(silent) == Objectives(ACCURACY).order(silent)
    assert set(map(id, order.order([silent[0], *trials[1:]]))) == set(
        map(id, [silent[0], *trials[1:]])
    )


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(12)))
def test_the_order_does_not_depend_on_the_order_of_its_trials(places):
    trials = rung()
    order = ORDER
    assert order.order([trials[place] for place in places]) == order.order(trials)


ORDER = told(right)


def test_the_version_changes_with_what_was_learnt_alone():
    order = told(right, 10)
    before = order.version
    for one in rung():
        order.tell(one)
    assert order.version == before
    order.tell(trial(99, 0.1, 0.2, 0.3, whole=True))
    assert order.version == before + 1


def test_more_of_the_best_go_on():
    def kept(order):
        found = []
        for seed in range(60):
            rng = generator(seed, "kept")
            finals = rng.random(27)
            trials = [
                trial(
                    n,
                    float(0.5 * final + 0.5 * rng.random()),
                    0.0,
                    float(final + 0.3 * rng.normal()),
                    whole=False,
                )
                for n, final in enumerate(finals)
            ]
            on = [one.number for one in order.order(trials)[:9]]
            found.append(np.isin(np.argsort(-finals)[:5], on).mean())
        return np.mean(found)

    assert kept(told(lambda final, rng: final + 0.3 * rng.normal())) > kept(told(noise)) + 0.05


class Signalled(LadderEvaluator):
    """Whole trainings have a curve from a noisy early loss to the loss, short ones end at the early loss."""

    def evaluate(self, trials, report):
        for one in trials:
            loss = ladder_loss(one.proposal.candidate, 5)
            rng = generator(0, "noise", candidate_digest(one.proposal.candidate))
            early = loss + float(rng.normal(0, 10))
            curve = (
                (early, early, *[loss] * 16) if one.proposal.fidelity.is_full else (early, early)
            )
            data = {"schedule_epochs": 18, "signals": {"s": -loss + float(rng.normal())}}
            yield one.number, Measurement({"loss": curve[-1]}, curve={"loss": curve}, data=data)


def halving():
    inner = RandomSearch(SPACE, 2)
    promotion = PromotionOrder(LOSS)
    strategy = AsynchronousHalving(inner, LOSS, fidelities=(SHARE, 1.0), promotion=promotion)
    return WithControl(strategy, RandomSearch(SPACE, 1), 4)


def test_a_halving_with_it_keeps_the_contract():
    check_strategy(halving, SPACE, Signalled(), trials=60, single_fidelity=False)


def test_a_halving_learns_it_from_its_own_whole_trainings():
    strategy = halving()
    drive(strategy, Signalled(), 120)
    assert strategy.inner._promotion.weights(SHARE)["s"] > 0.2
