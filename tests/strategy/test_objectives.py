"""One order of trials for every strategy: feasibility first, then fronts, then crowding."""

import pytest

from coeval.space.protocol import Candidate
from coeval.strategy.objectives import Objectives, violation
from coeval.trial import Failure, Limit, Measurement, Objective, Proposal, Reason, Trial, finish

ERROR, SIZE = Objective("error"), Objective("size")


def trial(number: int, error: float, size: float = 0.0, excess: float = 0.0) -> Trial:
    running = Trial(number, Proposal(Candidate(())))
    return finish(running, Measurement({"error": error, "size": size}, {"size": excess}))


def numbers(objectives: Objectives, *trials: Trial) -> list[int]:
    return [one.number for one in objectives.order(trials)]


def test_infeasible_trials_follow_all_feasible_ones_by_their_violation() -> None:
    found = numbers(
        Objectives(ERROR), trial(0, 0.1, excess=0.5), trial(1, 0.9), trial(2, 0.2, excess=0.1)
    )
    assert found == [1, 2, 0]


def test_fronts_come_in_order_and_the_lonely_before_the_crowded() -> None:
    found = numbers(
        Objectives((ERROR, SIZE)),
        trial(0, 3, 3),  # dominated
        trial(1, 0, 4),
        trial(2, 1, 2.9),
        trial(3, 1.1, 2.8),
        trial(4, 4, 0),
    )
    assert found[-1] == 0
    assert set(found[:2]) == {1, 4}


def test_failed_and_unmeasured_trials_are_left_out() -> None:
    running = Trial(1, Proposal(Candidate(())))
    failed = finish(running, Measurement(failure=Failure(Reason.CRASHED)))
    objectives = Objectives(ERROR)
    assert objectives.order([running, failed]) == []
    assert objectives.best([running, failed]) is None
    assert not objectives.is_judged(failed)


def test_best_is_the_first_of_the_order() -> None:
    trials = [trial(0, 2, 1), trial(1, 1, 2), trial(2, 1, 2, excess=1), trial(3, 0.5, 5)]
    for objectives in (Objectives(ERROR), Objectives((ERROR, SIZE))):
        assert objectives.best(trials) == objectives.order(trials)[0]


def test_beyond_a_goal_nothing_is_gained() -> None:
    goal = Objective("size", goal=10.0)
    assert goal.cost(trial(0, 0, 5)) == goal.cost(trial(1, 0, 10)) < goal.cost(trial(2, 0, 11))
    most = Objective("error", maximise=True, goal=0.9)
    assert most.cost(trial(0, 0.95)) == most.cost(trial(1, 0.9)) < most.cost(trial(2, 0.8))


def test_a_limit_measures_the_excess_as_a_share() -> None:
    limit = Limit("size", 10.0)
    assert limit.violation(15) == 0.5
    assert limit.violation(10) == 0
    assert limit.violation(float("nan")) == float("inf")
    assert violation(trial(0, 0, 15, excess=limit.violation(15))) == 0.5


def test_a_name_is_no_objective() -> None:
    for given in ("loss", ["loss"]):
        with pytest.raises(TypeError, match="must be Objective"):
            Objectives(given)  # type: ignore[arg-type]


def test_objectives_need_different_names() -> None:
    with pytest.raises(ValueError, match="different names"):
        Objectives((ERROR, Objective("error", maximise=True)))
