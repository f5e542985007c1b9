import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.space import nasbench201
from coeval.space.tabular import space_for
from coeval.strategy.coevolution_species import Teams
from coeval.strategy.coevolution_stages import NONE, Stages, decomposition_for
from coeval.testing.fakes import ladder_space
from tests.space.test_tabular import task

NETWORKS = space_for(task())
EVERY = space_for(task(), effort=2.0, models="all")
SPACES = {"networks": NETWORKS, "every family": EVERY}


def of(name):
    return decomposition_for(SPACES[name])


@pytest.mark.parametrize("name", SPACES)
def test_a_table_s_species_are_its_preparation_the_stages_of_its_network_and_its_recipe(name):
    names = [one.name for one in of(name).species]
    assert names == ["preparation", "entries", "members", "trunk", "recipe"]


@pytest.mark.parametrize("name", SPACES)
@given(seed=st.integers(0, 10_000))
def test_taking_apart_and_putting_together_gives_the_candidate_again(name, seed):
    stages = of(name)
    candidate = stages.sample(np.random.default_rng(seed))
    assert stages.candidate(stages.team(candidate)) == candidate


@pytest.mark.parametrize("name", SPACES)
def test_the_seeds_are_teams(name):
    stages = of(name)
    for candidate in SPACES[name].seeds().values():
        assert stages.candidate(stages.team(candidate)) == candidate


@given(st.integers(0, 10_000), st.integers(0, 4))
def test_a_team_with_a_member_varied_is_legal_or_none_and_another_one(seed, place):
    stages, rng = of("every family"), np.random.default_rng(seed)
    team = stages.team(stages.sample(rng))
    member = stages.species[place].vary(team[place], rng)
    candidate = stages.candidate((*team[:place], member, *team[place + 1 :]))
    assert candidate is None or EVERY.contains(candidate)


def test_members_of_two_teams_make_a_third():
    stages = of("networks")
    mine, theirs = (stages.team(NETWORKS.seeds()[one]) for one in ("tabm", "realmlp"))
    mixed = (mine[0], theirs[1], *mine[2:])
    candidate = stages.candidate(mixed)
    assert NETWORKS.contains(candidate)
    assert stages.team(candidate) == mixed
    assert mixed not in (mine, theirs)


def test_another_family_s_architecture_has_no_stages_and_keeps_its_place():
    stages = of("every family")
    team = stages.team(EVERY.seeds()["trees"])
    assert team[1] == team[2] == NONE
    network = stages.team(EVERY.seeds()["tabm"])
    assert stages.candidate((*team[:3], network[3], team[4])) is None
    whole = stages.candidate((*network[:3], team[3], network[4]))
    assert whole.architecture == EVERY.seeds()["trees"].architecture


@pytest.mark.parametrize("name", SPACES)
def test_members_of_a_species_are_encoded_at_one_length(name):
    stages, rng = of(name), np.random.default_rng(5)
    teams = [stages.team(stages.sample(rng)) for _ in range(30)]
    for place, one in enumerate(stages.species):
        rows = [one.encode(team[place]) for team in teams]
        assert len({row.shape for row in rows}) == 1
        assert all(np.isfinite(row).all() for row in rows)
        assert len({row.tobytes() for row in rows}) > 1


def test_a_space_without_stages_is_taken_apart_by_its_parts_or_slots():
    assert isinstance(decomposition_for(NETWORKS), Stages)
    for space in (ladder_space(), nasbench201.space()):
        assert isinstance(decomposition_for(space), Teams)
