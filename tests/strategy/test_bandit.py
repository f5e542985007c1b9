from dataclasses import replace

import numpy as np
import pytest

from coeval.space.choices import ChoiceSpace
from coeval.space.protocol import Candidate
from coeval.strategy.bandit import OperatorBandit, default_sources
from coeval.strategy.bandit_operators import crossover, exchange, mutation, neighbour, operators_for
from coeval.strategy.evolution import RegularisedEvolution
from coeval.strategy.local import LocalSearch
from coeval.strategy.random import RandomSearch
from coeval.testing.fakes import LOSS, LadderEvaluator, drive, ladder_space
from coeval.testing.strategies import check_strategy
from coeval.testing.strategies_results import check_vector_results
from coeval.trial import Measurement, Proposal, State

SPACE = ladder_space()
SMALL = ladder_space(settings=3)


def sources(space, objective):
    return {
        "evolution": RegularisedEvolution(space, objective, 5, population=20, sample_size=5),
        "random": RandomSearch(space, 6),
    }


def asked(log, name):
    start = f"bandit:{name}/"
    return [
        one.number
        for one in log
        if one.state is State.RUNNING and one.proposal.origin.startswith(start)
    ]


class Timed:
    """The ladder's losses; how long a trial takes is told by who asked for it."""

    def __init__(self, seconds):
        self.seconds = seconds

    def evaluate(self, trials, report):
        for trial in trials:
            name = trial.proposal.origin.removeprefix("bandit:").partition("/")[0]
            for number, measured in LadderEvaluator().evaluate([trial], report):
                cost = {"seconds": self.seconds.get(name, 1.0)}
                yield number, replace(measured, cost=cost)

    def bucket(self, proposal):
        return "all"


def worst(known, rng):
    """Propose what is far from the target."""
    candidate = SPACE.sample(rng)
    low = tuple((name, tuple((x, v % 2) for x, v in part)) for name, part in candidate.parts)
    return Proposal(Candidate(low))


def test_keeps_the_contract_with_operators_and_coevolution():
    check_strategy(lambda: OperatorBandit(SMALL, LOSS, 3), SMALL, trials=16)


def test_keeps_the_contract_with_strategies_as_sources():
    check_strategy(lambda: OperatorBandit(SPACE, LOSS, 3, sources=sources(SPACE, LOSS)), SPACE)


def test_ranks_by_several_objectives_and_limits():
    check_vector_results(
        lambda objectives: OperatorBandit(SPACE, objectives, 3, sources=sources(SPACE, objectives)),
        SPACE,
        trials=40,
    )


def test_a_source_that_improves_is_asked_more_often_than_one_that_does_not():
    log = drive(
        OperatorBandit(SPACE, LOSS, 1, sources=sources(SPACE, LOSS)), LadderEvaluator(), 200
    )
    assert len(asked(log, "evolution")) > 1.5 * len(asked(log, "random"))


def test_of_two_equal_sources_the_quicker_one_is_asked_more_often():
    twins = {
        name: RegularisedEvolution(SPACE, LOSS, seed, population=20, sample_size=5)
        for name, seed in (("quick", 5), ("slow", 6))
    }
    bandit = OperatorBandit(SPACE, LOSS, 1, sources=twins)
    log = drive(bandit, Timed({"quick": 1.0, "slow": 8.0}), 200)
    assert len(asked(log, "quick")) > 3 * len(asked(log, "slow"))
    assert bandit.arms["slow"].seconds > bandit.arms["quick"].seconds


def test_every_source_keeps_its_least_share():
    chosen = {**sources(SPACE, LOSS), "useless": worst}
    bandit = OperatorBandit(SPACE, LOSS, 1, sources=chosen, least_share=0.1)
    gaps = np.diff(asked(drive(bandit, LadderEvaluator(), 150), "useless"))
    assert gaps.max() <= 11
    assert len(gaps) >= 12


def test_sources_see_their_own_trials_as_they_proposed_them():
    seen = []

    class Spy(RandomSearch):
        def tell(self, trial):
            seen.append(trial.proposal.origin)
            super().tell(trial)

    drive(OperatorBandit(SPACE, LOSS, 1, sources={"spy": Spy(SPACE, 2)}), LadderEvaluator(), 20)
    assert set(seen[20:]) == {"random"}


def test_local_search_climbs_inside_a_bandit_as_it_does_alone():
    bandit = OperatorBandit(
        SMALL, LOSS, 1, sources={"local": LocalSearch(SMALL, LOSS, 4)}, warm_up=0
    )
    inside = [one.proposal.candidate for one in drive(bandit, LadderEvaluator(), 60)]
    alone = drive(LocalSearch(SMALL, LOSS, 4), LadderEvaluator(), 60)
    assert inside == [one.proposal.candidate for one in alone]


def test_a_source_that_waits_leaves_its_turn_to_another():
    class Waiting:
        def ask(self, count):
            return []

        def tell(self, trial):
            pass

    chosen = {"waiting": Waiting(), "random": RandomSearch(SPACE, 2)}
    log = drive(OperatorBandit(SPACE, LOSS, 1, sources=chosen), LadderEvaluator(), 30)
    assert len(asked(log, "random")) == 20
    alone = OperatorBandit(SPACE, LOSS, 1, sources={"waiting": Waiting()}, warm_up=0)
    assert alone.ask(3) == []


def test_a_neighbour_is_one_that_was_not_tried_and_none_at_a_local_optimum():
    tiny = ladder_space(settings=1, choices=4, parts=2)
    bandit = OperatorBandit(tiny, LOSS, 1, sources={"random": RandomSearch(tiny, 1)})
    drive(bandit, LadderEvaluator(target=0), 40)
    tried = {one.proposal.candidate for one in bandit._known.latest}
    assert len(tried) == 16
    assert neighbour(tiny, bandit._known, np.random.default_rng(0)) is None


def test_a_space_that_is_used_up_is_asked_for_samples():
    tiny = ladder_space(settings=1, choices=2, parts=2)
    bandit = OperatorBandit(tiny, LOSS, 1, sources=operators_for(tiny))
    assert len(drive(bandit, LadderEvaluator(), 20)) == 40


def test_failures_and_trials_of_others_earn_nothing():
    class Failing(LadderEvaluator):
        def _measure(self, trial, report):
            return Measurement({"loss": float("nan")})

    bandit = OperatorBandit(SPACE, LOSS, 1, sources=sources(SPACE, LOSS))
    drive(bandit, Failing(), 40)
    assert {one.credit for one in bandit.arms.values()} == {0.0}
    assert sum(one.trials for one in bandit.arms.values()) == 30


def test_the_default_sources_are_what_the_space_can_do():
    assert list(default_sources(SPACE, LOSS, 0)) == [
        "neighbour", "mutation", "crossover", "exchange", "random", "teams",
    ]  # fmt: skip
    whole = ladder_space(settings=1, parts=1)
    assert "exchange" not in default_sources(whole, LOSS, 0)
    assert "teams" not in default_sources(whole, LOSS, 0)
    inner = ChoiceSpace(SPACE.parts["part0"].settings)
    assert "teams" not in default_sources(inner, LOSS, 0)


@pytest.mark.parametrize("operator", [neighbour, mutation, crossover, exchange])
def test_operators_change_a_known_candidate_and_wait_while_there_is_none(operator):
    bandit = OperatorBandit(SMALL, LOSS, 1, sources={"random": RandomSearch(SMALL, 1)})
    assert operator(SMALL, bandit._known, np.random.default_rng(0)) is None
    log = drive(bandit, LadderEvaluator(), 20)
    parents = {one.number: one.proposal.candidate for one in log}
    proposal = operator(SMALL, bandit._known, np.random.default_rng(0))
    assert SMALL.contains(proposal.candidate)
    assert proposal.parent in parents


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sources": {}}, "at least one source"),
        ({"sources": {"a/b": worst}}, 'must not be empty nor hold "/"'),
        ({"least_share": 0.5}, r"least_share must lie in 0..1/6 for 6 sources, got 0.5. Lower it"),
        ({"window": 0}, "window must be at least 1, got 0"),
        ({"elites": 0}, "elites must be at least 1, got 0"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        OperatorBandit(SMALL, LOSS, **settings)
