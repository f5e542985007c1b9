import numpy as np

from coeval.space import nasbench201
from coeval.space.tabular import space_for
from coeval.strategy.coevolution_pool import NEW, pool
from coeval.strategy.coevolution_species import teams_of
from tests.space.test_tabular import task

CELLS = nasbench201.space()


def test_a_pool_holds_variants_of_the_elites_and_random_teams_each_once():
    teams = teams_of(CELLS)
    rng = np.random.default_rng(3)
    elites = [teams.team(CELLS.sample(rng)) for _ in range(3)]
    offers = pool(teams.species, elites, elites, 300, rng)
    assert len({one.team for one in offers}) == len(offers) > 150
    for one in offers:
        if one.parent is not None:
            changed = sum(a != b for a, b in zip(one.team, elites[one.parent], strict=True))
            assert changed <= int(one.origin.rpartition("-")[2])
    assert 0.15 < np.mean([one.parent is None for one in offers]) < 0.4


def test_few_new_members_are_made_where_making_one_takes_long():
    space = space_for(task())
    teams = teams_of(space)
    rng = np.random.default_rng(3)
    served = [teams.team(space.sample(rng)) for _ in range(4)]
    offers = pool(teams.species, served[:2], served, 100, rng)
    architectures = {one.team[1] for one in offers} - {one[1] for one in served}
    recipes = {one.team[2] for one in offers}
    assert 4 <= len(architectures) <= NEW
    assert len(recipes) > NEW
