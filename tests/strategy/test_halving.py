import statistics

import pytest

from coeval.strategy.evolution import RegularisedEvolution
from coeval.strategy.halving import SuccessiveHalving
from coeval.strategy.random import RandomSearch
from coeval.testing.fakes import LOSS, drive
from coeval.trial import Failure, Measurement, Objective, Reason, State, Trial, best, finish
from tests.strategy.rungs import SPACE, THREE, Epochs, Spy, losses, shares

LOW, HIGH = 0.25, 1.0
FAILED = Measurement(failure=Failure(Reason.CRASHED))


def halving(inner=None, **options):
    return SuccessiveHalving(
        RandomSearch(SPACE, 1) if inner is None else inner,
        options.pop("objective", LOSS),
        **{"fidelities": THREE, **options},
    )


def run(strategy, count, measure):
    """Ask one at a time and tell what ``measure(trial)`` says."""
    log = []
    for number in range(count):
        proposals = strategy.ask(1)
        if not proposals:
            break
        trial = Trial(number, proposals[0])
        strategy.tell(trial)
        log.append(finish(trial, measure(trial)))
        strategy.tell(log[-1])
    return log


def test_a_bracket_starts_eta_for_every_rung_and_keeps_the_best_third_each_time():
    log = drive(halving(), Epochs(), 13)
    assert shares(log) == [THREE[0]] * 9 + [THREE[1]] * 3 + [1.0]
    low = losses(log, THREE[0])
    middle = losses(log, THREE[1])
    ends = [one for one in log if one.state is State.DONE and one.proposal.continues is not None]
    assert [one.proposal.continues for one in ends[:3]] == sorted(low, key=low.__getitem__)[:3]
    assert ends[3].proposal.continues == min(middle, key=middle.__getitem__)


@pytest.mark.parametrize(
    ("size", "eta", "wanted"), [(1, 3, [1, 1]), (7, 3, [7, 2]), (8, 2, [8, 4]), (40, 20, [40, 2])]
)
def test_a_bracket_of_another_size_promotes_one_eta_th_rounded_down_but_one_at_least(
    size, eta, wanted
):
    log = drive(halving(fidelities=(LOW, HIGH), size=size, eta=eta), Epochs(), sum(wanted))
    assert shares(log) == [LOW] * wanted[0] + [HIGH] * wanted[1]


def test_the_next_bracket_is_filled_while_stragglers_run():
    strategy = halving(fidelities=(LOW, HIGH))
    first = strategy.ask(5)
    assert [one.fidelity.epochs for one in first] == [LOW] * 5
    trials = [Trial(number, one) for number, one in enumerate(first)]
    for trial in trials:
        strategy.tell(trial)
    for trial, loss in zip(trials[:2], (3.0, 1.0), strict=True):
        strategy.tell(finish(trial, Measurement({"loss": loss})))
    assert [one.continues for one in strategy.ask(2)] == [None, None]
    strategy.tell(finish(trials[2], Measurement({"loss": 2.0})))
    assert [one.continues for one in strategy.ask(2)] == [1, None]


def test_a_failed_trial_is_never_promoted_and_its_rung_completes():
    def measure(trial):
        return FAILED if trial.number in (0, 1, 4, 8) else Measurement({"loss": -trial.number})

    log = run(halving(fidelities=(LOW, HIGH)), 12, measure)
    assert [one.proposal.continues for one in log] == [
        *(None,) * 3,
        2,
        *(None,) * 3,
        6,
        *(None,) * 3,
        10,
    ]


def test_a_rung_of_failures_only_is_left_behind():
    log = run(halving(fidelities=(LOW, HIGH)), 9, lambda trial: FAILED)
    assert {one.proposal.fidelity.epochs for one in log} == {LOW}
    assert len(log) == 9


def test_a_candidate_that_fails_higher_up_leaves_its_rung_to_the_others():
    def measure(trial):
        higher = trial.proposal.continues is not None
        return FAILED if higher and trial.number == 9 else Measurement({"loss": trial.number})

    log = run(halving(), 13, measure)
    assert [one.proposal.continues for one in log[9:13]] == [0, 1, 2, 10]


def test_an_infeasible_trial_is_promoted_only_where_feasible_ones_lack():
    def measure(trial):
        bad = trial.number % 9 < 7
        return Measurement({"loss": -1.0 if bad else 1.0}, {"size": (0.1 + trial.number) * bad})

    log = run(halving(), 12, measure)
    assert [one.proposal.continues for one in log[9:12]] == [7, 8, 0]


def test_with_two_objectives_the_front_is_promoted():
    both = (Objective("loss"), Objective("size"))

    def measure(trial):
        on_front = trial.number in (2, 3, 8)
        shift = 0.0 if on_front else 5.0
        return Measurement({"loss": trial.number + shift, "size": 10.0 - trial.number + shift})

    log = run(halving(objective=both), 12, measure)
    assert {one.proposal.continues for one in log[9:12]} == {2, 3, 8}


def test_evolution_finds_better_ones_for_the_epochs_than_at_full_fidelity():
    def found(strategy):
        judge = Epochs()
        log = []
        number = 0
        while judge.epochs < 60:
            trial = Trial(number, strategy.ask(1)[0])
            strategy.tell(trial)
            (_, measured), *_ = judge.evaluate([trial], lambda *report: True)
            log.append(finish(trial, measured))
            strategy.tell(log[-1])
            number += 1
        return LOSS.cost(best(log, LOSS))

    def evolution(seed):
        return RegularisedEvolution(SPACE, LOSS, seed, population=20, sample_size=6)

    whole = [found(evolution(seed)) for seed in range(4)]
    halved = [found(halving(evolution(seed))) for seed in range(4)]
    assert statistics.mean(halved) < statistics.mean(whole) - 10


def test_a_bracket_without_candidates_is_refused():
    with pytest.raises(ValueError, match="size must be at least 1 candidate a bracket, got 0"):
        halving(size=0)


def test_a_bracket_that_will_not_be_filled_ends_early():
    log = drive(halving(Spy(last=4)), Epochs(), 40)
    assert shares(log) == [THREE[0]] * 4 + [THREE[1], 1.0]
