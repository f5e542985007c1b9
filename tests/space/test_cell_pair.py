import pytest

from coeval.architecture.inference import infer, infer_steps
from coeval.architecture.types import Grid, Vector
from coeval.component.head import CLASS_HEAD
from coeval.errors import SpaceError
from coeval.seed import generator
from coeval.space import darts, nasnet
from coeval.space.cell_pair import network, scaled, stacked
from coeval.space.image_frame import ImageFrame
from coeval.space.image_preset import Stack
from coeval.space.protocol import Candidate

FRAME = ImageFrame(Grid(28, 28, 1), CLASS_HEAD, CLASS_HEAD.complete({"classes": 7}))
CELLS = {name: [one.space(part) for part in ("normal", "reduction")] for name, one in (("darts", darts), ("nasnet", nasnet))}  # fmt: skip


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("width", [4, 6, 16, 40])
def test_cells_take_and_make_any_even_number_of_features(kind, width):
    nodes = {"darts": 4, "nasnet": 5}[kind]
    for number in range(6):
        for space, side in zip(CELLS[kind], (9, 5), strict=True):
            body = scaled(space.sample(generator(number)).body, width)
            grid = Grid(9, 9, width)
            assert infer_steps((grid, grid), body).output == Grid(side, side, nodes * width)


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("side", [7, 28, 33])
def test_networks_of_any_images_and_stack_are_legal(kind, side):
    frame = FRAME.at(Grid(side, side, 3))
    for number, stack in enumerate((Stack(1, 4), Stack(2, 8), Stack(3, 16))):
        cells = [space.sample(generator(number, side)) for space in CELLS[kind]]
        assert infer(stacked(*cells, frame, stack)).output == Vector(7)


def test_there_are_as_many_cells_as_the_stack_says():
    cells = [space.sample(generator(1)) for space in CELLS["darts"]]
    sums = [
        sum(one.component.name == "concatenate" and len(one.inputs) == 4 for one in stacked(*cells, FRAME, Stack(n, 4)).body.steps)
        for n in (1, 2, 5)
    ]  # fmt: skip
    assert sums == [3 * 1 + 2, 3 * 2 + 2, 3 * 5 + 2]


def test_the_first_cell_behind_a_reduction_halves_the_older_of_its_inputs():
    cells = [space.sample(generator(1)) for space in CELLS["darts"]]
    known = infer(stacked(*cells, FRAME, Stack(1, 8)))
    grids = [one for one in known.types if isinstance(one, Grid)]
    assert next(one for one in grids if one.features == 4 * 8) == Grid(28, 28, 32)
    assert Grid(7, 7, 4 * 32) in grids


def test_a_part_that_is_no_architecture_is_refused():
    one = Candidate((("normal", ()), ("reduction", ())))
    with pytest.raises(SpaceError, match="'normal' must be an architecture, got tuple"):
        network(Stack(1, 4), one, FRAME)
