import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.architecture.program import Operation, Program, make_program
from coeval.build.numeric.evaluate import bind, values
from coeval.component.library import SCALAR
from coeval.errors import SpaceError
from coeval.seed import generator
from coeval.space.programs import ProgramSpace
from coeval.space.programs_arrays import (
    cross_batch,
    live_mask,
    mutate_batch,
    pack,
    sample_batch,
    structure_keys,
    tree_sizes,
    unpack,
)
from coeval.testing.spaces import check_space

NAMES = ("add", "sub", "mul", "div", "sin", "exp", "select")
OPERATIONS = tuple(Operation(SCALAR[name], SCALAR[name].arity[0]) for name in NAMES)
FUNCTIONS = [bind(one) for one in OPERATIONS]
ADD, SUB, MUL, DIV, SIN, EXP, SELECT = range(7)
SPACES = {
    "one input": ProgramSpace(1, OPERATIONS, 4),
    "constants": ProgramSpace(2, OPERATIONS, 5, constants=2),
    "limited": ProgramSpace(2, OPERATIONS, 8, size_limit=9),
    "tightly limited": ProgramSpace(1, OPERATIONS, 3, constants=1, size_limit=4),
    "one step": ProgramSpace(1, OPERATIONS, 1),
}
seeds = st.integers(0, 2**32)


@pytest.mark.parametrize("name", SPACES)
def test_keeps_the_contract_of_spaces(name):
    check_space(SPACES[name], leaves=300)


def test_decisions_of_a_small_space_lead_to_as_many_programs_as_its_size_says():
    space = ProgramSpace(1, OPERATIONS[:5], 2)
    assert space.size() == (4 * 1 + 1) * (4 * 4 + 2) == len(set(space))
    check_space(space, leaves=100)


@settings(max_examples=40)
@given(seed=seeds, name=st.sampled_from(sorted(SPACES)))
def test_whole_generations_of_samples_mutants_and_crosses_are_members(seed, name):
    space, rng = SPACES[name], generator(seed)
    first = sample_batch(space.layout, 6, rng)
    second = mutate_batch(space.layout, first, 2.0, rng)
    third = cross_batch(space.layout, first, second, rng)
    for program in unpack(first) + unpack(second) + unpack(third):
        assert space.contains(program)


@given(seed=seeds)
def test_packing_and_unpacking_gives_the_programs_back(seed):
    space = SPACES["constants"]
    programs = [space.sample(generator(seed, index)) for index in range(5)]
    assert unpack(pack(space.layout, programs)) == programs


@given(seed=seeds)
def test_no_value_of_a_limited_space_is_larger_than_the_limit(seed):
    space = SPACES["limited"]
    batch = sample_batch(space.layout, 8, generator(seed))
    assert tree_sizes(space.layout, batch).max() <= 9


@settings(max_examples=60)
@given(seed=seeds)
def test_what_a_dead_step_does_changes_neither_the_structure_key_nor_the_values(seed):
    space, rng = SPACES["one input"], generator(seed)
    batch = sample_batch(space.layout, 20, rng)
    live = live_mask(space.layout, batch)
    other = sample_batch(space.layout, 20, rng)
    changed = type(batch)(np.where(live[..., None], batch.codes, other.codes), batch.constants)
    assert (structure_keys(space.layout, changed) == structure_keys(space.layout, batch)).all()
    columns = [np.linspace(0.1, 1, 5)]
    for one, twin in zip(unpack(batch), unpack(changed), strict=True):
        mine = values(one, columns, OPERATIONS, FUNCTIONS)
        theirs = values(twin, columns, OPERATIONS, FUNCTIONS)
        assert (mine is None and theirs is None) or (mine == theirs).all()


def test_structure_keys_forget_order_and_sharing_where_the_value_cannot_depend_on_it():
    space = ProgramSpace(2, OPERATIONS, 3)

    def key(*steps):
        return structure_keys(space.layout, pack(space.layout, [make_program(steps)]))[0]

    first = key((SIN, 0), (EXP, 1), (ADD, 2, 3))
    assert key((EXP, 1), (SIN, 0), (ADD, 2, 3)) == first
    assert key((SIN, 0), (EXP, 1), (ADD, 3, 2)) == first
    assert key((SIN, 0), (EXP, 1), (SUB, 2, 3)) != key((SIN, 0), (EXP, 1), (SUB, 3, 2))
    assert key((SIN, 0), (SIN, 0), (MUL, 2, 3)) == key((EXP, 1), (SIN, 0), (MUL, 3, 3))


def test_different_computations_have_different_structure_keys():
    space = ProgramSpace(1, OPERATIONS[:5], 2)
    programs = list(space)
    keys = structure_keys(space.layout, pack(space.layout, programs))
    trees = {_tree(program) for program in programs}
    assert len(set(keys.tolist())) == len(trees)


def test_equal_structures_with_other_constants_have_other_keys():
    space = SPACES["constants"]
    steps = [(MUL, 0, 2), *[(ADD, 0, 1)] * 3, (MUL, 4, 3)]
    twins = [make_program(steps, constants) for constants in ((1.0, 2.0), (1.0, 3.0))]
    first, second = structure_keys(space.layout, pack(space.layout, twins))
    assert first != second


def test_a_short_program_is_filled_up_in_front_and_computes_the_same():
    space = SPACES["constants"]
    short = make_program([(MUL, 0, 2), (ADD, 3, 1)], (2.5,))
    fitted = space.fitted(short)
    columns = [np.array([1.0, 2.0]), np.array([5.0, -1.0])]
    assert space.contains(fitted)
    assert values(fitted, columns, OPERATIONS, FUNCTIONS).tolist() == [7.5, 4.0]
    assert values(short, columns, OPERATIONS, FUNCTIONS).tolist() == [7.5, 4.0]


def test_a_program_that_does_not_fit_is_refused():
    space = SPACES["tightly limited"]
    with pytest.raises(SpaceError, match="4 steps and 0 constants does not fit 3 steps"):
        space.fitted(make_program([(SIN, 0), (SIN, 1), (SIN, 2), (SIN, 3)]))
    with pytest.raises(SpaceError, match="more than size_limit=4 nodes"):
        space.fitted(make_program([(ADD, 0, 0), (ADD, 1, 1)]))
    with pytest.raises(SpaceError, match="unknown operation"):
        space.fitted(Program(bytes([9, 0, 0, 0])))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"inputs": 0}, "at least 1"),
        ({"operations": ()}, "operations must be 1 to 256"),
        ({"length": 255}, "at most 256 values"),
        ({"size_limit": 3}, "size_limit must be at least 4"),
    ],
)
def test_a_space_that_cannot_be_is_refused(options, message):
    with pytest.raises(SpaceError, match=message):
        ProgramSpace(**({"inputs": 2, "operations": OPERATIONS, "length": 5} | options))


def test_an_encoding_counts_what_the_result_depends_on():
    space = ProgramSpace(2, OPERATIONS, 3)
    program = make_program([(EXP, 1), (MUL, 0, 0), (ADD, 3, 1)])
    counted = [1, 0, 1, 0, 0, 0, 0]
    assert space.encode(program).tolist() == [*counted, 2, 1, 2]


def test_text_of_another_space_is_refused_with_what_was_expected():
    space = SPACES["one input"]
    text = SPACES["constants"].to_json(SPACES["constants"].sample(generator(0)))
    with pytest.raises(SpaceError, match="4 steps and 0 constants over 7 operations"):
        space.from_json(text)


def _tree(program):
    """Return the program's value as nested tuples, operands of + and x sorted: an independent reading."""
    known = ["x"]
    for at in range(0, len(program.code), 4):
        operation, *operands = program.code[at : at + 4]
        taken = [known[index] for index in operands[: OPERATIONS[operation].arity]]
        known.append((operation, *(sorted(taken, key=str) if operation in (ADD, MUL) else taken)))
    return known[-1]
