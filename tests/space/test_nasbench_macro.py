import csv
import gzip
from functools import cache
from pathlib import Path

import pytest

from coeval.architecture.digest import digest
from coeval.architecture.inference import infer
from coeval.architecture.types import Grid, Vector
from coeval.errors import SpaceError
from coeval.space import nasbench_macro
from coeval.space.nasbench_macro import chain_space, from_key, key
from coeval.space.protocol import Candidate
from coeval.testing.spaces import check_candidate_space

TABLE = Path("/work/shared/data/nas/nasbench_macro_cifar10.csv.gz")
needs_table = pytest.mark.skipif(not TABLE.exists(), reason="the table is not on this machine")


@cache
def rows():
    with gzip.open(TABLE, "rt") as file:
        return list(csv.DictReader(file))


def test_keeps_the_contract_of_candidate_spaces():
    check_candidate_space(nasbench_macro.space(), samples=8)


def test_it_has_three_blocks_in_eight_layers():
    assert chain_space().size() == 3**8
    assert chain_space().choices(from_key("01200210"))[:3] == (
        "identity",
        "mobile_3x3_3",
        "mobile_5x5_6",
    )


@needs_table
def test_the_spaces_order_is_the_tables():
    assert [key(chain) for chain in chain_space()] == [row["arch"] for row in rows()]


@needs_table
def test_parameters_and_multiply_accumulates_are_the_tables():
    for row in rows()[::61]:
        cost = infer(nasbench_macro.network(from_key(row["arch"]))).cost
        assert (cost.parameters, cost.macs) == (int(row["params"]), int(row["flops"]))


def test_a_candidates_architecture_is_the_whole_network():
    chain = from_key("01200210")
    whole = nasbench_macro.space().architecture(Candidate((("chain", chain),)))
    assert whole.inputs == (Grid(32, 32, 3),)
    assert infer(whole).output == Vector(10)
    assert infer(chain).output == Grid(4, 4, 256)


def test_where_an_identity_stands_among_equal_layers_does_not_matter():
    assert digest(from_key("01020210")) == digest(from_key("01002210"))
    assert digest(from_key("01020210")) != digest(from_key("01020120"))


@pytest.mark.parametrize("text", ["", "0120021", "012002103", "01200213"])
def test_a_key_of_another_form_is_refused(text):
    with pytest.raises(SpaceError, match="eight digits"):
        from_key(text)
