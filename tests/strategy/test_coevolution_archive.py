import numpy as np
import pytest

from coeval.strategy.coevolution_archive import Encoder, TeamArchive
from coeval.strategy.objectives import Objectives
from coeval.testing.fakes import ladder_space
from coeval.trial import Measurement, Objective, Proposal, Trial, finish

CANDIDATE = next(iter(ladder_space()))


def trial(number, loss, excess=0.0, size=0.0):
    done = Measurement({"loss": loss, "size": size}, violations={"limit": excess})
    return finish(Trial(number, Proposal(CANDIDATE)), done)


def test_credit_is_learnt_from_feasible_teams_and_from_violations_where_there_are_none():
    archive = TeamArchive(Objectives(Objective("loss")), 10)
    archive.add(trial(0, 5.0, excess=2.0), ("a",))
    archive.add(trial(1, 1.0, excess=3.0), ("b",))
    assert [one.team for one in archive.learnable()[0]] == [("a",), ("b",)]
    assert archive.learnable()[1].tolist() == [2.0, 3.0]
    assert archive.feasibility() is None
    archive.add(trial(2, 9.0), ("c",))
    assert [one.team for one in archive.learnable()[0]] == [("c",)]
    assert archive.feasibility().tolist() == [1.0, -1.0, -1.0]


def test_equal_results_share_a_place_with_several_objectives():
    archive = TeamArchive(Objectives([Objective("loss"), Objective("size")]), 10)
    for number, (loss, size) in enumerate([(1, 2), (2, 1), (1, 2), (3, 3)]):
        archive.add(trial(number, float(loss), size=float(size)), (number,))
    served, places = archive.learnable()
    by_team = {one.team[0]: place for one, place in zip(served, places, strict=True)}
    assert by_team[0] == by_team[2] < by_team[3]


def test_an_archive_keeps_the_best_and_the_latest():
    archive = TeamArchive(Objectives(Objective("loss")), 8)
    for number in range(100):
        archive.add(trial(number, float(number)), (number,))
    kept = {one.team[0] for one in archive.ranked()}
    assert {0, 1, 2, 3, 99} <= kept
    assert len(archive) < 10


class Numbers:
    """A species whose members are numbers, without a scale of its own; another number is the same for all."""

    name, scale, is_dear = "numbers", 0.0, False

    def encode(self, member):
        return np.array([0.1, float(member)])


@pytest.mark.parametrize("count", range(3, 12))  # of three tenths the deviation is 1e-17
def test_a_number_that_all_members_share_does_not_blur_those_in_which_they_differ(count):
    teams = [(one,) for one in range(count)]
    (rows,) = Encoder([Numbers()]).encode(teams, teams)
    distances = (rows[:, None] - rows) ** 2
    assert distances.sum(axis=2).mean() == pytest.approx(1.0)
    assert np.abs(rows).max() < 3
