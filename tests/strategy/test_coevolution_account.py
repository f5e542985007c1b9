import json

from coeval.architecture.component import Setting
from coeval.space.choices import ChoiceSpace
from coeval.space.product import ProductSpace
from coeval.space.tabular import space_for
from coeval.strategy.coevolution import Coevolution
from coeval.strategy.coevolution_account import account
from coeval.strategy.coevolution_stages import decomposition_for
from coeval.testing.fakes import LOSS, drive
from coeval.testing.strategies_judges import DigestEvaluator
from coeval.trial import Measurement, Proposal, Trial, finish
from tests.space.test_tabular import task

LETTERS = ProductSpace(
    {
        name: ChoiceSpace((Setting("letter", tuple("abcd"), "a"), Setting("fixed", (1,), 1)), name)
        for name in ("first", "second")
    }
)


class MatchingLetters:
    """ "a" first is worth most; besides, equal letters work well together."""

    def evaluate(self, trials, report):
        for trial in trials:
            mine, theirs = (dict(one)["letter"] for _, one in trial.proposal.candidate.parts)
            loss = 2.0 * (mine != "a") + 1.0 * (mine != theirs) + "abcd".index(theirs) / 100
            yield trial.number, Measurement({"loss": loss})

    def bucket(self, proposal):
        return "all"


def learnt(trials=16):
    strategy = Coevolution(LETTERS, LOSS, 1)
    drive(strategy, MatchingLetters(), trials)
    return account(strategy)


def test_members_that_are_worth_most_and_pairs_that_work_together_come_first():
    found = learnt()
    first, _ = found.species
    assert (first.name, first.count, len(first.best)) == ("first", 4, 3)
    assert first.best[0].member == "letter a"
    assert first.worst.credit < first.best[-1].credit
    (pair,) = found.pairs
    assert pair.species == ("first", "second")
    assert pair.members[0] == pair.members[1]
    assert pair.synergy > 0


def test_it_is_plain_json():
    found = learnt().to_json()
    assert json.loads(json.dumps(found)) == found
    assert [one["name"] for one in found["species"]] == ["first", "second"]


def test_too_few_teams_teach_nothing():
    assert account(Coevolution(LETTERS, LOSS, 1)) is None


def test_a_table_s_members_are_said_in_words():
    space = space_for(task(), models="neural")
    strategy = Coevolution(space, LOSS, 0, teams=decomposition_for(space))
    for number, candidate in enumerate(space.seeds().values()):
        done = Measurement({"loss": float(number)})
        strategy.tell(finish(Trial(number, Proposal(candidate)), done))
    said = {
        one.name: [member.member for member in one.best] for one in account(strategy, 9).species
    }
    assert "nothing" in said["trunk"]
    assert any(one.startswith("linear ") and "relu" in one for one in said["trunk"])
    assert all(one.startswith("count ") for one in said["members"])
    assert any("encoding piecewise linear" in one for one in said["entries"])
    assert all("epochs" not in one for one in said["recipe"])


def test_every_member_of_a_long_search_has_words():
    space = space_for(task(), effort=2.0, models="all")
    strategy = Coevolution(space, LOSS, 0, teams=decomposition_for(space), assembled=30)
    drive(strategy, DigestEvaluator(("loss",)), 25)
    for species in account(strategy, 99).species:
        assert all(one.member for one in species.best)
