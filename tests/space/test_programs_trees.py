import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.architecture.program import Operation, make_program
from coeval.build.numeric.evaluate import bind, values
from coeval.component.library import SCALAR
from coeval.seed import generator
from coeval.space.programs import ProgramSpace
from coeval.space.programs_trees import (
    LEAF,
    end_of,
    make_grammar,
    ordered,
    subtrees,
    to_program,
    to_tree,
)

ONE = Operation(SCALAR["const"], 0, SCALAR["const"].complete({"value": 1.0}))
OPERATIONS = (
    *(Operation(SCALAR[name], SCALAR[name].arity[0]) for name in ("add", "sub", "sin", "select")),
    ONE,
)
ADD, SUB, SIN, SELECT, NUMBER = range(5)
X = LEAF
SPACE = ProgramSpace(2, OPERATIONS, 9, size_limit=9)
GRAMMAR = make_grammar(SPACE)
FUNCTIONS = [bind(one) for one in OPERATIONS]
COLUMNS = [np.linspace(0.1, 1, 5), np.linspace(-1, 1, 5)]


@given(st.integers(0, 2**32))
def test_a_program_and_its_tree_compute_the_same(seed):
    program = SPACE.sample(generator(seed))
    tree = to_tree(program, SPACE, GRAMMAR)
    again = to_program(ordered(tree, GRAMMAR), SPACE, GRAMMAR)
    assert SPACE.contains(again)
    mine, theirs = (values(one, COLUMNS, OPERATIONS, FUNCTIONS) for one in (program, again))
    assert (mine == theirs).all()


@given(st.integers(0, 2**32))
def test_every_subtree_ends_within_the_tree_and_ordering_changes_no_size(seed):
    tree = to_tree(SPACE.sample(generator(seed)), SPACE, GRAMMAR)
    assert end_of(tree, 0, GRAMMAR) == len(tree) == len(ordered(tree, GRAMMAR))
    assert len(list(subtrees(tree, GRAMMAR))) == sum(GRAMMAR.arity[code] > 0 for code in tree)
    assert ordered(ordered(tree, GRAMMAR), GRAMMAR) == ordered(tree, GRAMMAR)


def test_operands_are_sorted_only_where_their_order_does_not_matter():
    first = bytes([ADD, SIN, X, X + 1])
    assert ordered(bytes([ADD, X + 1, SIN, X]), GRAMMAR) == ordered(first, GRAMMAR)
    assert ordered(bytes([SUB, X + 1, X]), GRAMMAR) == bytes([SUB, X + 1, X])


def test_shared_steps_are_written_out_and_shared_again():
    program = make_program([(SIN, 0), (ADD, 2, 2), (SUB, 3, 2)])
    tree = to_tree(program, SPACE, GRAMMAR)
    assert tree == bytes([SUB, ADD, SIN, X, SIN, X, SIN, X])
    assert to_program(tree, SPACE, GRAMMAR) == SPACE.fitted(program)


def test_numbers_are_leaves_of_their_own():
    assert GRAMMAR.leaves == bytes([X, X + 1, NUMBER])
    program = to_program(bytes([SUB, NUMBER, X]), SPACE, GRAMMAR)
    found = values(program, COLUMNS, OPERATIONS, FUNCTIONS)
    assert np.allclose(found, 1 - COLUMNS[0])


def test_a_tree_that_is_too_long_is_refused():
    with pytest.raises(ValueError, match="2 steps, expected 1 to length=1"):
        to_program(bytes([SIN, SIN, X]), ProgramSpace(2, OPERATIONS, 1), GRAMMAR)
