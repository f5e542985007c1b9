from coeval.run.levers import OFF, Levers
from coeval.run.strategies import strategy_for
from coeval.run.teams import learnt
from coeval.space.tabular import space_for
from coeval.testing.fakes import LOSS, drive
from coeval.testing.strategies_judges import DigestEvaluator
from tests.space.test_tabular import task

SPACE = space_for(task())


def test_a_run_s_trials_on_all_rungs_teach_of_its_teams():
    levers = Levers()
    log = drive(strategy_for("cooperative", SPACE, LOSS, 0), DigestEvaluator(("loss",)), 30)
    whole = [one for one in log if one.proposal.fidelity.is_full]
    many, few = learnt(SPACE, LOSS, log, levers), learnt(SPACE, LOSS, whole, levers)
    assert [one.name for one in many.species] == [
        "preparation", "entries", "members", "trunk", "recipe"
    ]  # fmt: skip
    assert sum(one.count for one in many.species) > sum(one.count for one in few.species)
    assert many.pairs


def test_without_rungs_only_whole_trainings_do():
    log = drive(strategy_for("evolution", SPACE, LOSS, 0), DigestEvaluator(("loss",)), 30)
    whole = [one for one in log if one.proposal.fidelity.is_full]
    assert learnt(SPACE, LOSS, log, OFF) == learnt(SPACE, LOSS, whole, OFF)


def test_too_few_trials_teach_nothing():
    assert learnt(SPACE, LOSS, [], Levers()) is None
