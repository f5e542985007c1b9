import pytest

from coeval.architecture.program import Operation, make_program
from coeval.component.library import SCALAR
from coeval.errors import SpaceError
from coeval.seed import generator
from coeval.space.programs import ProgramSpace
from coeval.space.teams import (
    ABSENT,
    ModuleSpace,
    modules_of,
    program_space,
    single,
    team,
    team_space,
)
from coeval.testing.spaces import check_candidate_space, check_space

OPERATIONS = tuple(Operation(SCALAR[name], SCALAR[name].arity[0]) for name in ("mul", "sin"))
PROGRAMS = ProgramSpace(2, OPERATIONS, 2)
SINE, PRODUCT = make_program([(1, 0), (1, 2)]), make_program([(0, 0, 1), (1, 2)])


@pytest.mark.parametrize("space", [program_space(PROGRAMS), team_space(PROGRAMS, 3)])
def test_keeps_the_contract_of_candidate_spaces(space):
    check_candidate_space(space, samples=30)


def test_modules_keep_the_contract_of_spaces():
    check_space(ModuleSpace(PROGRAMS), leaves=100)


def test_a_team_has_a_part_for_every_slot_and_tells_its_modules():
    candidate = team([SINE, PRODUCT], 3)
    assert candidate.part("module-3") == ABSENT
    assert modules_of(candidate) == (SINE, PRODUCT)
    assert modules_of(single(SINE)) == (SINE,)
    assert team_space(PROGRAMS, 3).contains(candidate)
    with pytest.raises(ValueError, match="at most 1 modules here, got 2"):
        team([SINE, PRODUCT], 1)


def test_an_absent_module_is_an_empty_text_in_the_journal():
    space = team_space(PROGRAMS, 2)
    text = space.to_json(team([SINE], 2))
    assert text == {"module-1": "0100000001020000", "module-2": ""}
    assert space.from_json(text) == team([SINE], 2)


def test_mutation_lets_modules_appear_and_leave():
    space = ModuleSpace(PROGRAMS)
    assert space.mutate(ABSENT, generator(0)).genotype != ABSENT
    children = [space.mutate(SINE, generator(index)).genotype for index in range(200)]
    assert 0 < children.count(ABSENT) < 40


def test_a_single_program_has_an_architecture_and_a_team_says_why_it_has_none():
    architecture = program_space(PROGRAMS).architecture(single(PRODUCT))
    assert [step.component.name for step in architecture.body.steps] == ["mul", "sin"]
    with pytest.raises(SpaceError, match="team of 1 modules is no architecture"):
        team_space(PROGRAMS, 2).architecture(team([SINE], 2))


def test_a_team_without_slots_is_refused():
    with pytest.raises(SpaceError, match="at least 1 module"):
        team_space(PROGRAMS, 0)
