"""One inner strategy for all rungs: it ranks by rung, then by value."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.strategy.asha import AsynchronousHalving
from coeval.strategy.evolution import RegularisedEvolution
from coeval.strategy.fidelity_highest import HighestRung
from coeval.strategy.objectives import Objectives
from coeval.strategy.random import RandomSearch
from coeval.testing.fakes import LOSS, drive
from coeval.testing.strategies import check_strategy
from coeval.trial import Failure, Measurement, Objective, Reason, State
from tests.strategy.rungs import SPACE, THREE, Epochs, Spy, asked

BOTH = (LOSS, Objective("parameters"))


def evolving(seed=0, **options):
    inner = RegularisedEvolution(SPACE, LOSS, seed, population=16, sample_size=6, warm_up=0)
    return AsynchronousHalving(inner, LOSS, fidelities=THREE, models=HighestRung, **options)


def told(objectives, found):
    """Return what the inner strategy hears of measurements: ``(rung, measurement)`` each."""
    spy = Spy()
    models = HighestRung(spy, Objectives(objectives), 3, 8)
    for rung, measurement in found:
        models.measure(models.start(spy.ask(1)[0]), rung, measurement)
    return [trial for _, trial in spy.heard if trial.state is not State.RUNNING]


@given(st.lists(st.tuples(st.integers(0, 2), st.floats(-1e6, 1e6)), min_size=2, max_size=30))
def test_the_order_inside_is_by_rung_then_by_value(found):
    order = Objectives(LOSS).order(told(LOSS, [(r, Measurement({"loss": v})) for r, v in found]))
    seen = [found[trial.number] for trial in order]
    assert [rung for rung, _ in seen] == sorted((rung for rung, _ in found), reverse=True)
    for rung in range(3):
        # neighbours closer than the arc tangent resolves may swap, far from zero
        values = [math.atan(value) for at, value in seen if at == rung]
        assert values == pytest.approx(sorted(values), abs=1e-15)


def test_values_stay_as_they_were_measured_and_whole_ones_have_no_violation():
    low, whole = told(LOSS, [(0, Measurement({"loss": 3.0})), (2, Measurement({"loss": 4.0}))])
    assert low.measurement.values == {"loss": 3.0}
    assert low.measurement.violations.keys() == {"rung"}
    assert not whole.measurement.violations


def test_what_breaks_a_limit_loses_against_everything_that_does_not():
    heavy = Measurement({"loss": 0.0}, violations={"parameters": 0.01})
    found = [(2, heavy), (0, Measurement({"loss": 9.0})), (1, heavy)]
    order = Objectives(LOSS).order(told(LOSS, found))
    assert order[0].number == 1


def test_several_objectives_keep_the_order_of_rungs():
    found = [
        (rung, Measurement({"loss": loss}, cost={"parameters": 10.0 - loss}))
        for rung, loss in [(0, 1.0), (2, 5.0), (1, 2.0), (2, 6.0)]
    ]
    order = Objectives(BOTH).order(told(BOTH, found))
    assert [found[trial.number][0] for trial in order] == [2, 2, 1, 0]


def test_a_promoted_candidate_is_told_again_under_a_new_number():
    spy = Spy()
    strategy = AsynchronousHalving(spy, LOSS, fidelities=(0.5, 1.0), models=HighestRung)
    drive(strategy, Epochs(), 12)
    done = [trial for _, trial in spy.heard if trial.state is State.DONE]
    twice = [trial for trial in done if not trial.measurement.violations]
    assert twice
    for trial in twice:
        first = next(one for one in done if one.proposal.candidate == trial.proposal.candidate)
        assert first.measurement.violations
        assert first.number < trial.number


def test_failures_are_told_as_failures():
    (one,) = told(LOSS, [(1, Measurement(failure=Failure(Reason.DIVERGED)))])
    assert one.state is State.FAILED


def test_who_is_given_up_everywhere_is_told_as_failed_and_only_then():
    spy = Spy()
    models = HighestRung(spy, Objectives(LOSS), 3, 8)
    number = models.start(spy.ask(1)[0])
    models.give_up(number, range(1, 3))
    assert models.waits(number, 0)
    models.give_up(number, range(3))
    assert spy.heard[-1][1].state is State.FAILED
    assert not models.waits(number, 0)


def test_parents_are_the_newest_trials_of_candidates_and_mostly_from_higher_rungs():
    log = drive(evolving(), Epochs(), 240)
    number_of = {trial.number: trial for trial in log}
    children = [one for one in asked(log) if one.parent is not None]
    shares = [number_of[one.parent].proposal.fidelity.epochs for one in children]
    assert len(children) > 100
    assert sum(share == 1.0 for share in shares) > sum(share == THREE[0] for share in shares)


def test_evolution_under_rungs_passes_the_contract():
    check_strategy(lambda: evolving(3), SPACE, single_fidelity=False, consecutive=False)


def test_it_finds_better_than_random_search_under_the_same_rungs():
    def best(make):
        found = []
        for seed in range(6):
            log = drive(make(seed), Epochs(), 150)
            whole = [one for one in log if one.is_comparable]
            found.append(min(map(LOSS.cost, whole)))
        return sum(found)

    rival = best(
        lambda seed: AsynchronousHalving(RandomSearch(SPACE, seed), LOSS, fidelities=THREE)
    )
    assert best(evolving) < rival
