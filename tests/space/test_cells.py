import json
from dataclasses import replace

import pytest

from coeval.architecture.inference import infer
from coeval.architecture.serial import to_json
from coeval.architecture.types import Grid, Vector
from coeval.component.head import CLASS_HEAD
from coeval.errors import SpaceError
from coeval.seed import generator
from coeval.space import darts, nasbench201
from coeval.space.cells import Cells, cells_of, described, presets, restacked, stack_of
from coeval.space.for_task import space_for
from coeval.space.image_frame import ImageFrame
from coeval.space.image_preset import Stack
from coeval.space.images import space_of_cells
from coeval.space.limits import Limits
from coeval.space.open import open_space
from coeval.space.protocol import Candidate
from coeval.testing.spaces import check_candidate_space
from tests.space.pictures import picture_task

EVERY = pytest.mark.parametrize("preset", presets())
FRAME = ImageFrame(Grid(32, 32, 3), CLASS_HEAD, CLASS_HEAD.complete({"classes": 10}))
PUBLISHED = Cells(
    "darts",
    tuple(
        (part, darts.cell(part, edges))
        for part, edges in zip(("normal", "reduction"), darts.SEEDS["darts_v2"], strict=True)
    ),
)


def found(preset, seed=0):
    spaces = presets()[preset].spaces
    return Cells(
        preset, tuple((name, one.sample(generator(seed, name))) for name, one in spaces.items())
    )


@EVERY
def test_cells_are_stacked_deeper_and_wider_for_other_images(preset):
    cells = found(preset)
    small = infer(restacked(cells, Stack(1, 8), FRAME.at(Grid(14, 14, 1))))
    large = infer(restacked(cells, Stack(4, 24), FRAME))
    assert small.output == large.output == Vector(10)
    assert large.cost.parameters > small.cost.parameters
    assert large.cost.macs > 4 * small.cost.macs


@pytest.mark.parametrize("preset", ["nasbench201", "darts"])
def test_a_stack_of_cells_is_what_the_space_itself_makes(preset):
    task = picture_task(side=10)
    space = space_for(task, preset=preset)
    one = space.seeds()["resnet"]
    cells = Cells(preset, tuple((name, one.part(name)) for name in presets()[preset].spaces))
    again = space_of_cells(task, cells)
    assert space.architecture(one) in [again.architecture(c) for c in _with_every_stack(again)]


def _with_every_stack(space):
    first = next(iter(space.seeds().values()))
    for stack in space.parts["stack"]:
        yield Candidate(tuple((n, stack if n == "stack" else part) for n, part in first.parts))


@EVERY
def test_the_space_of_given_cells_keeps_the_contract(preset):
    space = space_of_cells(picture_task(side=16), found(preset), effort=60.0)
    check_candidate_space(space, samples=3)
    assert {name: part.size() for name, part in space.parts.items()}["stack"] > 4


def test_every_stack_that_is_offered_fits_the_limits():
    limits = Limits(parameters=50_000, macs=4_000_000, memory_bytes=2**31)
    space = space_of_cells(picture_task(side=16), PUBLISHED, limits=limits)
    for one in _with_every_stack(space):
        assert limits.excess(infer(space.architecture(one)).cost) == ""


def test_limits_that_no_stack_keeps_are_refused():
    with pytest.raises(SpaceError, match="one cell a stage of 4 features exceeds"):
        space_of_cells(picture_task(), PUBLISHED, limits=Limits(parameters=9))


def test_given_cells_leave_nothing_for_weight_sharing():
    with pytest.raises(SpaceError, match="free form"):
        open_space(space_of_cells(picture_task(side=16), PUBLISHED))


@EVERY
def test_cells_survive_a_trip_through_json(preset):
    cells = found(preset)
    assert Cells.from_json(json.loads(json.dumps(cells.to_json()))) == cells


def test_cells_are_written_as_sums_of_operations():
    text = described(PUBLISHED)
    assert text.splitlines()[:3] == [
        "normal cell",
        "  node 1 = sep_conv_3x3(input 0) + sep_conv_3x3(input 1)",
        "  node 2 = sep_conv_3x3(input 0) + sep_conv_3x3(input 1)",
    ]
    assert "  node 4 = skip_connect(input 0) + dil_conv_3x3(node 1)" in text
    nothing = "|none~0|+|none~0|none~1|+|none~0|none~1|nor_conv_1x1~2|"
    one = Cells("nasbench201", (("cell", nasbench201.from_string(nothing)),))
    assert described(one).splitlines() == [
        "nasbench201 cell",
        "  node 1 = nothing",
        "  node 2 = nothing",
        "  node 3 = nor_conv_1x1(node 2)",
    ]


def test_a_space_without_cells_is_refused():
    with pytest.raises(SpaceError, match="'stages' has no cells"):
        cells_of("stages", {})


def test_a_missing_cell_is_refused():
    with pytest.raises(SpaceError, match="'reduction' is missing"):
        cells_of("darts", {"normal": to_json(PUBLISHED.parts[0][1])})


def test_a_cell_of_other_channels_is_refused():
    normal = PUBLISHED.parts[0][1]
    wrong = replace(normal, inputs=(Grid(8, 8, 16), Grid(8, 8, 24)))
    with pytest.raises(SpaceError, match="'normal' does not fit the space 'darts'"):
        cells_of("darts", {"normal": to_json(wrong), "reduction": to_json(PUBLISHED.parts[1][1])})


def test_a_preset_other_than_the_cells_is_refused():
    task = picture_task(side=16)
    assert "stack" in space_for(task, preset="darts", cells=PUBLISHED).parts
    with pytest.raises(
        SpaceError, match="from the space 'darts', and the space 'stages' was named"
    ):
        space_for(task, preset="stages", cells=PUBLISHED)


def test_a_stack_is_read_from_its_name():
    assert stack_of("3x16") == Stack(3, 16)
