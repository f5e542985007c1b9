import numpy as np
import pytest

from coeval.architecture.component import Setting
from coeval.errors import SpaceError
from coeval.space import nasbench201
from coeval.space.choices import ChoiceSpace
from coeval.space.digest import candidate_digest
from coeval.space.product import ProductSpace
from coeval.space.tabular import space_for
from coeval.strategy.asha import AsynchronousHalving
from coeval.strategy.coevolution import Coevolution
from coeval.strategy.coevolution_species import teams_of
from coeval.strategy.random import RandomSearch
from coeval.testing.fakes import LOSS, LadderEvaluator, drive, ladder_space
from coeval.testing.strategies import check_strategy
from coeval.testing.strategies_results import check_vector_results
from coeval.trial import Measurement, Objective, Proposal, State, Trial, finish
from tests.space.test_tabular import task
from tests.strategy.rungs import THREE, Epochs, shares

SPACE = ladder_space()
SLOTS = ladder_space(parts=1)
SMALL = ladder_space(settings=2, parts=3)
LETTERS = ProductSpace(
    {"cell": ChoiceSpace(tuple(Setting(name, tuple("abcde"), "a") for name in "uvwx"), "cell")}
)


class Judge:
    """Gives each candidate what a function says of its values, slot by slot."""

    def __init__(self, loss):
        self.loss = loss

    def evaluate(self, trials, report):
        for trial in trials:
            values = [value for _, part in trial.proposal.candidate.parts for _, value in part]
            yield trial.number, Measurement({"loss": float(self.loss(*values))})

    def bucket(self, proposal):
        return "all"


def least(log):
    return min(LOSS.cost(one) for one in log if one.state is State.DONE)


@pytest.mark.parametrize("space", [SPACE, SLOTS])
def test_keeps_the_contract_with_parts_and_with_slots_as_species(space):
    check_strategy(lambda: Coevolution(space, LOSS, 3, assembled=20), space, trials=16)


def test_ranks_by_several_objectives_and_limits():
    check_vector_results(
        lambda objectives: Coevolution(SMALL, objectives, 3, assembled=20), SMALL, trials=16
    )


def test_goes_on_in_a_space_that_is_used_up():
    tiny = ladder_space(settings=1, choices=2, parts=2)
    log = drive(Coevolution(tiny, LOSS, 1), LadderEvaluator(), 14)
    assert len({one.proposal.candidate for one in log}) == 4
    assert len(log) == 28


@pytest.mark.slow
def test_keeps_the_contract_in_the_space_of_tables():
    space = space_for(task())
    seeds = Coevolution(space, Objective("parameters"), 1)
    assert [one.name for one in seeds.teams.species] == ["preparation", "architecture", "recipe"]
    check_strategy(
        lambda: Coevolution(space, LOSS, 3, assembled=20), space, DigestLoss(), trials=14
    )


class DigestLoss:
    """Any candidate's loss, by its digest."""

    def evaluate(self, trials, report):
        for trial in trials:
            digest = candidate_digest(trial.proposal.candidate)
            yield trial.number, Measurement({"loss": int(digest[:6], 16) / 16**6})

    def bucket(self, proposal):
        return "all"


def test_proposes_cells_of_a_slot_space_and_reads_them_again():
    space = nasbench201.space()
    strategy = Coevolution(space, LOSS, 2)
    assert [one.name for one in strategy.teams.species] == list(nasbench201.EDGES)
    log = drive(strategy, DigestLoss(), 14)
    for one in log:
        assert space.contains(one.proposal.candidate)
        assert strategy.teams.candidate(strategy.teams.team(one.proposal.candidate)) == (
            one.proposal.candidate
        )


def test_solves_a_separable_target_that_random_search_does_not():
    judge = Judge(lambda *values: sum((value - 5) ** 2 for value in values))
    assert least(drive(Coevolution(SMALL, LOSS, 1), judge, 60)) == 0
    assert least(drive(RandomSearch(SMALL, 1), judge, 60)) > 0


def test_solves_a_target_in_which_only_pairs_matter():
    judge = Judge(lambda u, v, w, x: 2 - (u + v in ("ab", "cd")) - (w + x in ("ea", "bd")))
    assert least(drive(Coevolution(LETTERS, LOSS, 1), judge, 90)) == 0


def test_credit_names_the_members_and_the_pairs_that_matter():
    judge = Judge(lambda u, v, w, x: -3 * (u == "c") - 3 * (w == "d" and x == "e"))
    strategy = Coevolution(LETTERS, LOSS, 4)
    drive(strategy, judge, 80)
    species, member, worth = strategy.credits()[0]
    assert (species, member) == ("u", (2,))
    assert worth > 0
    assert strategy.partners("w", "x")[0][:2] == ((3,), (4,))


def test_there_is_no_credit_before_there_are_teams():
    strategy = Coevolution(LETTERS, LOSS)
    assert strategy.credits() == []
    assert strategy.partners("u", "v") == []


def test_a_species_that_is_not_there_is_named():
    with pytest.raises(ValueError, match=r"The species are \['u', 'v', 'w', 'x'\], got 'z'"):
        Coevolution(LETTERS, LOSS).partners("u", "z")


def test_infeasible_members_are_avoided_without_being_called_bad():
    space, limit = SMALL, 18

    class Limited:
        def evaluate(self, trials, report):
            for trial in trials:
                total = sum(
                    value for _, part in trial.proposal.candidate.parts for _, value in part
                )
                excess = {"total": float(max(0, total - limit))}
                yield trial.number, Measurement({"loss": -float(total)}, violations=excess)

        def bucket(self, proposal):
            return "all"

    log = drive(Coevolution(space, LOSS, 3), Limited(), 60)
    done = [one for one in log if one.state is State.DONE]
    assert min(LOSS.cost(one) for one in done if one.is_comparable) == -limit
    late = [one.is_comparable for one in done[30:]]
    assert np.mean(late) > np.mean([one.is_comparable for one in done[:10]])


def test_a_team_that_runs_is_not_asked_for_again():
    strategy = Coevolution(LETTERS, LOSS, 1)
    drive(strategy, Judge(lambda u, v, w, x: u != "c"), 20)
    batch = [one.candidate for one in strategy.ask(6)]
    assert len(set(batch)) == 6


def under_rungs(space, seed=3):
    inner = Coevolution(space, LOSS, seed, assembled=20, warm_up=3, random=0.0, rungs=THREE)
    return AsynchronousHalving(inner, LOSS, fidelities=THREE, pooled=True)


def test_keeps_the_contract_under_rungs_whose_values_it_all_learns_from():
    check_strategy(lambda: under_rungs(SPACE), SPACE, Epochs(), trials=30)


@pytest.mark.parametrize("batch", [1, 4])
def test_under_rungs_it_climbs_and_finds_the_best_where_early_values_tell(batch):
    log = drive(under_rungs(SMALL), Epochs(failing=5), 120, batch=batch)
    assert set(shares(log)) == set(THREE)
    whole = [one for one in log if one.is_comparable]
    assert least(whole) - 1000 <= 2


def test_a_candidate_of_another_space_is_passed_over():
    strategy = Coevolution(LETTERS, LOSS, 1)
    foreign = next(iter(SMALL))
    for number in range(4):
        trial = Trial(number, Proposal(foreign))
        strategy.tell(finish(trial, Measurement({"loss": 0.0})))
    assert strategy.credits() == []


def test_memory_bounds_what_is_learnt_from():
    strategy = Coevolution(SMALL, LOSS, 1, memory=16, assembled=10)
    drive(strategy, LadderEvaluator(), 60)
    assert len(strategy._archive) < 20


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"warm_up": 1}, "warm_up must be at least 3, got 1"),
        ({"elites": 0}, "elites must be at least 1, got 0"),
        ({"memory": 2}, "memory must be at least 8, got 2"),
        ({"random": 1.5}, "random is a share of the compared teams in 0..1, got 1.5"),
    ],
)
def test_numbers_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Coevolution(LETTERS, LOSS, **settings)


def test_blocks_make_slots_one_species():
    teams = teams_of(LETTERS, [["u", "w"]])
    assert [one.name for one in teams.species] == ["u+w", "v", "x"]
    with pytest.raises(SpaceError, match="Did you mean 'u'"):
        teams_of(LETTERS, [["uu"]])
