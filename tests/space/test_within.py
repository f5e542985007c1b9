import itertools

import numpy as np
import pytest

from coeval.architecture.inference import infer
from coeval.errors import SpaceError
from coeval.space import nasbench201
from coeval.space.tabular import space_for
from coeval.space.within import Within, least
from coeval.testing.fakes import ladder_space
from coeval.testing.spaces import check_candidate_space
from tests.evaluate.tasks import task_of


def total(candidate) -> int:
    return sum(value for _, part in candidate.parts for _, value in part)


def ladder(most: int) -> Within:
    space = ladder_space(settings=3, choices=6)
    return Within(space, lambda one: total(one) <= most, least(space, total)[0])


@pytest.mark.parametrize("most", [0, 1, 9, 30])
def test_the_contract_of_spaces_holds_however_tight_the_limit(most):
    check_candidate_space(ladder(most), samples=12)


def test_everything_that_is_drawn_keeps_the_limit():
    space = ladder(4)
    drawn = [space.sample(np.random.default_rng(seed)) for seed in range(20)]
    for one, other in itertools.pairwise(drawn):
        rng = np.random.default_rng(total(one))
        children = [space.mutate(one, rng).genotype, space.cross(one, other, rng).genotype]
        children += [child.genotype for child in space.neighbours(one)]
        assert all(total(child) <= 4 for child in [one, *children])


def test_samples_of_a_tight_limit_still_differ():
    space = ladder(2)
    drawn = {space.sample(np.random.default_rng(seed)) for seed in range(30)}
    assert len(drawn) > 3


def test_a_walk_of_decisions_that_breaks_the_limit_is_refused():
    space = ladder(1)
    prefix: tuple[int, ...] = ()
    while options := space.decisions(prefix):
        prefix = (*prefix, len(options) - 1)
    with pytest.raises(SpaceError, match="breaks a limit"):
        space.decide(prefix)


def test_seeds_that_break_the_limit_give_way_to_the_safe_member():
    whole = space_for(task_of("wine"))
    seeds, safe = whole.seeds().values(), whole.sample(np.random.default_rng(0))
    assert safe not in seeds
    assert Within(whole, lambda one: one not in seeds, safe).seeds() == {"small": safe}
    assert Within(whole, lambda one: True, safe).seeds() == whole.seeds()


def test_a_safe_member_that_is_not_safe_is_refused():
    space = ladder_space()
    with pytest.raises(SpaceError, match=r"safe member .* must keep the limit"):
        Within(space, lambda one: False, space.sample(np.random.default_rng(0)))


def test_the_least_member_of_independent_choices_is_found_exactly():
    assert least(ladder_space(settings=4, choices=5), total)[1] == 0
    space = nasbench201.space()

    def macs(one) -> int:
        return infer(space.architecture(one)).cost.macs

    nothing = space.from_json(space.to_json(next(iter(space))))  # all edges cut: the first member
    assert least(space, macs)[1] == macs(nothing)


def test_a_descent_stops_where_it_is_enough():
    space = ladder_space(settings=4, choices=5)
    assert 0 < least(space, total, enough=10)[1] <= 10
