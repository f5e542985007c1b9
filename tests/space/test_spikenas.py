from functools import cache
from pathlib import Path

import numpy as np
import pytest

from coeval.architecture.digest import digest
from coeval.architecture.inference import infer
from coeval.architecture.types import Grid, Vector
from coeval.errors import SpaceError
from coeval.space import spikenas
from coeval.space.protocol import Candidate
from coeval.space.spikenas import cell_space, from_operations, index, members, operations
from coeval.testing.spaces import check_candidate_space

TABLE = Path("/work/shared/data/nas/spikenasbench_cifar10_curves.npz")
needs_table = pytest.mark.skipif(not TABLE.exists(), reason="the table is not on this machine")


@cache
def table():
    with np.load(TABLE) as file:
        return {name: file[name] for name in ("ops", "params", "test_acc")}


def test_keeps_the_contract_of_candidate_spaces():
    check_candidate_space(spikenas.space(), samples=8)


def test_members_come_by_row_first_edge_fastest():
    cells = list(members())
    assert len(set(cells)) == cell_space().size() == 15_625
    assert [index(cell) for cell in cells[:300]] == list(range(300))
    assert operations(cells[7]) == (2, 1, 0, 0, 0, 0)


@needs_table
def test_the_order_is_the_tables():
    assert [list(operations(cell)) for cell in members()] == table()["ops"].tolist()


@needs_table
def test_cells_that_compute_nothing_are_those_that_score_by_chance():
    # The normal form of a cell without a path from input to output is a lone zero, so this checks edges and operations.
    nothing = digest(from_operations((0,) * 6))
    chance = table()["test_acc"] <= 10.0
    rows = [*np.flatnonzero(chance)[::20], *np.flatnonzero(~chance)[::300]]
    for row in rows:
        cell = from_operations(tuple(table()["ops"][row].tolist()))
        assert (digest(cell) == nothing) == chance[row]


@needs_table
def test_parameters_of_whole_networks_are_the_tables():
    for row in range(0, 15_625, 149):
        cell = from_operations(tuple(table()["ops"][row].tolist()))
        assert infer(spikenas.network(cell)).cost.parameters == table()["params"][row]


def test_a_candidates_architecture_is_the_whole_network():
    cell = from_operations((2, 1, 0, 3, 4, 1))
    whole = spikenas.space().architecture(Candidate((("cell", cell),)))
    assert whole.inputs == (Grid(32, 32, 3),)
    assert infer(whole).output == Vector(10)


def test_neurons_of_other_thresholds_are_other_cells():
    cells = [from_operations((number, 0, 1, 0, 2, 0)) for number in (2, 3, 4)]
    assert len({digest(cell) for cell in cells}) == 3


@pytest.mark.parametrize("numbers", [(), (0, 1, 2), (0, 1, 2, 3, 4, 5)])
def test_other_numbers_are_refused(numbers):
    with pytest.raises(SpaceError):
        from_operations(numbers)
