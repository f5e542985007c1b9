import re
from dataclasses import replace
from html import unescape

import pytest

from coeval.report import ablation, evidence, headline, importance, lineage, search, summary, why
from coeval.report.facts import collect
from coeval.report.page import render
from coeval.store.protocol import Event, Note
from tests.report import examples, whys
from tests.report.test_terminal import follow
from tests.strategy.lineages import NINTH, trial

LOG = whys.trials()
DECISIONS = [
    {"part": "architecture", "what": "width 64 → 128", "trial": 3},
    {"part": "recipe", "what": "lr 0.002 → 0.004", "trial": 2},
    {"part": "preparation", "what": "scaling standard → quantile", "trial": None},
]
PLAN = {"of": 4, "decisions": DECISIONS, "stuck": ["relu → gelu"]}
TRAINED = [(-1, 1.00), (-1, 1.02), (0, 1.20), (1, 1.01), (0, 1.22), (-1, 1.01), (2, 0.80)]


def text(markup):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", str(markup)))


def found(**changes):
    return whys.run(LOG, PLAN, TRAINED, **changes)


def test_the_lineage_has_every_accepted_edit_with_the_scores_of_parent_and_child():
    shown = text(lineage.section(found()))
    assert "4 accepted steps from trial 0, the seed linear, to trial 4" in shown
    edits = [edit for one in lineage.ancestors(found()) for edit in one.edits]
    assert edits
    for edit in edits:
        assert edit.what in shown
    for score in ("1.0000", "0.9900", "0.9800", "0.9700", "0.9600"):
        assert score in shown
    assert shown.count("\N{MINUS SIGN}0.0100") == 4
    assert 'class="better"' in lineage.section(found())


def test_the_lines_of_a_lineage_say_the_same_of_any_trial():
    first, *rest = lineage.lines(found())
    assert first.startswith("4 accepted steps from trial 0, the seed linear, to trial 4 (RMSE")
    assert len(rest) == 5
    assert rest[-1].endswith("0.9600, better by 0.0100")
    assert len(lineage.lines(found(), LOG[2])) == 4


def test_a_seed_that_won_says_that_it_was_bred_from_nothing():
    alone = whys.run(LOG[:1])
    assert "Trial 0 is the seed linear: it was bred from no other" in text(lineage.section(alone))


def test_what_was_trained_in_part_is_not_set_against_what_was_trained_whole():
    log = whys.trials(1)
    proposal = whys.trials(1)[0].proposal
    begun = trial(0, proposal.candidate, 1.5, fidelity=NINTH, origin=proposal.origin)
    facts = whys.run([begun, log[1]])
    assert "1.5000 after 11 % of a training" in text(lineage.section(facts))
    assert "better by" not in " ".join(lineage.lines(facts))


def test_a_decision_is_worth_what_is_lost_beside_the_winner_trained_again():
    width, lr, scaling = ablation.worths(found())
    assert width.what == "width 64 → 128"
    assert width.loss == pytest.approx(1.21 - 1.01)
    assert lr.loss == pytest.approx(0.0)
    assert scaling.loss == pytest.approx(0.80 - 1.01)
    assert [one.verdict for one in (width, lr, scaling)] == [
        "worse by 0.2000",
        "within noise",
        "better by 0.2100",
    ]


def test_the_reach_is_students_with_the_noise_of_repeated_trainings():
    # Of three and two trainings: sum of squares .0002 + .0002 on 2 + 1 degrees of freedom.
    spread = (0.0004 / 3) ** 0.5
    width, lr, _ = ablation.worths(found())
    assert width.reach == pytest.approx(3.182 * spread * (1 / 2 + 1 / 3) ** 0.5, rel=0.01)
    assert lr.reach == pytest.approx(3.182 * spread * (1 + 1 / 3) ** 0.5, rel=0.01)


@pytest.mark.parametrize(
    ("freedom", "known"),
    [(1, 12.706), (2, 4.303), (3, 3.182), (5, 2.571), (10, 2.228), (30, 2.042), (1000, 1.962)],
)
def test_students_quantile_is_that_of_the_tables(freedom, known):
    assert ablation.t_quantile(freedom) == pytest.approx(known, rel=0.01)


def test_of_a_metric_that_is_maximised_less_is_worse():
    facts = whys.run(LOG, PLAN, [(-1, 0.9), (-1, 0.9001), (0, 0.8)])
    turned = ablation.worths(_maximised(facts))
    assert [one.verdict for one in turned] == ["worse by 0.1000"]


def _maximised(facts):
    return replace(facts, objective=replace(facts.objective, maximise=True))


def test_without_any_repeat_the_noise_is_said_to_be_unknown():
    facts = whys.run(LOG, PLAN, [(-1, 1.0), (0, 1.2)])
    assert [one.verdict for one in ablation.worths(facts)] == ["worse by 0.2000; noise unknown"]


def test_the_section_says_what_was_left_out_and_why():
    shown = text(ablation.section(whys.run(LOG, PLAN, TRAINED[:3])))
    assert "There was no time for 2 further decisions." in shown
    assert "since later edits stand on it: relu → gelu." in shown
    nothing = whys.run(LOG, {"of": 4, "decisions": [], "stuck": []})
    assert "no decision to take back" in text(ablation.section(nothing))
    assert "no time to train" in text(ablation.section(whys.run(LOG, PLAN)))


def test_a_run_without_an_ablation_has_no_such_section():
    assert ablation.section(whys.run(LOG)) == ""
    assert ablation.lines(whys.run(LOG)) == []


def test_what_the_ablation_took_stands_in_the_ledger():
    seconds = {"search": 3.0, "final": 1.0, "export": 1.0, "total": 5.0}
    facts = found(seconds=seconds)  # an event a second, fifteen in all
    assert "explaining the winner 9.0 s" in text(search.ledger(facts))
    assert "whole time 14.0 s" in text(headline.header(facts))
    assert "explaining" not in text(search.ledger(whys.run(LOG, seconds=seconds)))


def test_a_failed_training_is_no_score():
    trained = [*TRAINED, (1, float("nan"))]
    assert len(ablation.worths(whys.run(LOG, PLAN, trained))) == 3


def test_only_the_ablation_of_the_last_model_counts():
    facts = found()
    bodies = [Note("final", examples.final(4)), Note("ablation_plan", PLAN)]
    bodies += [Note("ablation", {"decision": 0, "value": 9.0})]
    bodies += [Note("final", examples.final(4)), Note("ablation_plan", {"decisions": []})]
    events = [Event(n + 1, 1.0 + n, body) for n, body in enumerate([*LOG, *bodies])]
    again = collect("run", facts.capsule, events)
    assert again.ablation == {"decisions": []}
    assert again.ablated == ()


def test_columns_stand_in_order_with_signs_and_intervals():
    shown = text(importance.section(found()))
    assert "488 of them" in shown
    assert whys.OF in shown
    assert shown.index("relationship") < shown.index("education") < shown.index("age")
    lines = importance.lines(found())
    assert any(
        line.split() == ["relationship", "+0.0612", "+0.0561", "to", "+0.0663"] for line in lines
    )


def test_more_columns_than_the_chart_holds_stand_in_a_table():
    many = whys.importance(*((f"c{n}", 1.0 / (n + 1), 0.01) for n in range(30)), left=4)
    shown = str(importance.section(found(importance=many)))
    assert "All 30 columns measured" in shown
    assert "There was no time for 4 columns" in shown
    assert shown.count("c29") == 1


def test_a_hostile_name_is_text():
    shown = str(importance.section(found()))
    assert "<b>race" not in shown
    assert "&lt;b&gt;race" in shown


def test_a_run_that_recorded_nothing_of_it_says_nothing():
    assert importance.section(whys.run(LOG, importance=None)) == ""
    assert importance.lines(whys.run(LOG, importance=None)) == []


def test_the_page_has_the_section_and_its_place_in_the_menu():
    page = render(found())
    assert 'href="#why"' in page
    assert "What each decision is worth" in page
    assert "What each column is worth" in page
    assert str(why.section(found())) in page


def test_the_page_of_a_run_that_has_no_trial_yet_is_without_it():
    assert why.section(collect("run", examples.capsule(), [])) == ""


def test_while_the_winner_is_explained_the_display_says_that_the_model_is_safe():
    tracker = follow(whys.events(LOG, PLAN))
    assert tracker.now().phase == "explaining; the model is safe"


@pytest.mark.parametrize(
    ("validation", "test", "said"),
    [
        (0.90, 0.95, "Validation 0.9000, test 0.9500: worse by 0.0500 on rows"),
        (0.95, 0.90, "test 0.9000: better by 0.0500 on rows"),
        (0.90, 0.90, "test 0.9000: no worse on rows"),
    ],
)
def test_the_gap_between_validation_and_test_is_told_at_the_end(validation, test, said):
    facts = found(validation=validation, test={"value": test, "low": test, "high": test})
    assert any(said in line for line in summary.said(facts))


@pytest.mark.parametrize(
    ("groups", "said"), [(0, "over the 120 locked"), (6, "over 6 groups of the 120 locked")]
)
def test_the_interval_says_what_was_drawn(groups, said):
    test = {"value": 0.5, "low": 0.4, "high": 0.6, "rows": 120, "groups": groups}
    assert said in str(evidence.trust(found(test=test, validation=0.4)))


def test_the_luck_of_the_choice_is_said_where_it_is_known():
    test = {"value": 0.5, "low": 0.4, "high": 0.6}
    facts = found(test=test, validation=0.4, corrected=0.43)
    assert "0.4000 (0.4300 without the luck of the choice), test 0.5000" in evidence.gap(facts)
    assert "0.4300 without the luck of being the best of many" in str(evidence.trust(facts))
    assert "luck" not in evidence.gap(found(test=test, validation=0.4, corrected=None))


def test_no_luck_is_said_that_made_a_score_worse():
    test = {"value": 0.5, "low": 0.4, "high": 0.6}
    facts = found(test=test, validation=0.4, corrected=0.39)  # an error: less is better
    assert evidence.gap(facts).startswith("Validation 0.4000, test 0.5000")
    assert "luck" not in str(evidence.trust(facts))


def test_the_luck_of_the_choice_is_not_said_of_another_trial():
    test = {"value": 0.5, "low": 0.4, "high": 0.6}
    facts = replace(found(test=test, validation=0.4, corrected=0.43), winner=LOG[0])
    assert evidence.gap(facts).startswith("Validation 0.4000, test 0.5000")
    shown = unescape(evidence.trust(facts))
    assert "luck" not in shown
    assert "The trial's own number was too hopeful" in shown
    assert "The search's own number was too hopeful" in unescape(
        evidence.trust(found(test=test, validation=0.4, corrected=0.43))
    )


def test_without_a_test_split_there_is_no_gap():
    assert evidence.gap(found(test=None)) == ""


def test_of_an_ensemble_it_is_said_whose_lineage_it_is():
    members = [{"trial": 4, "weight": 0.6}, {"trial": 2, "weight": 0.4}]
    shown = text(why.section(found(members=members)))
    assert "The model is 2 members together; the heaviest is told of here, trial 4." in shown
    assert "members together" not in text(why.section(found(members=members[:1])))
