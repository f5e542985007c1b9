import dataclasses

import numpy as np
import pytest

from coeval.errors import SpaceError
from coeval.space.choices import ChoiceSpace
from coeval.space.product import ProductSpace
from coeval.space.protocol import Candidate, Child
from coeval.testing.fakes import ladder_space
from coeval.testing.spaces import check_candidate_space, check_space

GOOD = ladder_space(settings=2, choices=3, parts=1).parts["part0"]


class Wrapped:
    """A space that hands everything on; the classes below break one promise each."""

    def __getattr__(self, name):
        return getattr(GOOD, name)

    def __iter__(self):
        return iter(GOOD)


class Leaky(Wrapped):
    def mutate(self, genotype, rng):
        child = GOOD.mutate(genotype, rng)
        return Child((("x0", 7), child.genotype[1]), child.moves)


class Silent(Wrapped):
    def mutate(self, genotype, rng):
        return Child(GOOD.mutate(genotype, rng).genotype, ())


class Unstable(Wrapped):
    def sample(self, rng):
        return GOOD.sample(np.random.default_rng())


class Miscounting(Wrapped):
    def size(self):
        return GOOD.size() + 1


class Selfish(Wrapped):
    def neighbours(self, genotype):
        yield Child(genotype, ())


class Ragged(Wrapped):
    def encode(self, genotype):
        return np.zeros(1 + dict(genotype)["x0"])


class Endless(Wrapped):
    def encode(self, genotype):
        return np.array([np.inf])


class Lossy(Wrapped):
    def from_json(self, value):
        return GOOD.from_json({**value, "x0": 0})


class Credulous(Wrapped):
    def from_json(self, value):
        try:
            return GOOD.from_json(value)
        except SpaceError:
            return GOOD.default()


class Unordered(Wrapped):
    def __iter__(self):
        return reversed(list(GOOD))


def test_a_right_space_passes():
    check_space(GOOD, leaves=20)
    check_space(Wrapped(), leaves=20)


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        (Leaky, "left the space"),
        (Silent, "names no move"),
        (Unstable, "differs when it is drawn again"),
        (Miscounting, r"size\(\) says 10, the decisions lead to 9"),
        (Selfish, "its own neighbour"),
        (Ragged, "has shape"),
        (Endless, "holds NaN or infinity"),
        (Lossy, "another after a trip through JSON"),
        (Credulous, "for a genotype"),
        (Unordered, "in another order"),
    ],
)
def test_a_broken_promise_is_named(broken, sentence):
    with pytest.raises(AssertionError, match=sentence):
        check_space(broken(), leaves=20)


def test_a_seed_outside_the_space_is_named():
    @dataclasses.dataclass(frozen=True)
    class Careless(ProductSpace):
        def seeds(self):
            return {"odd": Candidate((("part0", (("x0", 9), ("x1", 0))),))}

    with pytest.raises(AssertionError, match="Seed 'odd' is no member"):
        check_candidate_space(Careless({"part0": GOOD}))


def test_a_space_of_one_genotype_passes():
    check_space(ChoiceSpace(()), leaves=5)
