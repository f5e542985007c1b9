from collections import Counter
from dataclasses import replace

import pytest

from coeval.strategy.competitive_options import Opponents
from coeval.strategy.competitive_rows import COMPETITION, CompetitiveRows
from coeval.strategy.monitor import pathologies
from coeval.testing.fakes import LOSS, drive, ladder_space
from coeval.testing.strategies import check_strategy
from coeval.trial import Objective, State
from tests.strategy.rows import POINTS, RowEvaluator

SPACE = ladder_space(settings=4, parts=1)
ROWS = len(POINTS)
FEW = replace(COMPETITION, population=10, opponents_each=8)
SIZE = Objective("size")


def search(trials=400, seed=1, options=FEW, objective=LOSS, evaluator=None):
    strategy = CompetitiveRows(SPACE, objective, seed, rows=ROWS, options=options)
    log = drive(strategy, evaluator or RowEvaluator(), trials)
    return strategy, log


@pytest.mark.parametrize("objective", [LOSS, (LOSS, SIZE)])
def test_keeps_the_contract_of_strategies(objective):
    check_strategy(
        lambda: CompetitiveRows(SPACE, objective, 3, rows=ROWS, options=FEW),
        SPACE,
        RowEvaluator(),
        trials=40,
    )


def test_finds_the_target_and_says_so_by_a_trial_on_all_rows():
    strategy, _ = search()
    assert strategy.champion.proposal.cases is None
    assert LOSS.cost(strategy.champion) == 0


def test_only_checks_are_on_all_rows_and_each_is_of_a_measured_candidate():
    _, log = search(200)
    asked = [one for one in log if one.state is State.RUNNING]
    checks = [one for one in asked if one.proposal.cases is None]
    assert {one.proposal.origin for one in checks} == {"champion"}
    assert all(
        asked[one.proposal.parent].proposal.candidate == one.proposal.candidate for one in checks
    )
    assert 5 <= len(checks) <= 15


def test_spends_a_few_rows_a_trial():
    evaluator = RowEvaluator()
    search(200, evaluator=evaluator)
    assert evaluator.spent < 200 * ROWS / 4


def rows_met(log):
    """Return how often each row was met, counted once a generation."""
    generations = {one.proposal.cases for one in log if one.proposal.cases is not None}
    return Counter(row for one in generations for row in one[len("rows:") :].split(","))


def test_rows_that_tell_candidates_apart_come_back_more_often_than_chance_brings_any():
    coevolved = rows_met(search(300)[1]).most_common(1)[0][1]
    drawn = rows_met(search(300, options=replace(FEW, opponents=Opponents.RANDOM))[1])
    assert coevolved > drawn.most_common(1)[0][1]


def test_the_monitor_reads_generations_drift_and_forgetting_off_the_log():
    _, log = search(400)
    found = pathologies([one for one in log if one.state is not State.RUNNING], LOSS)
    assert found.disengagement is not None
    assert found.disengagement < 0.5
    assert found.drift is not None
    assert found.forgetting is not None


def test_an_evaluator_without_errors_is_refused_with_what_it_must_give():
    with pytest.raises(
        ValueError, match=r"needs data\['errors'\].*each of the 8 rows.*got None in trial"
    ):
        search(40, evaluator=RowEvaluator(tells_errors=False))


def test_no_rows_and_another_kind_are_refused():
    with pytest.raises(ValueError, match=r"rows must be at least 1, got 0"):
        CompetitiveRows(SPACE, LOSS, rows=0)
    with pytest.raises(ValueError, match=r"options.kind must be 'rows', got 'strings'"):
        CompetitiveRows(SPACE, LOSS, rows=9, options=replace(FEW, kind="strings"))


def test_where_all_rows_are_met_every_trial_may_be_the_answer():
    _, log = search(30, options=replace(FEW, opponents=Opponents.ALL))
    assert {one.proposal.cases for one in log} == {None}
