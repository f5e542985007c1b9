import pytest

from coeval.architecture.inference import infer
from coeval.architecture.types import Grid
from coeval.errors import SpaceError
from coeval.seed import generator
from coeval.space.nasnet import BLOCKS, SEEDS, cell, space
from coeval.testing.spaces import check_space


@pytest.mark.parametrize("part", ["normal", "reduction"])
def test_keeps_the_contract_of_spaces(part):
    check_space(space(part), samples=6)


def test_each_arm_takes_one_of_the_values_before_and_one_of_thirteen_operations():
    total = 1
    for block in range(BLOCKS):
        total *= (13 * (2 + block)) ** 2
    assert space("normal").size() == total
    for number in range(10):
        names = space("normal").choices(space("normal").sample(generator(number)))
        assert sum(one != "none" for one in names) == 2 * BLOCKS


@pytest.mark.parametrize("name", SEEDS)
def test_the_published_cells_are_members_and_keep_or_halve_the_grid(name):
    for part, arms, side in zip(("normal", "reduction"), SEEDS[name], (8, 4), strict=True):
        genotype = cell(part, arms)
        assert space(part).contains(genotype)
        assert infer(genotype).output == Grid(side, side, 5 * 16)


def test_both_arms_may_take_the_same_value():
    genotype = cell("normal", SEEDS["nasnet_a"][0])
    names = dict(
        zip(
            [one.name for one in space("normal").slots],
            space("normal").choices(genotype),
            strict=True,
        )
    )
    assert (names["x03"], names["y03"]) == ("sep_conv_5x5", "sep_conv_3x3")


def test_an_arm_that_takes_two_values_is_refused():
    chosen = list(space("normal").choices(cell("normal", SEEDS["resnet"][0])))
    chosen[0] = chosen[1] = "identity"
    with pytest.raises(SpaceError, match="not allowed together"):
        space("normal").assemble(chosen)
