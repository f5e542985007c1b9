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


@pytest.mark.parametrize("share", [0.0, -1.0, 1.5])
def test_a_share_outside_its_range_is_an_error_that_says_so(share):
    with pytest.raises(SpaceError, match=r"must lie in \(0, 1\]"):
        narrowed(FULL.sample(generator(0)), share)
