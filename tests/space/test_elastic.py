import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.architecture.inference import infer
from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Grid
from coeval.component.channel import GLU_GATE, RELU
from coeval.component.choice import CHOICE
from coeval.component.conv import GROUP_CONV
from coeval.component.grid import CONV, DEPTHWISE_CONV, GLOBAL_AVERAGE_POOL
from coeval.component.head import CLASS_HEAD
from coeval.component.merge import ADD, CONCATENATE
from coeval.component.norm import BATCH_NORM
from coeval.component.region import REPEAT, RESIDUAL
from coeval.errors import SpaceError
from coeval.space import nasbench201
from coeval.space.choices import ChoiceSpace
from coeval.space.elastic import elastic, elastic_space, roomiest
from coeval.space.elastic_widths import width_groups
from coeval.space.image_frame import ImageFrame
from coeval.space.product import ProductSpace
from coeval.space.recipe import RECIPE
from coeval.space.tabular import space_for as table_space
from coeval.testing.spaces import check_candidate_space, check_space
from tests.space.test_tabular import task as table_task


def network(*steps, side=8):
    last = [
        step(GLOBAL_AVERAGE_POOL, len(steps)),
        step(CLASS_HEAD, len(steps) + 1, classes=3),
    ]
    return Architecture((Grid(side, side, 3),), sequence(1, [*steps, *last]))


def residual(width):
    """Two convolutions of other width inside, around a skip."""
    inner = [step(CONV, 0, width=2 * width, kernel=5), step(RELU, 1), step(CONV, 2, width=width)]
    return sequence(1, [step(RESIDUAL, 0, sequence(1, inner))])


STEM = (step(CONV, 0, width=16), step(BATCH_NORM, 1))
LARGEST = network(*STEM, step(REPEAT, 2, residual(16), times=3), step(CONV, 3, width=24))
ELASTIC = elastic(LARGEST)
PICKS = st.tuples(*[st.integers(0, size - 1) for size in ELASTIC.sizes])


def test_widths_around_a_skip_change_together_and_those_inside_alone():
    assert width_groups(LARGEST) == (((0,), (2, 0, 0, 0, 2)), ((2, 0, 0, 0, 0),), ((3,),))


def test_every_width_repeat_and_kernel_is_a_knob():
    assert [(one.name, one.values) for one in ELASTIC.knobs] == [
        ("width 0", (4, 8, 12, 16)),
        ("width 2.0.0.0.0", (8, 16, 24, 32)),
        ("width 3", (8, 12, 20, 24)),
        ("times 2", (1, 2, 3)),
        ("kernel 2.0.0.0.0", (3, 5)),
    ]


@settings(max_examples=40, deadline=None)
@given(PICKS)
def test_every_version_is_legal_no_larger_and_read_again(picks):
    version = ELASTIC.assemble(picks)
    cost, largest = infer(version).cost, infer(LARGEST).cost
    assert cost.parameters <= largest.parameters
    assert cost.macs <= largest.macs
    assert infer(version).output == infer(LARGEST).output
    assert ELASTIC.parse(version) == picks


def test_the_largest_picks_are_the_architecture_itself():
    assert ELASTIC.assemble([size - 1 for size in ELASTIC.sizes]) == LARGEST


def test_the_versions_are_a_space():
    check_space(ELASTIC.space())


def test_another_architecture_is_no_version():
    assert ELASTIC.parse(network(step(CONV, 0, width=16))) is None
    assert (
        ELASTIC.parse(
            network(*STEM, step(REPEAT, 2, residual(16), times=9), step(CONV, 3, width=24))
        )
        is None
    )


def test_a_depthwise_convolution_hands_its_features_on():
    steps = [
        step(CONV, 0, width=8),
        step(DEPTHWISE_CONV, 1),
        step(CONV, 2, width=8),
        step(ADD, (1, 3)),
    ]
    assert width_groups(network(*steps)) == (((0,), (2,)),)


@pytest.mark.parametrize(
    "steps",
    [
        (step(CONV, 0, width=8), step(CONV, 0, width=8), step(CONCATENATE, (1, 2))),
        (step(CONV, 0, width=8), step(GLU_GATE, 1)),
        (step(CONV, 0, width=8), step(GROUP_CONV, 1, width=8, groups=2)),
        (step(CONV, 0, width=3), step(ADD, (0, 1))),
    ],
    ids=["concatenation", "gated", "grouped", "added to the images"],
)
def test_features_whose_order_or_number_matters_elsewhere_stay(steps):
    assert width_groups(network(*steps)) == ()


def test_widths_that_would_make_an_illegal_network_are_no_values():
    largest = network(step(CONV, 0, width=12), step(CONV, 1, width=10))
    assert [one.values for one in elastic(largest, (0.5, 0.75, 1.0)).knobs] == [(8, 12), (4, 8, 10)]


def test_nothing_to_make_smaller_is_refused():
    with pytest.raises(SpaceError, match="Nothing in the architecture can be made smaller"):
        elastic(network(step(RELU, 0)))


def test_open_choices_are_refused():
    options = [sequence(1, [step(RELU, 0)])] * 2
    with pytest.raises(SpaceError, match="open choice at step 0"):
        elastic(network(step(CHOICE, 0, *options, slot=0)))


def test_the_versions_of_a_cell_are_whole_networks_beside_the_same_recipe():
    recipe = ChoiceSpace(RECIPE, "recipe")
    cells = nasbench201.cell_space()
    space = ProductSpace({"cell": cells, "recipe": recipe}, typing=_stack)
    versions = elastic_space(space, roomiest(space, draws=4))
    check_candidate_space(versions, samples=5)
    assert list(versions.parts) == ["recipe", "architecture"]
    assert {one.setting for one in versions.parts["architecture"].assembly.knobs} == {
        "width",
        "times",
    }


def _stack(candidate):
    grid = Grid(8, 8, 3)
    frame = ImageFrame(grid, CLASS_HEAD, CLASS_HEAD.complete({"classes": 3}))
    return nasbench201.stacked(candidate.part("cell"), frame, cells=2, width=8)


def test_networks_for_tables_are_refused():
    space = table_space(table_task())
    with pytest.raises(SpaceError, match=r"Elastic networks are for images, got .*Columns"):
        elastic_space(space, next(iter(space.seeds().values())))
