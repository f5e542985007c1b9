import itertools

import pytest

from coeval.architecture.inference import infer_steps
from coeval.architecture.types import Grid
from coeval.errors import SpaceError
from coeval.space.blocks import ACTIVATIONS, BLOCKS, ENTRIES, KERNELS, block, body_of, entry

EVERY = list(itertools.product(BLOCKS, (8, 48), KERNELS, ACTIVATIONS, (False, True)))


@pytest.mark.parametrize("side", [1, 4, 7])
def test_every_block_keeps_its_inputs_type(side):
    for kind, width, kernel, activation, squeeze in EVERY:
        body = body_of(block(kind, width, kernel, activation, squeeze=squeeze))
        assert infer_steps((Grid(side, side, width),), body).output == Grid(side, side, width)


def test_all_blocks_differ():
    assert len({block(k, w, n, a, squeeze=s) for k, w, n, a, s in EVERY}) == len(EVERY)


@pytest.mark.parametrize(("side", "after"), [(8, 4), (7, 4), (1, 1)])
def test_every_entry_sets_the_width_and_halves_the_grid_rounded_up(side, after):
    for kind in ENTRIES:
        for stride in (1, 2):
            body = body_of(entry(kind, 24, stride, "relu"))
            left = after if stride == 2 else side
            assert infer_steps((Grid(side, side, 3),), body).output == Grid(left, left, 24)


def test_what_is_no_block_or_entry_is_refused():
    with pytest.raises(SpaceError, match="A block must be one of"):
        block("dense", 8, 3, "relu")
    with pytest.raises(SpaceError, match="An entry must be one of"):
        entry("dense", 8, 2, "relu")
