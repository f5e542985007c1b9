import dataclasses
from contextlib import closing

import numpy as np
import pytest

from coeval.evaluate.language import LanguageEvaluator
from coeval.evaluate.protocol import never_stop
from coeval.run.budget import Budget
from coeval.run.search import search as run_search
from coeval.space.product import ProductSpace
from coeval.space.protocol import Candidate
from coeval.space.recurrent import RELU, RecurrentSpace
from coeval.store.journal import SqliteStore
from coeval.strategy.competitive import CompetitiveCoevolution
from coeval.strategy.competitive_options import Competition, Concept, Opponents
from coeval.strategy.random import RandomSearch
from coeval.strategy.seeded import Seeded
from coeval.task.language import PARITY, training_examples
from coeval.testing.strategies import check_strategy
from coeval.trial import Failure, Measurement, Objective, Reason, State, Trial, best, finish
from tests.run.fakes import task

NET = RecurrentSpace(RELU, channels=1, units=2)
SPACE = ProductSpace({"network": NET})
WORDS = training_examples(PARITY)
JUDGE = LanguageEvaluator(PARITY, WORDS, NET)
SMALL = Competition(population=10, opponents_each=8, tournament=3, elite=2, check_every=2)
ERROR = Objective("error_rate")
EXCLUSIVE_OR = NET.member([[[1, 1, -1, 0], [-1, -1, 1, 0]]], [1, 1, 0, -0.5])


class Timeless(LanguageEvaluator):
    """Measures all but the time, so that two logs can be compared."""

    def evaluate(self, trials, report):
        for number, found in super().evaluate(trials, report):
            yield number, dataclasses.replace(found, cost={"symbols": found.cost.get("symbols", 0)})


def strategy(seed=0, **options):
    return CompetitiveCoevolution(
        SPACE, len(WORDS.words), seed, dataclasses.replace(SMALL, **options)
    )


def search(found, trials=4000):
    """Evaluate whole rounds together, as a run does; return every finished trial."""
    log = []
    while len(log) < trials:
        running = [Trial(len(log) + k, one) for k, one in enumerate(found.ask(10_000))]
        if not running:
            break
        for trial in running:
            found.tell(trial)
        measured = dict(JUDGE.evaluate(running, never_stop))
        done = [finish(trial, measured[trial.number]) for trial in running]
        for trial in done:
            found.tell(trial)
        log += done
    return log


@pytest.mark.parametrize("concept", Concept)
@pytest.mark.parametrize("opponents", Opponents)
def test_keeps_the_contract_of_strategies(opponents, concept):
    check_strategy(
        lambda: strategy(3, opponents=opponents, concept=concept),
        SPACE,
        Timeless(PARITY, WORDS, NET),
        trials=70,
        consecutive=False,
        single_fidelity=False,
        by_value=False,
    )


def test_keeps_the_contract_with_restarts_and_seeds():
    seeds = {"zero": Candidate((("network", NET.member(np.zeros((1, 2, 4)), [0, 0, 0, 0])),))}
    check_strategy(
        lambda: Seeded(strategy(3, restart_every=2), seeds),
        SPACE,
        Timeless(PARITY, WORDS, NET),
        trials=70,
        consecutive=False,
        single_fidelity=False,
        by_value=False,
    )


@pytest.mark.parametrize("opponents", Opponents)
def test_finds_a_network_that_passes_all_tests_and_ends(opponents):
    found = strategy(1, population=100, opponents_each=30, opponents=opponents, tournament=5)
    log = search(found, 20_000)
    winner = best(log, ERROR)
    assert found.ask(5) == []
    assert winner is not None
    assert ERROR.cost(winner) == 0.0
    assert winner.proposal.candidate == found.champion
    assert (found.history.failures, found.history.untested) == (0, 0)


def test_the_ordinary_loop_runs_it_in_batches_and_goes_on_from_its_journal(tmp_path):
    options = {"population": 100, "opponents_each": 30, "tournament": 5}

    def go(name, trials):
        found, budget = strategy(1, **options), Budget(trials=trials)
        with closing(SqliteStore(tmp_path / name, SPACE.to_json, SPACE.from_json)) as store:
            return run_search(
                task(), SPACE, found, JUDGE, budget, objective=ERROR, store=store, batch=100
            )

    whole = go("whole.sqlite", 20_000)
    go("parts.sqlite", 550)
    resumed = go("parts.sqlite", 20_000)
    assert ERROR.cost(whole.best) == 0.0
    assert whole.why == "exhausted"
    assert [one.proposal for one in resumed.trials] == [one.proposal for one in whole.trials]


def test_finds_it_with_fewer_trials_than_random_search():
    found = strategy(1, population=100, opponents_each=30, tournament=5)
    used = len(search(found, 20_000))
    drawn = best(search(RandomSearch(SPACE, 5), used), ERROR)
    assert drawn is not None
    assert ERROR.cost(drawn) > 0


def test_a_generation_meets_the_same_few_tests_and_the_champion_is_checked_on_all():
    log = search(strategy(0), 400)
    first = {one.proposal.cases for one in log[:10]}
    assert len(first) == 1
    assert len(first.pop().split(",")) == 8
    checks = [one for one in log if one.proposal.origin == "competitive:check"]
    assert checks
    assert all(one.is_comparable for one in checks)


def test_a_challenge_asks_only_tests_that_were_not_met_and_ends_with_the_first_loss():
    log = search(strategy(0, check_every=1000, opponents_each=4), 3000)
    met = {}
    lost = set()
    challenges = 0
    for trial in log:
        candidate = trial.proposal.candidate
        cases = trial.proposal.cases
        tests = set(map(int, cases.split(":")[1].split(","))) if cases else set(range(126))
        if trial.proposal.origin == "competitive:challenge":
            challenges += 1
            assert not tests & met[candidate]
            assert candidate not in lost
        met.setdefault(candidate, set()).update(tests)
        if trial.measurement.values["worst"] > 0:
            lost.add(candidate)
    assert challenges > 3


def test_under_the_error_rate_a_challenge_ends_once_more_tests_are_failed_than_by_the_champion():
    found = strategy(0, concept=Concept.ERROR_RATE, check_every=1000)
    search(found, 600)
    first = found.history.failures
    search_on = strategy(0, concept=Concept.ERROR_RATE, check_every=1000)
    search(search_on, 1500)
    assert search_on.history.failures <= first
    assert search_on.history.untested == 0


def test_a_seed_that_passes_all_tests_is_taken_in():
    solution = Candidate((("network", EXCLUSIVE_OR),))
    inner = strategy(0)
    log = search(Seeded(inner, {"solution": solution}), 200)
    assert inner.champion == solution
    assert len(log) < 100
    assert inner.ask(1) == []


def test_all_tests_each_generation_judges_nobody_twice():
    log = search(strategy(0, opponents=Opponents.ALL), 300)
    candidates = [one.proposal.candidate for one in log]
    assert len(set(candidates)) == len(candidates)
    assert all(one.proposal.cases is None for one in log)


def test_pathologies_are_reported():
    found = strategy(0)
    search(found, 300)
    assert len(found.generations) > 20
    for one in found.generations:
        assert 0 <= one.pass_rate <= 1
        assert 0 <= one.engaged <= 1
        assert 0 <= one.forgotten <= 1
        assert one.champion_failures + one.champion_untested <= 126


def test_a_failed_trial_passed_nothing():
    found = strategy(0)
    failed = Measurement(failure=Failure(Reason.CRASHED))
    for number, proposal in enumerate(found.ask(10)):
        trial = Trial(number, proposal)
        found.tell(trial)
        found.tell(finish(trial, failed))
    assert found.generations[0].pass_rate == 0.0
    assert found.history.failures == 8


def test_an_evaluator_without_bits_is_refused():
    found = strategy(0)
    trial = Trial(0, found.ask(1)[0])
    found.tell(trial)
    with pytest.raises(ValueError, match="of 8 bits, packed and in hexadecimal"):
        found.tell(Trial(0, trial.proposal, State.DONE, Measurement({"error_rate": 0.0})))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"population": 1}, "population must be at least 2"),
        ({"opponents_each": 0}, "opponents_each must be at least 1"),
        ({"tournament": 11}, r"1..population=10, got 11"),
        ({"elite": 10}, "elite must be below population=10"),
        ({"random_share": 1.5}, "random_share must lie in 0..1"),
        ({"restart_every": -1}, "restart_every must be at least 0"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(SMALL, **options)


def test_a_search_without_tests_is_refused():
    with pytest.raises(ValueError, match="tests must be at least 1"):
        CompetitiveCoevolution(SPACE, 0)
