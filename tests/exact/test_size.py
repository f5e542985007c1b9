import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.architecture.program import Operation
from coeval.component.library import SCALAR
from coeval.errors import SpaceError
from coeval.exact import size

ARITY = {
    "add": 2,
    "mul": 2,
    "sub": 2,
    "div": 2,
    "sin": 1,
    "cos": 1,
    "exp": 1,
    "log": 1,
    "select": 3,
}
KOZA = tuple(Operation(SCALAR[one], ARITY[one]) for one in ARITY if one != "select")


def operations(names: list[str]) -> list[Operation]:
    return [Operation(SCALAR[one], ARITY[one]) for one in names]


def unordered(operation: Operation, operands: tuple[object, ...]) -> tuple[object, ...]:
    sort = operation.arity == 2 and operation.component.commutative
    return tuple(sorted(operands, key=repr)) if sort else operands


def written_trees(nodes: int, leaves: int, chosen: list[Operation]) -> set[object]:
    if nodes == 1:
        return {f"leaf{one}" for one in range(leaves)}
    found: set[object] = set()
    for operation in chosen:
        for sizes in itertools.product(range(1, nodes), repeat=operation.arity):
            if sum(sizes) == nodes - 1:
                parts = [written_trees(one, leaves, chosen) for one in sizes]
                found |= {
                    (operation.name, unordered(operation, operands))
                    for operands in itertools.product(*parts)
                }
    return found


@settings(max_examples=30, deadline=None)
@given(
    st.integers(1, 4),
    st.integers(1, 2),
    st.lists(st.sampled_from(sorted(ARITY)), min_size=1, max_size=3, unique=True),
)
def test_the_closed_form_counts_the_trees_that_can_be_written_down(nodes, leaves, names):
    chosen = operations(names)
    counts = size.trees(nodes, leaves, chosen)
    assert counts == [0] + [len(written_trees(n, leaves, chosen)) for n in range(1, nodes + 1)]


def written_steps(length: int, leaves: int, chosen: list[Operation], *, chain: bool) -> int:
    """Count programs by writing them all down; a chain's step takes the value before, -1 in its first step."""
    programs = [()]
    for step in range(length):
        longer = []
        for program in programs:
            values = range(leaves) if chain else range(leaves + step)
            places = (*values, "before") if chain and step else values
            for operation in chosen:
                every = set()
                for operands in itertools.product(places, repeat=operation.arity):
                    if not (chain and step and "before" not in operands):
                        every.add(unordered(operation, operands))
                longer += [(*program, (operation.name, one)) for one in every]
        programs = longer
    return len(programs)


@settings(max_examples=20, deadline=None)
@given(
    st.integers(1, 2),
    st.integers(1, 2),
    st.lists(st.sampled_from(["add", "sub", "sin", "select"]), min_size=1, max_size=2, unique=True),
    st.booleans(),
)
def test_the_closed_form_counts_the_steps_that_can_be_written_down(length, leaves, names, chain):
    chosen = operations(names)
    counts = (size.chains if chain else size.dags)(length, leaves, chosen)
    assert counts[0] == leaves
    assert counts[length] == written_steps(length, leaves, chosen, chain=chain)


def test_the_koza_set_has_as_many_trees_as_the_reference_states():
    assert size.trees(9, 2, KOZA)[5:] == [1_872, 13_056, 94_522, 701_896, 5_320_688]


@pytest.mark.parametrize("semantics", ["tree", "chain", "dag"])
def test_the_longest_length_has_a_whole_number_of_sequences(semantics):
    assert size.count(semantics, size.LONGEST, 2, KOZA) > 10**100


@pytest.mark.parametrize(
    ("semantics", "length"), [("tree", 0), ("dag", -1), ("chain", 256), ("tree", 10**9)]
)
def test_a_length_that_no_program_has_is_an_error(semantics, length):
    with pytest.raises(SpaceError, match=rf"length must lie in [01]\.\.255, got {length}"):
        size.count(semantics, length, 2, KOZA)
