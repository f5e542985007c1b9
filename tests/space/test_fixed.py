import pytest

from coeval.errors import SpaceError
from coeval.space import darts
from coeval.space.fixed import FixedSpace
from coeval.testing.spaces import check_space

CELL = darts.cell("normal", darts.SEEDS["darts_v2"][0])


def test_keeps_the_contract_of_spaces():
    check_space(FixedSpace(CELL, "normal"), samples=4, leaves=2)


def test_another_architecture_is_no_member():
    other = darts.cell("normal", darts.SEEDS["darts_v1"][0])
    space = FixedSpace(CELL, "normal")
    assert not space.contains(other)
    with pytest.raises(SpaceError, match="'normal' is fixed"):
        space.from_json(space.to_json(other))
