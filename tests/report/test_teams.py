from coeval.report import teams
from coeval.report.facts import Facts
from coeval.trial import Objective

FOUND = {
    "species": [
        {
            "name": "trunk",
            "count": 9,
            "best": [{"member": "linear 64 & more", "credit": 0.5}],
            "worst": {"member": "nothing", "credit": -0.25},
        },
        {
            "name": "members",
            "count": 1,
            "best": [{"member": "the only one", "credit": 0.0}],
            "worst": None,
        },
    ],
    "pairs": [
        {
            "species": ["trunk", "members"],
            "members": ["linear 64", "count 8"],
            "synergy": 0.125,
        }
    ],
}


def facts(found):
    return Facts("run", {}, Objective("loss"), "loss", teams=found)


def test_members_and_pairs_stand_in_tables():
    text = str(teams.section(facts(FOUND)))
    for said in ("trunk (9 members)", "members (1 member)", "+0.500", "\N{MINUS SIGN}0.250"):
        assert said in text
    assert "least credit: nothing" in text
    assert "linear 64 &amp; more" in text
    assert "trunk and members" in text
    assert text.count("<tr>") == 2 + 3 + 1


def test_a_run_of_another_strategy_has_no_such_section():
    assert not teams.section(facts(None))
