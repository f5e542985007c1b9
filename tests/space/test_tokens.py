import numpy as np
import pytest
import torch

from coeval.architecture.inference import infer
from coeval.architecture.types import Columns, Tokens, Vector
from coeval.build.network import Network
from coeval.component.head import BINARY_HEAD, CLASS_HEAD
from coeval.space.choices import ChoiceSpace
from coeval.space.limits import Limits
from coeval.space.recipe import recipe_for
from coeval.space.tabular import space_for
from coeval.space.tokens import token_seeds, tokens_space
from coeval.testing.spaces import check_candidate_space, check_space
from tests.space.test_tabular import task

MIXED = Columns(6, (4, 9))
SPACE = tokens_space(MIXED, CLASS_HEAD, CLASS_HEAD.complete({"classes": 3}), Limits(macs=200_000))


def test_keeps_the_contract_of_spaces():
    check_space(SPACE, samples=10)


def test_every_transformer_keeps_the_limits_and_ends_in_the_head():
    assert len(SPACE.only) > 20
    for picks in SPACE.only:
        known = infer(SPACE.assembly.assemble(picks))
        assert known.cost.macs <= 200_000
        assert known.output == Vector(3)
        assert SPACE.assembly.parse(SPACE.assembly.assemble(picks)) == picks


@pytest.mark.parametrize("columns", [Columns(0, (), (Tokens(4, 11),)), Columns(900)])
def test_texts_and_too_many_columns_leave_no_transformer(columns):
    assert tokens_space(columns, BINARY_HEAD, (), Limits(macs=200_000)) is None


def test_a_row_s_columns_are_told_apart():
    network = Network(SPACE.sample(np.random.default_rng(0)), seed=0).eval()
    numbers = torch.tensor([[1.0, 0, 0, 0, 0, 0], [0, 1.0, 0, 0, 0, 0]])
    with torch.no_grad():
        found = network(numbers, torch.ones(2, 2, dtype=torch.int64), torch.zeros(2, 0))
    assert not torch.allclose(found[0], found[1])


def test_the_seed_is_the_largest_that_fits():
    recipe = ChoiceSpace(recipe_for(1000, classes=True), "recipe")
    (seed,) = token_seeds(SPACE, ChoiceSpace((), "preparation"), recipe).values()
    assert SPACE.contains(seed.architecture)
    assert SPACE.choices(seed.architecture)[:2] == ("32", "2")


def test_transformers_take_part_in_long_searches():
    short, long = space_for(task(kinds=())), space_for(task(kinds=()), effort=4.0)
    assert "ft_transformer" not in short.seeds()
    assert "ft_transformer" in long.seeds()
    check_candidate_space(long, samples=8)
