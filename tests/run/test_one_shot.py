"""A one-shot method's share of a budget: ticks, what they found alone, and the final training fit one after the other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.oneshot.method import METHODS, Choice
from coeval.oneshot.tick import Kind
from coeval.run.front import front_strategy
from coeval.run.levers import Levers
from coeval.run.one_shot import ASIDE_SECONDS, divide, one_shot, tick_deadlines
from coeval.run.strategies import strategy_for
from coeval.testing.fakes import LOSS, drive
from coeval.trial import Objective, State
from tests.oneshot.fakes import FakeOneShot
from tests.oneshot.searches import SPACE


@given(st.floats(30.0, 1e6))
def test_a_seed_the_ticks_what_they_found_and_the_final_training_fit_into_any_budget(seconds):
    found = divide(seconds)
    assert found.trial + found.ticks + found.after_ticks <= seconds - ASIDE_SECONDS + 2.0
    assert min(found.ticks, found.trial, found.final) > 0


@pytest.mark.parametrize("name", METHODS)
def test_training_ends_early_enough_to_read_paths_where_a_method_does(name):
    found = tick_deadlines(name, 100.0, 40.0)
    reads = METHODS[name].choice is not Choice.LARGEST
    assert found[Kind.CHOOSE] == 100.0
    assert found[Kind.TRAIN] == found[Kind.MEASURE] == (90.0 if reads else 100.0)


def test_ticks_get_their_share_of_the_seconds():
    log = drive(one_shot("darts", SPACE, None, 60.0), FakeOneShot(step_seconds=0.1), 40)
    spent = sum(one.measurement.cost.get("seconds", 0.0) for one in log if one.measurement)
    assert divide(60.0).ticks * 0.8 < spent < divide(60.0).ticks * 1.1


def test_nothing_but_the_first_seed_comes_before_what_was_found():
    strategy = strategy_for("spos", SPACE, LOSS, 0, seconds=60.0)
    log = [one for one in drive(strategy, FakeOneShot(), 60) if one.state is State.DONE]
    origins = [one.proposal.origin for one in log]
    first, last = origins.index("spos"), len(origins) - 1 - origins[::-1].index("spos")
    assert set(origins[1:first]) == {"tick:spos"}
    assert origins[first : last + 1] == ["spos"] * 3
    assert {"random", "repeat"} & set(origins[last:])


def test_where_trials_are_counted_a_front_has_time_for_what_was_found_too():
    strategy = front_strategy("spos", SPACE, (LOSS, Objective("macs")), 0, Levers(), trials=12)
    log = [one for one in drive(strategy, FakeOneShot(), 12) if one.state is State.DONE]
    assert "spos" in [one.proposal.origin for one in log]
