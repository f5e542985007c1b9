import numpy as np
import pytest

from coeval.architecture.component import Setting
from coeval.errors import SpaceError
from coeval.space.choices import ChoiceSpace
from coeval.space.digest import candidate_digest
from coeval.space.product import ProductSpace
from coeval.space.protocol import Candidate
from coeval.testing.fakes import ladder_space
from coeval.testing.spaces import check_candidate_space, check_space

SMALL = ladder_space(settings=2, choices=3)


def test_keeps_the_contract_of_spaces():
    check_space(SMALL, leaves=100)
    check_candidate_space(ladder_space())


def test_a_mutation_edits_one_part_and_names_it():
    for seed in range(10):
        rng = np.random.default_rng(seed)
        parent = SMALL.sample(rng)
        child = SMALL.mutate(parent, rng)
        changed = [name for name, part in child.genotype.parts if part != parent.part(name)]
        assert changed == [child.moves[0].part]


def test_weights_say_how_often_a_part_is_edited():
    space = ProductSpace(SMALL.parts, weights={"part0": 9.0, "part1": 1.0})
    rng = np.random.default_rng(0)
    parent = space.sample(rng)
    edited = [space.mutate(parent, rng).moves[0].part for _ in range(300)]
    assert 240 < edited.count("part0") < 295


def test_a_part_without_neighbours_leaves_the_turn_to_the_next():
    only = ChoiceSpace((Setting("a", (1,), 1),), "fixed")
    space = ProductSpace({"fixed": only, **SMALL.parts}, weights={"fixed": 1000.0})
    rng = np.random.default_rng(0)
    assert space.mutate(space.sample(rng), rng).moves


def test_a_seed_outside_the_space_is_refused():
    wrong = Candidate((("part0", (("x0", 0), ("x1", 9))), ("part1", (("x0", 0), ("x1", 0)))))
    with pytest.raises(SpaceError, match=r"Seed 'odd' is no member.*part0 is not allowed"):
        ProductSpace(SMALL.parts, named={"odd": wrong})


def test_json_with_other_parts_is_refused():
    with pytest.raises(SpaceError, match=r"part0.*got \['recipe'\]"):
        SMALL.from_json({"recipe": {}})


def test_a_digest_names_the_values_and_not_their_order():
    first = Candidate((("recipe", (("a", 1), ("b", 2))),))
    second = Candidate((("recipe", (("b", 2), ("a", 1))),))
    other = Candidate((("recipe", (("a", 1), ("b", 3))),))
    assert candidate_digest(first) == candidate_digest(second) != candidate_digest(other)


def test_options_do_not_depend_on_which_decisions_were_asked_before():
    rng = np.random.default_rng(0)
    walked = ladder_space(settings=2, choices=3)
    for _ in range(200):
        path = tuple(int(one) for one in rng.integers(3, size=rng.integers(5)))
        fresh = ladder_space(settings=2, choices=3)
        assert walked.decisions(path) == fresh.decisions(path)
        if len(path) == 4:
            assert walked.decide(path) == fresh.decide(path)
    with pytest.raises(SpaceError, match=r"options 0\.\.2, got 7"):
        walked.decisions((1, 7))
    with pytest.raises(SpaceError, match="takes 4 decisions here, got 5"):
        walked.decisions((0, 1, 2, 0, 1))


def test_a_walk_asks_each_part_a_few_times_a_decision():
    class Counting(ChoiceSpace):
        asked = 0

        def decisions(self, prefix):
            Counting.asked += 1
            return super().decisions(prefix)

    settings = tuple(Setting(f"a{place}", (0, 1), 0) for place in range(50))
    space = ProductSpace({"one": Counting(settings, "one"), "two": Counting(settings, "two")})
    path: tuple[int, ...] = ()
    while space.decisions(path):
        path = (*path, 1)
    assert len(path) == 100
    assert Counting.asked < 5 * 100
