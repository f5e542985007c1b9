import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.errors import SpaceError
from coeval.space.digest import candidate_digest
from coeval.space.tabular import space_for
from coeval.strategy.log import REDRAWS, Log
from coeval.strategy.objectives import Objectives
from coeval.strategy.policy import Decisions, Lessons, choice_loss, drawn, softmax, standings
from coeval.testing.fakes import LOSS
from coeval.trial import (
    Failure,
    Fidelity,
    Measurement,
    Objective,
    Proposal,
    Reason,
    Trial,
    finish,
)
from tests.space.test_tabular import task
from tests.strategy.learners import CELLS, SMALL

SIZE = Objective("size")
losses = st.lists(st.integers(-50, 50), min_size=2, max_size=12)


def done(number, losses=(0.0,), names=("loss",), moves=(), **rest):
    candidate = next(c for i, c in enumerate(SMALL) if i == number)
    proposal = Proposal(candidate, moves=moves, **rest)
    return finish(Trial(number, proposal), Measurement(dict(zip(names, losses, strict=True))))


def test_a_walk_decides_a_member_and_its_choices_lead_back():
    space = space_for(task())
    decisions = Decisions(space)
    rng = np.random.default_rng(0)
    slots = []

    def choose(slot):
        slots.append(slot)
        return 0 if slot.options[0] == "end" else int(rng.integers(len(slot.options)))

    path = decisions.walk(choose)
    assert space.contains(space.decide(path))
    assert [one.slot for one in decisions.choices(path)] == slots
    assert all(len(one.slot.options) > 1 for one in decisions.choices(path))


def test_decisions_with_equal_options_are_told_apart_by_their_turn():
    decisions = Decisions(CELLS)
    slots = [one.slot for one in decisions.choices((4, 3, 2, 1, 0, 0))]
    assert len(set(slots)) == 6
    named = Decisions(SMALL).choices((0, 1, 2, 3, 0, 1))
    assert [one.option for one in named[:2]] == ["x0=0", "x1=1"]
    assert [one.slot.turn for one in named] == [0, 0, 0, 1, 1, 1]


def test_a_slot_keeps_its_place_when_decisions_before_it_become_more():
    space = space_for(task())
    decisions = Decisions(space)

    def steps(wanted):
        left = wanted

        def choose(slot):
            nonlocal left
            if slot.options[0] != "end" or left == 0:
                return 0
            left -= 1
            return 2

        return decisions.choices(decisions.walk(choose))

    short, long = steps(0), steps(3)
    assert len(long) == len(short) + 3
    assert {one.slot for one in short} <= {one.slot for one in long}


def test_a_space_without_decisions_says_so_at_once():
    class Undecided:
        def decisions(self, prefix):
            raise SpaceError("This space has no decisions.")

    with pytest.raises(SpaceError, match="no decisions"):
        Decisions(Undecided())


class Limited:
    """SMALL, in which only one candidate keeps the limits on cost."""

    def decisions(self, prefix):
        return SMALL.decisions(prefix)

    def decide(self, prefix):
        if any(prefix):
            raise SpaceError("too many parameters")
        return SMALL.decide(prefix)


def test_draws_beyond_the_limits_are_drawn_anew():
    paths = [(1, 0, 0, 0, 0, 0), (0, 1, 0, 0, 0, 0), (0,) * 6]
    draft = Decisions(Limited()).draft(Log(), set(), paths.__getitem__)
    assert (draft.path, draft.draw) == ((0,) * 6, 2)


def test_drafting_ends_where_no_draw_is_legal_or_new():
    draws = []

    def only(draw):
        draws.append(draw)
        return (0,) * 6

    first = candidate_digest(SMALL.decide((0,) * 6))
    assert Decisions(SMALL).draft(Log(), {first}, only) is None
    assert draws == list(range(REDRAWS + 1))


@given(losses)
def test_the_standing_is_the_share_of_the_others_that_a_trial_beats(values):
    trials = [done(number, (float(value),)) for number, value in enumerate(values)]
    found = standings(Objectives(LOSS), trials)
    others = len(values) - 1
    wanted = [
        (sum(other > one for other in values) + (values.count(one) - 1) / 2) / others
        for one in values
    ]
    assert np.allclose(found, wanted)


@given(losses)
def test_no_rising_function_of_the_values_changes_a_standing(values):
    plain = [done(number, (float(value),)) for number, value in enumerate(values)]
    bent = [done(number, (float(value) ** 3 + 7,)) for number, value in enumerate(values)]
    objectives = Objectives(LOSS)
    assert (standings(objectives, plain) == standings(objectives, bent)).all()


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=12))
def test_with_several_objectives_what_is_dominated_stands_lower_and_the_mean_is_one_half(pairs):
    names = ("loss", "size")
    trials = [done(number, pair, names) for number, pair in enumerate(pairs)]
    found = standings(Objectives([LOSS, SIZE]), trials)
    assert found.mean() == pytest.approx(0.5)
    for mine, a in zip(pairs, found, strict=True):
        for other, b in zip(pairs, found, strict=True):
            if mine != other and mine[0] <= other[0] and mine[1] <= other[1]:
                assert a > b


@pytest.mark.parametrize(
    "trial",
    [
        done(0),
        done(0, fidelity=Fidelity(epochs=0.5)),
        done(0, repeat=1),
        done(0, cases="rows:1"),
        done(0, (float("nan"),)),
    ],
)
def test_trials_of_others_or_without_a_whole_result_are_no_lessons(trial):
    lessons = Lessons("me", Decisions(SMALL), Objectives(LOSS))
    lessons.tell(trial)
    assert lessons.log.told == 1
    assert not list(lessons.take())


def test_a_lesson_is_taken_once_with_its_choices_in_the_order_of_finishing():
    decisions = Decisions(SMALL)
    lessons = Lessons("me", decisions, Objectives(LOSS))
    path = (0, 1, 2, 3, 0, 1)
    for number in (1, 0, 1):
        lessons.tell(done(number, moves=(lessons.move(path),)))
    failed = Trial(2, Proposal(SMALL.decide(path), moves=(lessons.move(path),)))
    lessons.tell(finish(failed, Measurement(failure=Failure(Reason.CRASHED))))
    broken = Trial(3, failed.proposal)
    lessons.tell(finish(broken, Measurement({"loss": 1.0}, violations={"size": 0.1})))
    taken = list(lessons.take())
    assert [one.trial.number for one in taken] == [1, 0]
    assert all(one.choices == decisions.choices(path) for one in taken)
    assert not list(lessons.take())


def test_infeasible_trials_are_lessons_for_those_who_ask():
    decisions = Decisions(SMALL)
    shy = Lessons("me", decisions, Objectives(LOSS))
    bold = Lessons("me", decisions, Objectives(LOSS), infeasible=True)
    broken = Trial(0, Proposal(SMALL.decide((0,) * 6), moves=(shy.move((0,) * 6),)))
    for lessons in (shy, bold):
        lessons.tell(finish(broken, Measurement({"loss": 1.0}, violations={"size": 0.1})))
    assert [len(list(one.take())) for one in (shy, bold)] == [0, 1]


@given(st.lists(st.floats(-800, 800), min_size=2, max_size=8), st.integers(0, 10**6))
def test_probabilities_sum_to_one_and_draws_stay_in_range(logits, seed):
    chances = softmax(np.array(logits))
    assert chances.sum() == pytest.approx(1)
    assert 0 <= drawn(chances, np.random.default_rng(seed)) < len(logits)


def test_draws_follow_the_probabilities():
    rng = np.random.default_rng(0)
    counts = np.bincount([drawn(np.array([0.2, 0.0, 0.8]), rng) for _ in range(4000)], minlength=3)
    assert counts[1] == 0
    assert counts[2] / 4000 == pytest.approx(0.8, abs=0.03)


@settings(max_examples=50)
@given(
    st.lists(st.floats(-3, 3), min_size=2, max_size=6),
    st.floats(-2, 2),
    st.floats(0, 1),
    st.data(),
)
def test_the_slope_of_a_choice_is_that_of_its_loss(logits, advantage, entropy, data):
    index = data.draw(st.integers(0, len(logits) - 1))
    at = np.array(logits)
    slope = choice_loss(at, index, advantage, entropy)[1]
    for place in range(len(at)):
        step = np.zeros(len(at))
        step[place] = 1e-5
        up = choice_loss(at + step, index, advantage, entropy)[0]
        down = choice_loss(at - step, index, advantage, entropy)[0]
        assert (up - down) / 2e-5 == pytest.approx(slope[place], abs=1e-6)


def test_a_choice_that_became_all_but_impossible_has_a_finite_loss():
    loss, slope = choice_loss(np.array([0.0, 2000.0]), 0, 1.0, 0.1)
    assert loss == pytest.approx(2000)
    assert np.isfinite(slope).all()
