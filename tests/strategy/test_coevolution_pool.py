import numpy as np

from coeval.space import nasbench201
from coeval.strategy.coevolution_pool import pool
from coeval.strategy.coevolution_species import teams_of

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
