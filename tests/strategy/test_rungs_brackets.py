from hypothesis import given
from hypothesis import strategies as st

from coeval.strategy.objectives import Objectives
from coeval.strategy.rungs import Member
from coeval.strategy.rungs_brackets import Brackets, Shape, shape
from coeval.testing.fakes import LOSS
from coeval.trial import Failure, Measurement, Proposal, Reason, Trial, finish
from tests.strategy.rungs import SPACE

PROPOSAL = Proposal(next(iter(SPACE)))
FAILED = Measurement(failure=Failure(Reason.DIVERGED))


def test_every_rung_of_a_shape_has_one_eta_th_of_the_one_below():
    assert shape(0, 27, 4, 3) == Shape(0, (27, 9, 3, 1))
    assert shape(1, 12, 4, 3) == Shape(1, (12, 4, 1))
    assert shape(0, 2, 3, 3) == Shape(0, (2, 1, 1))


@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=3),
    st.integers(1, 3),
    st.integers(2, 4),
    st.randoms(use_true_random=False),
    st.integers(1, 40),
)
def test_whoever_enters_is_stopped_or_reaches_the_top_in_whichever_order_things_finish(
    sizes, rungs, eta, random, count
):
    shapes = [shape(place % rungs, size, rungs, eta) for place, size in enumerate(sizes)]
    brackets = Brackets(Objectives(LOSS), shapes, eta)
    running, stopped, entered, number = [], [], [], 0
    while len(entered) < count or running or brackets.promotable() or brackets.leftover():
        promotable = brackets.promotable() or ([] if running else brackets.leftover())
        if promotable and random.random() < 0.7:
            member = promotable[0]
            stopped += brackets.promote(member)
        elif len(entered) < count and random.random() < 0.7:
            member = Member(len(entered), PROPOSAL, brackets.first_rungs(1)[0])
            brackets.enter(member)
            entered.append(member)
        elif running:
            member = running.pop(random.randrange(len(running)))
            trial = Trial(member.trials[-1], PROPOSAL)
            value = FAILED if random.random() < 0.3 else Measurement({"loss": random.random()})
            stopped += brackets.finish(member, finish(trial, value))
            continue
        else:
            continue
        member.trials.append(number)
        running.append(member)
        number += 1
    assert len(stopped) == len(set(stopped))
    unfilled = set(entered) - set(stopped)  # of a bracket that was not filled, or none had a value
    assert all(member.rung == member.first for member in unfilled)
    assert len(unfilled) < max(sizes) + 1


def test_new_members_start_where_the_brackets_to_come_start():
    brackets = Brackets(Objectives(LOSS), [Shape(0, (3, 1)), Shape(1, (2,))], 3)
    assert brackets.first_rungs(9) == [0, 0, 0, 1, 1, 0, 0, 0, 1]
    brackets.enter(Member(0, PROPOSAL, 0))
    assert brackets.first_rungs(4) == [0, 0, 1, 1]
