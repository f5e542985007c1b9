from dataclasses import replace

import pytest

from coeval.report.facts import collect, dig
from coeval.seed import generator
from coeval.trial import Failure, Measurement, Proposal, Reason, State, Trial, finish
from tests.report import examples


def trial(number, value=None, origin="evolution"):
    started = Trial(number, Proposal(examples.candidate(generator(0, number)), origin=origin))
    failed = Measurement(failure=Failure(Reason.CRASHED))
    return started, finish(started, Measurement({"accuracy": value}) if value else failed)


def test_the_pause_between_two_sittings_is_not_active_time():
    log = examples.Journal()
    log.note(0, "sitting", {"started": examples.START - 2.0})
    started, done = trial(0, 0.8)
    log.add(5, started)
    log.note(1000, "sitting", {"started": examples.START + 997.0})
    log.add(1010, done)
    facts = collect("run", examples.capsule(), log.events)
    assert facts.active == pytest.approx(2 + 5 + 13)
    assert facts.trials[0].started == pytest.approx(7)
    assert facts.trials[0].finished == pytest.approx(20)


def test_a_trial_counts_once_in_its_last_state():
    facts = examples.run(40)
    assert [one.trial.number for one in facts.trials] == list(range(1, 41))
    assert len(facts.done) + len(facts.failed) == 40
    assert all(one.trial.state is not State.RUNNING for one in facts.trials)


def test_the_winner_is_the_final_notes_trial_and_else_the_incumbent():
    log = examples.Journal()
    for number, value in enumerate((0.8, 0.9, 0.85)):
        for one in trial(number, value):
            log.add(number, one)
    assert collect("run", examples.capsule(), log.events).winner.number == 1
    log.note(5, "final", examples.final(2))
    assert collect("run", examples.capsule(), log.events).winner.number == 2


def test_a_baselines_final_scores_are_laid_over_what_the_search_recorded():
    facts = examples.run(5)
    trees = next(one for one in facts.baselines if one["name"] == "trees")
    assert trees["seconds"] == pytest.approx(4.8)
    assert trees["test"] == 0.8727
    assert len(facts.baselines) == 4


def test_trials_after_the_final_model_are_counted():
    log = examples.Journal()
    for one in trial(0, 0.8):
        log.add(0, one)
    log.note(1, "final", examples.final(0))
    for one in trial(1, 0.9):
        log.add(2, one)
    assert collect("run", examples.capsule(), log.events).since_final == 1


def test_an_empty_journal_makes_facts_of_nothing():
    facts = collect("run", {}, [])
    assert facts.trials == ()
    assert facts.winner is facts.architecture is facts.final is None
    assert facts.label == "score"


def test_a_missing_field_is_none_at_any_depth():
    assert dig({"a": {"b": 1}}, "a", "b") == 1
    assert dig({"a": {"b": 1}}, "a", "b", "c") is None
    assert dig(None, "a") is None


def noted(*kinds_and_data):
    log = examples.Journal()
    for at, (kind, data) in enumerate(kinds_and_data):
        log.note(at, kind, data)
    return collect("run", examples.capsule(), log.events)


FIRST = (("stopped", {"why": "time"}), ("finalist", {"trial": 1}), ("final", examples.final(1)))


def test_the_finalists_are_those_of_the_final_training_that_made_the_model():
    again = (("finalist", {"trial": 7}), ("finalist", {"trial": 8}))
    stopped = ("stopped", {"why": "time"})
    numbers = lambda facts: [one["trial"] for one in facts.finalists]  # noqa: E731
    assert numbers(noted(*FIRST)) == [1]
    assert numbers(noted(*FIRST, stopped, *again, ("final", examples.final(7)))) == [7, 8]
    assert numbers(noted(*FIRST, stopped, *again)) == [1], "killed before its final note"
    assert numbers(noted(FIRST[0], FIRST[1], stopped, *again)) == [7, 8]


def test_a_baseline_fitted_again_counts_as_noted_last_and_costs_the_time_of_both():
    name = {"name": "trees", "label": "trees"}
    first = ("baseline", name | {"validation": None, "seconds": 2.0, "detail": "out of memory"})
    then = ("baseline", name | {"validation": 0.9, "seconds": 3.0, "detail": ""})
    (found,) = noted(first, then).baselines
    assert (found["validation"], found["detail"], found["seconds"]) == (0.9, "", 5.0)


@pytest.mark.parametrize(
    ("origin", "group"),
    [
        ("seed:mlp", "seed"),
        ("random", "random"),
        ("asha:screened:evolution:mutation", "evolution"),
        ("asha:promotion", "promotion"),
        ("halving:random", "halving"),
        ("", "search"),
    ],
)
def test_a_trial_belongs_to_who_proposed_it_and_not_to_the_strategy_around(origin, group):
    log = examples.Journal()
    for record in trial(0, 0.8, origin=origin):
        log.add(0, record)
    assert collect("run", examples.capsule(), log.events).trials[0].group == group


def test_promotions_and_repeats_are_trials_of_candidates_that_are_counted_already():
    log = examples.Journal()
    first, _ = trial(0, 0.8)
    proposals = [
        first.proposal,
        replace(first.proposal, continues=0, origin="asha:promotion"),
        replace(first.proposal, repeat=1, origin="repeat"),
        trial(3, 0.9)[0].proposal,
    ]
    for number, proposal in enumerate(proposals):
        log.add(number, Trial(number, proposal))
    facts = collect("run", examples.capsule(), log.events)
    assert len(facts.trials) == 4
    assert facts.candidates == 2
