"""Narrower copies: legal whatever is tied together, smaller where anything can be, and the same from outside."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.architecture.inference import infer
from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Grid, Vector
from coeval.component.library import IMAGE, TABULAR
from coeval.errors import SpaceError
from coeval.seed import generator
from coeval.space import motifs_grid as motifs
from coeval.space import narrow, nasbench201, nasbench_macro, spikenas, transnas
from coeval.space.narrow import narrow_width, narrowed
from coeval.testing.architectures import architectures
from tests.space.spaces import FULL, NUMBERS, TINY

SHARES = st.sampled_from([0.01, 0.25, 1 / 3, 0.5, 0.75, 1.0])
GRIDS = (nasbench201, nasbench_macro, transnas, spikenas)


def widths(region):
    """Return every width that a step but an entry sets, in order."""
    found = []
    for one in region.steps:
        if "entry" not in one.component.capabilities:
            found += [value for name, value in one.settings if name == "width"]
        for inner in one.regions:
            found += widths(inner)
    return found


def check(architecture, share):
    copy = narrowed(architecture, share)
    before, after = infer(architecture), infer(copy)
    assert after.output == before.output
    assert after.cost.parameters <= before.cost.parameters
    assert after.cost.macs <= before.cost.macs
    for wide, less in zip(widths(architecture.body), widths(copy.body), strict=True):
        assert less in (wide, narrow_width(wide, share))
    return copy


@settings(max_examples=60)
@given(st.sampled_from([FULL, NUMBERS, *TINY.values()]), st.integers(0, 2**32), SHARES)
def test_a_narrower_copy_of_any_table_network_is_legal_and_gives_the_same_outputs(
    space, draw, share
):
    check(space.sample(generator(draw, "narrow")), share)


@settings(max_examples=60)
@given(architectures(), SHARES)
def test_a_narrower_copy_of_any_architecture_is_legal_and_gives_the_same_outputs(
    architecture, share
):
    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(narrow, "MULTIPLE", 1)  # its widths are 3 to 6
        check(architecture, share)


@pytest.mark.parametrize("module", GRIDS)
def test_networks_over_images_shrink_to_about_the_square_of_the_share(module):
    space = module.space()
    for draw in range(3):
        architecture = space.architecture(space.sample(generator(draw, "narrow")))
        copy = check(architecture, 0.5)
        ratio = infer(copy).cost.parameters / infer(architecture).cost.parameters
        assert 0.24 < ratio < 0.3


def test_equal_widths_stay_equal_around_a_residual():
    body = sequence(
        1,
        [
            step(TABULAR["linear"], 0, width=256),
            step(TABULAR["relu"], 1),
            step(TABULAR["linear"], 2, width=128),
        ],
    )
    whole = Architecture(
        (Vector(5),),
        sequence(
            1,
            [
                step(TABULAR["linear"], 0, width=128),
                step(TABULAR["residual"], 1, body),
                step(TABULAR["class_head"], 2, classes=3),
            ],
        ),
    )
    assert widths(check(whole, 0.25).body) == [32, 64, 32]


def test_what_returns_to_the_width_of_the_input_keeps_it():
    body = sequence(
        1,
        [step(TABULAR["linear"], 0, width=64), step(TABULAR["linear"], 1, width=40)],
    )
    whole = Architecture(
        (Vector(40),),
        sequence(
            1,
            [
                step(TABULAR["residual"], 0, body),
                step(TABULAR["linear"], 1, width=40),
                step(TABULAR["value_head"], 2),
            ],
        ),
    )
    assert widths(check(whole, 0.5).body) == [32, 40, 24]


def test_a_sum_with_a_concatenation_keeps_what_the_concatenation_is_made_of():
    whole = Architecture(
        (Grid(8, 8, 3),),
        sequence(
            1,
            [
                step(IMAGE["conv2d"], 0, width=24),
                step(IMAGE["conv2d"], 0, width=40),
                step(IMAGE["concatenate"], (1, 2)),
                step(IMAGE["conv2d"], 3, width=64),
                step(IMAGE["add"], (3, 4)),
                step(IMAGE["conv2d"], 5, width=64),
                step(IMAGE["global_avg_pool"], 6),
                step(IMAGE["class_head"], 7, classes=10),
            ],
        ),
    )
    # 24 and 40 at a quarter would be 8 and 8, their sum no quarter of 64.
    assert widths(check(whole, 0.25).body) == [24, 40, 64, 16]


def test_groups_of_outputs_keep_their_number():
    architecture = spikenas.network(next(spikenas.members()))
    assert widths(check(architecture, 0.5).body)[-3:] == [512, 100, 10]


def test_the_whole_share_changes_nothing():
    architecture = FULL.sample(generator(0))
    assert narrowed(architecture, 1.0) is architecture


@settings(max_examples=60)
@given(
    st.lists(
        st.sampled_from(
            ["residual", "bottleneck", "sep", "reduction", "inverted", "shuffle", "attention"]
        ),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from([8, 16, 24, 48, 64]),
    SHARES,
)
def test_a_narrower_copy_of_blocks_in_equal_parts_is_legal(names, width, share):
    blocks = {
        "residual": motifs.basic_block(width, width),
        "bottleneck": motifs.bottleneck(width, width, hidden=width // 2, groups=4),
        "sep": motifs.sep_conv(width, kernel=5),
        "reduction": motifs.factorised_reduction(width),
        "inverted": motifs.inverted_residual(width, width, squeeze=0.25),
        "shuffle": sequence(
            1, [step(IMAGE["channel_shuffle"], 0, groups=8), step(IMAGE["group_norm"], 1)]
        ),
        "attention": motifs.transformer_block(width, heads=8),
    }
    ends = (step(IMAGE["global_avg_pool"], 0), step(IMAGE["class_head"], 1, classes=10))
    parts = [motifs.conv_bn(width), *(blocks[one] for one in names), sequence(1, ends)]
    check(Architecture((Grid(8, 8, 3),), motifs.chain(*parts)), share)


def test_equal_parts_of_an_axis_that_is_put_together_keep_it():
    def whole(groups):
        joined = [
            step(IMAGE["conv2d"], 0, width=12),
            step(IMAGE["conv2d"], 0, width=12),
            step(IMAGE["concatenate"], (1, 2)),
            step(IMAGE["group_conv2d"], 3, width=64, groups=groups),
            step(IMAGE["global_avg_pool"], 4),
            step(IMAGE["class_head"], 5, classes=10),
        ]
        return Architecture((Grid(8, 8, 3),), sequence(1, joined))

    # 12 and 12 at a half would be 8 and 8 or, of one, 12 and 8: the parts stay; 3 divides no multiple of 8.
    assert widths(check(whole(8), 0.5).body) == [12, 12, 32]
    apart = Architecture(
        (Grid(8, 8, 3),),
        motifs.chain(motifs.conv_bn(24), motifs.convolution(48, groups=3), motifs.conv_bn(16)),
    )
    assert widths(check(apart, 0.5).body) == [24, 48, 16]


@pytest.mark.parametrize("share", [0.0, -1.0, 1.5])
def test_a_share_outside_its_range_is_an_error_that_says_so(share):
    with pytest.raises(SpaceError, match=r"must lie in \(0, 1\]"):
        narrowed(FULL.sample(generator(0)), share)
