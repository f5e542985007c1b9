import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.architecture.normal import normalise
from coeval.architecture.program import Operation, Program, make_program, to_architecture
from coeval.architecture.step import step
from coeval.build.numeric.evaluate import bind, function, values
from coeval.component import scalar
from coeval.component.channel import RELU
from coeval.errors import SpaceError
from tests.build.numeric.programs import (
    ALL,
    EXACT,
    NUMBERS,
    architecture,
    by_hand,
    operation,
    programs,
)

FUNCTIONS = tuple(bind(one) for one in EXACT)
ROWS = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=6)


def columns_of(rows) -> list[np.ndarray]:
    return [np.ascontiguousarray(one) for one in np.array(rows).T]


@settings(max_examples=200)
@given(programs(EXACT), ROWS)
def test_a_program_is_what_plain_python_makes_of_it_or_invalid(program, rows):
    columns = columns_of(rows)
    expected = np.array([by_hand(program, one, EXACT) for one in np.array(rows).tolist()])
    found = values(program, columns, EXACT, FUNCTIONS)
    assert (found is None) == bool(np.isnan(expected).any())
    assert found is None or np.array_equal(found, expected)


@settings(max_examples=100)
@given(programs(EXACT), ROWS)
def test_an_architecture_computes_row_by_row_what_its_program_does(program, rows):
    found = function(to_architecture(program, 2, EXACT, scalar.CONST))(columns_of(rows))
    expected = [by_hand(program, one, EXACT) for one in np.array(rows).tolist()]
    assert np.array_equal(found, expected, equal_nan=True)


@settings(max_examples=100)
@given(programs(ALL), ROWS)
def test_the_normal_form_computes_the_same(program, rows):
    made = to_architecture(program, 2, ALL, scalar.CONST)
    columns = columns_of(rows)
    assert np.array_equal(
        function(made)(columns), function(normalise(made))(columns), equal_nan=True
    )


@settings(max_examples=60, deadline=None)
@given(programs(EXACT), ROWS)
def test_torch_computes_the_same(program, rows):
    made = to_architecture(program, 2, EXACT, scalar.CONST)
    columns = columns_of(rows)
    found = function(made, torch)([torch.from_numpy(one) for one in columns])
    assert np.array_equal(np.asarray(found), function(made)(columns), equal_nan=True)


X = np.array([-1.0, 0.0, 4.0])


def test_one_undefined_example_makes_a_program_invalid():
    root = make_program([(0, 0)])
    operations = (operation("sqrt"),)
    functions = (bind(operations[0]),)
    assert values(root, [X], operations, functions) is None
    assert values(root, [X[1:]], operations, functions).tolist() == [0, 2]


def test_an_undefined_step_counts_only_where_the_result_depends_on_it():
    dead = architecture(step(scalar.LOG, 0), step(scalar.NEG, 0))
    assert function(dead)([X]).tolist() == [1, 0, -4]
    undone = architecture(step(scalar.INV, 0), step(scalar.INV, 1))
    assert np.isnan(function(undone)([X])).tolist() == [False, True, False]


def test_both_branches_of_select_must_be_defined():
    branches = architecture(step(scalar.SQRT, 0), step(scalar.SELECT, (0, 1, 0)))
    assert np.isnan(function(branches)([X])).tolist() == [True, False, False]


def test_a_program_without_steps_is_its_last_value():
    assert values(Program(b"", (2.5,)), [X], (), ()).tolist() == [2.5, 2.5, 2.5]
    assert values(Program(), [X], (), ()).tolist() == X.tolist()


def test_a_neural_component_has_no_function_of_scalars():
    with pytest.raises(SpaceError, match="relu has no function of scalars"):
        bind(Operation(RELU, 1))
