"""Several trainings that predict together are named in the report and at the end of a run; one alone is not called so."""

from dataclasses import replace

from coeval.report.evidence import gap, trust
from coeval.report.model import winner
from coeval.report.summary import said
from tests.report import examples

MEMBERS = [
    {"trial": 7, "repeat": 0, "weight": 0.5, "rows": "all rows but the test rows"},
    {"trial": 7, "repeat": 1, "weight": 0.25, "rows": "all rows but the test rows"},
    {"trial": 9, "repeat": 0, "weight": 0.25, "rows": "train and validation rows"},
]


def together(members=MEMBERS, temperature=1.0):
    facts = examples.run()
    final = {**facts.final, "members": members, "temperature": temperature}
    return replace(facts, final=final)


def test_members_and_weights_are_said():
    page = str(winner(together()))
    assert "weighted mean of" in page
    assert "trial 7 (0.75, 2 trainings) and trial 9 (0.25); drawn is the first" in page
    assert any(
        line.startswith("Found:") and line.endswith("with 2 more members of an ensemble")
        for line in said(together())
    )


def test_the_gap_from_validation_to_test_says_whose_validation_it_is():
    assert "validation of the heaviest member" in str(trust(together()))
    assert "no score of the search to compare with" in str(trust(together()))
    assert "Validation of the heaviest member 0." in gap(together())
    assert "test of all members together 0." in gap(together())
    for told in (str(trust(together(MEMBERS[:1], temperature=1.3))), gap(together(MEMBERS[:1]))):
        assert "member" not in told


def test_a_calibrated_model_is_no_ensemble():
    facts = together(MEMBERS[:1], temperature=1.3)
    page = str(winner(facts))
    assert "logits divided by" in page
    assert "1.3" in page
    assert "weighted mean" not in page
    assert not any("ensemble" in line for line in said(facts))


def test_a_run_without_either_says_neither():
    page = str(winner(examples.run()))
    assert "weighted mean" not in page
    assert "logits divided" not in page
