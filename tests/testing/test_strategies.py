import itertools

import numpy as np
import pytest

from coeval.seed import generator
from coeval.strategy.random import RandomSearch
from coeval.testing.fakes import LadderEvaluator, drive, ladder_space
from coeval.testing.strategies import check_strategy, shuffled
from coeval.trial import Proposal, State

SPACE = ladder_space()


class Base:
    """Independent samples, right in every way; the classes below break one promise each."""

    def __init__(self):
        self.numbers = set()

    def ask(self, count):
        first = len(self.numbers)
        return [Proposal(self.draw(number)) for number in range(first, first + count)]

    def draw(self, number):
        return SPACE.sample(generator(0, number))

    def tell(self, trial):
        self.numbers.add(trial.number)


class Advancing(Base):
    def __init__(self):
        super().__init__()
        self.rng = np.random.default_rng(0)

    def draw(self, number):
        return SPACE.sample(self.rng)


class Global(Base):
    def draw(self, number):
        return SPACE.sample(generator(int(np.random.get_state()[1][0]), number))


class Drawing(Base):
    def tell(self, trial):
        super().tell(trial)
        np.random.random()


class Outside(Base):
    def draw(self, number):
        return ladder_space(choices=99).sample(generator(0, number))


class Generous(Base):
    def ask(self, count):
        return super().ask(count + 1) if count else []


class Unborn(Base):
    def ask(self, count):
        return [Proposal(one.candidate, parent=10**6) for one in super().ask(count)]


class Clocked(Base):
    made = itertools.count()

    def __init__(self):
        super().__init__()
        self.seed = next(self.made)

    def draw(self, number):
        return SPACE.sample(generator(self.seed, number))


class Counting(Base):
    def __init__(self):
        super().__init__()
        self.told = 0

    def tell(self, trial):
        super().tell(trial)
        self.told += 1

    def draw(self, number):
        return SPACE.sample(generator(self.told, number))


class Fragile(Base):
    def tell(self, trial):
        super().tell(trial)
        if trial.state is State.FAILED:
            raise ZeroDivisionError


class Batched(Base):
    def ask(self, count):
        first = len(self.numbers)
        return [Proposal(SPACE.sample(generator(first, place))) for place in range(count)]


def test_a_right_strategy_passes():
    check_strategy(Base, SPACE)
    check_strategy(lambda: RandomSearch(SPACE), SPACE)


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        (Advancing, "asked something else the second time"),
        (Global, "something but seed and log steers them"),
        (Drawing, "draws from a global random generator"),
        (Outside, "no member of the space"),
        (Generous, "fewer are allowed, not more"),
        (Unborn, "no finished trial"),
        (Clocked, "Asking more often changed the question"),
        (Counting, "a second time changed the next question"),
    ],
)
def test_a_broken_promise_is_named(broken, sentence):
    with pytest.raises(AssertionError, match=sentence):
        check_strategy(broken, SPACE, trials=20, consecutive=False)


def test_a_batch_that_differs_from_single_questions_is_named_where_that_is_promised():
    with pytest.raises(AssertionError, match="asked otherwise in a batch than alone"):
        check_strategy(Batched, SPACE, trials=20)
    check_strategy(Batched, SPACE, trials=20, consecutive=False)


def test_a_strategy_that_breaks_at_a_failure_is_found():
    with pytest.raises(ZeroDivisionError):
        check_strategy(Fragile, SPACE)


def test_completion_orders_are_drawn_at_their_seed():
    def log(seed):
        return drive(RandomSearch(SPACE), LadderEvaluator(), 12, batch=6, order=shuffled(seed))

    assert log(1) == log(1) != log(2)
