from coeval.architecture.program import make_program
from coeval.space.protocol import Move
from coeval.space.teams import single
from coeval.strategy.cooperative import CooperativeCoevolution
from coeval.strategy.monitor import pathologies
from coeval.strategy.predictors import FitnessPredictors
from coeval.trial import Failure, Measurement, Proposal, Reason, Trial, finish
from tests.strategy.numbers import ERROR, evaluator, search, space


def trial(number, cost, *, cases=None, origin="x", key=None, points=1.0, name=None, moves=()):
    candidate = single(make_program([(4, 0)], (float(number if name is None else name),)))
    data = {} if key is None else {"key": key}
    measured = Measurement({"nmse": cost}, cost={"point_evaluations": points}, data=data)
    asked = Proposal(candidate, cases=cases, origin=origin, moves=moves)
    return finish(Trial(number, asked), measured)


def failed(number):
    measured = Measurement(failure=Failure(Reason.REFUSED))
    return finish(Trial(number, Proposal(single(make_program([(4, 0)])))), measured)


def test_a_short_log_tells_nothing():
    found = pathologies([trial(0, 1.0)], ERROR)
    assert found.drift is found.takeover is found.bloat is found.disengagement is None
    assert found.failed == 0
    assert found.warnings() == []


def test_generations_without_differences_are_disengaged():
    blind = [trial(number, 0.5, moves=(Move("vary", "a"),)) for number in range(10)]
    alive = [trial(number, number, moves=(Move("vary", "b"),)) for number in range(10)]
    found = pathologies([*blind, *alive], ERROR)
    assert found.disengagement == 0.5
    assert "all candidates were judged equal" in found.warnings()[0]


def test_a_champion_that_is_worse_than_an_earlier_one_was_forgotten():
    costs = [0.5, 0.4, 0.6, 0.3, 0.9]
    champions = [trial(place, cost, origin="champion") for place, cost in enumerate(costs)]
    assert pathologies(champions, ERROR).forgetting == 0.5


def test_drift_is_the_rank_correlation_of_few_rows_with_all():
    pairs = [(number, 10 - number) for number in range(10)]
    few = [trial(n, cost, cases="rows:1,2", name=n) for n, (cost, _) in enumerate(pairs)]
    whole = [trial(n + 50, cost, name=n) for n, (_, cost) in enumerate(pairs)]
    found = pathologies([*few, *whole], ERROR)
    assert found.drift == -1
    assert "correlate by -1.00 only" in found.warnings()[0]


def test_takeover_is_the_largest_share_of_one_meaning():
    keys = ["a"] * 6 + ["b", "c", "d", "e"]
    trials = [trial(number, number, key=key) for number, key in enumerate(keys)]
    found = pathologies(trials, ERROR)
    assert found.takeover == 0.6
    assert "One function makes up 60%" in found.warnings()[0]


def test_bloat_is_how_much_more_is_computed_late():
    trials = [trial(number, number, points=1.0 + 3 * (number >= 30)) for number in range(40)]
    found = pathologies(trials, ERROR)
    assert found.bloat == 4
    assert "grew 4.0 times longer" in found.warnings()[0]


def test_failures_are_counted():
    assert pathologies([trial(0, 1.0), failed(1)], ERROR).failed == 0.5


def test_a_cooperative_search_is_told_to_be_healthy():
    strategy = CooperativeCoevolution(space(), ERROR, 1, slots=4, population=20)
    found = pathologies(search(strategy, evaluator(), 2_000), ERROR)
    assert found.disengagement == 0
    assert found.takeover < 0.5
    assert found.bloat < 2


def test_a_search_on_few_rows_has_its_drift_measured():
    strategy = FitnessPredictors(space(6), ERROR, 60, 1, population=20, size=8)
    found = pathologies(search(strategy, evaluator(), 3_000), ERROR)
    assert found.drift is not None
    assert found.forgetting is not None
