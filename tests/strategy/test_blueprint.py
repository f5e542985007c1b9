import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.architecture.component import Setting
from coeval.errors import SpaceError
from coeval.space.choices import ChoiceSpace
from coeval.space.product import ProductSpace
from coeval.strategy.blueprint import BlueprintCoevolution, renumbered, repeated_blocks
from coeval.testing.fakes import LOSS, LadderEvaluator, drive, ladder_space
from coeval.testing.strategies import check_strategy
from coeval.testing.strategies_results import check_vector_results
from coeval.trial import State

SPACE = ladder_space(settings=3, choices=4, parts=4)
CHAIN = ladder_space(settings=6, choices=4, parts=1)
UNLIKE = ProductSpace(
    {"a": ChoiceSpace((Setting("x", (1, 2), 1), Setting("y", ("p", "q"), "p")), "a")}
)


def blocks_of(candidate):
    return {tuple(value for _, value in part) for _, part in candidate.parts}


@pytest.mark.parametrize("space", [SPACE, CHAIN])
def test_keeps_the_contract_of_strategies(space):
    check_strategy(lambda: BlueprintCoevolution(space, LOSS, 3), space, trials=14)


def test_ranks_by_several_objectives_and_limits():
    check_vector_results(
        lambda objectives: BlueprintCoevolution(SPACE, objectives, 3), SPACE, trials=14
    )


def test_every_proposal_is_made_of_few_modules():
    log = drive(BlueprintCoevolution(SPACE, LOSS, 5, modules=2), LadderEvaluator(), 30)
    used = [len(blocks_of(one.proposal.candidate)) for one in log if one.state is State.RUNNING]
    assert max(used) == 2
    assert min(used) == 1


def test_a_candidate_of_more_modules_has_no_team_and_teaches_nothing():
    strategy = BlueprintCoevolution(SPACE, LOSS, 5, modules=2)
    rng = np.random.default_rng(1)
    foreign = next(one for one in iter(lambda: SPACE.sample(rng), None) if len(blocks_of(one)) > 2)
    assert strategy.blueprints.team(foreign) is None


@given(st.integers(0, 10_000))
def test_taking_apart_and_putting_together_gives_the_candidate_again(seed):
    blueprints = BlueprintCoevolution(SPACE, LOSS, modules=3).blueprints
    candidate = blueprints.sample(np.random.default_rng(seed))
    assert SPACE.contains(candidate)
    assert blueprints.candidate(blueprints.team(candidate)) == candidate


@given(st.lists(st.integers(0, 4), max_size=8), st.permutations(range(5)))
def test_renaming_module_species_gives_the_same_blueprint(numbers, names):
    assert renumbered([names[one] for one in numbers]) == renumbered(numbers)


def test_blocks_are_parts_that_are_alike_or_equal_runs_of_slots():
    assert [one.name for one in repeated_blocks(CHAIN).species] == ["x0+x1", "x2+x3", "x4+x5"]
    assert len(repeated_blocks(SPACE).species) == 4


def test_a_space_without_repeated_blocks_is_refused():
    with pytest.raises(SpaceError, match=r"Blueprints need a space whose blocks repeat.*got x, y"):
        BlueprintCoevolution(UNLIKE, LOSS)


def test_blocks_that_leave_slots_out_are_refused():
    with pytest.raises(SpaceError, match=r"Give blocks=\[...\] that cover all slots"):
        BlueprintCoevolution(CHAIN, LOSS, blocks=[["x0", "x1"], ["x2", "x3"]])


def test_more_modules_than_places_are_refused():
    with pytest.raises(ValueError, match=r"modules must lie in 2..4 for 4 places, got 9"):
        BlueprintCoevolution(SPACE, LOSS, modules=9)
