import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from coeval.strategy.coevolution_rungs import RungArchive, places_over_rungs
from coeval.strategy.objectives import Objectives
from coeval.testing.fakes import ladder_space
from coeval.trial import Fidelity, Measurement, Objective, Proposal, Trial, finish

CANDIDATE = next(iter(ladder_space()))
LOSS = Objective("loss")
SHARES = (1 / 9, 1 / 3, 1.0)
NAN = math.nan


@st.composite
def climbs(draw):
    """Draw costs of teams of which fewer and fewer went on, and some began at the top."""
    teams = draw(st.integers(1, 12))
    values = draw(arrays(float, (teams, 3), elements=st.integers(0, 99)))
    for team, row in enumerate(values):
        first, last = draw(st.integers(0, 2)), draw(st.integers(0, 2))
        row[: min(first, last)] = NAN
        row[max(first, last) + 1 :] = NAN
        values[team] = row
    return values


def trial(number, loss, share=1.0, curve=(), excess=0.0, repeat=0):
    done = Measurement(
        {"loss": loss},
        curve={"loss": curve},
        violations={"limit": excess},
        data={"schedule_epochs": len(curve)},
    )
    proposal = Proposal(CANDIDATE, fidelity=Fidelity(epochs=share), repeat=repeat)
    return finish(Trial(number, proposal), done)


def archive(size=64):
    return RungArchive(Objectives(LOSS), size, SHARES)


def order(given):
    return [one.team[0] for one in given.ranked()]


@given(climbs())
def test_places_are_one_for_each_team_and_whoever_reached_the_top_stands_there_by_its_last_value(
    values,
):
    places = places_over_rungs(values)
    assert sorted(places.tolist()) == list(range(len(values)))
    whole = np.flatnonzero(~np.isnan(values[:, -1]))
    by_place = whole[np.argsort(places[whole])]
    assert (np.diff(values[by_place, -1]) >= 0).all()


@given(climbs())
def test_who_was_judged_on_the_lowest_rung_only_keeps_the_place_that_it_had_there(values):
    values[np.isnan(values[:, 0]), 0] = 50.0
    alone = np.isnan(values[:, 1]) & np.isnan(values[:, 2])
    early, later = places_over_rungs(values[:, :1]), places_over_rungs(values)
    assert (early[alone] == later[alone]).all()


def test_a_team_that_was_promoted_is_judged_by_its_later_value():
    served = archive()
    for number, loss in enumerate([1.0, 2.0, 3.0]):
        served.add(trial(number, loss, 1 / 9), (number,))
    assert order(served) == [0, 1, 2]
    served.add(trial(0, 0.9, 1 / 3), (0,))
    served.add(trial(1, 0.5, 1 / 3), (1,))
    assert order(served) == [1, 0, 2]
    assert served.learnable()[1].tolist() == [0, 1, 2]
    assert [one.trial.proposal.fidelity.epochs for one in served.ranked()] == [1 / 3, 1 / 3, 1 / 9]


def test_a_whole_training_stands_on_each_rung_by_what_its_curve_had_reached_there():
    served = archive()
    served.add(trial(0, 3.0, 1 / 9), ("short",))
    curve = (9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0)
    served.add(trial(1, 1.0, curve=curve), ("whole",))
    assert order(served) == ["short", "whole"]
    served.add(trial(2, 10.0, 1 / 9), ("bad",))
    assert order(served) == ["short", "whole", "bad"]


def test_limits_come_before_values():
    served = archive()
    served.add(trial(0, 1.0, 1 / 9, excess=2.0), ("large",))
    assert served.learnable()[1].tolist() == [2.0]
    served.add(trial(1, 9.0, 1 / 9), ("small",))
    assert order(served) == ["small", "large"]
    assert [one.team for one in served.learnable()[0]] == [("small",)]
    assert served.feasibility().tolist() == [1.0, -1.0]


@pytest.mark.parametrize(
    "one",
    [trial(0, 1.0, 0.5), trial(0, 1.0, repeat=1), trial(0, NAN), Trial(0, Proposal(CANDIDATE))],
)
def test_what_stands_on_no_rung_or_is_no_value_is_not_taken(one):
    assert not archive().takes(one)
    assert archive().takes(trial(0, 1.0, 1 / 3))


def test_the_best_and_the_latest_are_kept():
    served = archive(size=8)
    for number in range(100):
        served.add(trial(number, float(number), 1 / 9), (number,))
    assert {0, 1, 2, 3, 99} <= set(order(served))
    assert len(served) < 10


def test_several_objectives_have_no_rungs():
    with pytest.raises(ValueError, match="Rungs compare one objective, got 2"):
        RungArchive(Objectives([LOSS, Objective("size")]), 8, SHARES)
