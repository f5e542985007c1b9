import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings

from coeval.architecture.component import Component, Cost
from coeval.architecture.inference import infer
from coeval.architecture.layout import lay_out, short
from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.svg import svg
from coeval.architecture.types import Vector
from coeval.component.channel import LINEAR, RELU
from coeval.component.merge import ADD
from coeval.component.region import REPEAT
from coeval.testing.architectures import architectures

NS = "{http://www.w3.org/2000/svg}"


@given(architectures())
@settings(max_examples=50, deadline=None)
def test_every_architecture_is_drawn_as_well_formed_svg_that_refers_to_nothing_outside(
    architecture,
):
    text = svg(architecture)
    root = ET.fromstring(text)
    assert root.tag == f"{NS}svg"
    titles = [one for one in root.iter(f"{NS}text") if one.get("class") == "title"]
    assert len(titles) >= len(architecture.body.steps)
    assert "href" not in text
    assert "url(" not in text
    assert "nan" not in text


def panels(panel):
    yield panel
    for box in panel.boxes:
        for inner in box.panels:
            yield from panels(inner)


@given(architectures())
@settings(max_examples=50, deadline=None)
def test_boxes_stand_apart_inside_their_panel_and_every_edge_leads_down(architecture):
    whole = lay_out(architecture.body, infer(architecture), architecture.inputs)
    for panel in panels(whole):
        for number, box in enumerate(panel.boxes):
            assert box.x >= -1e-6
            assert box.x + box.width <= panel.width + 1e-6
            assert box.y + box.height <= panel.height + 1e-6
            for other in panel.boxes[:number]:
                assert (
                    box.x >= other.x + other.width
                    or other.x >= box.x + box.width
                    or box.y >= other.y + other.height
                    or other.y >= box.y + box.height
                )
        for edge in panel.edges:
            source, target = panel.boxes[edge.source], panel.boxes[edge.target]
            assert source.y + source.height < target.y


def test_a_skip_passes_beside_the_boxes_between():
    network = Architecture(
        (Vector(4),), sequence(1, [step(LINEAR, 0, width=4), step(RELU, 1), step(ADD, (2, 0))])
    )
    panel = lay_out(network.body, infer(network), network.inputs)
    lane = next(edge.lane for edge in panel.edges if edge.lane is not None)
    between = panel.boxes[1]
    assert not between.x <= lane <= between.x + between.width
    assert 0 <= lane <= panel.width


def test_dead_steps_are_pale_and_tied_repeats_show_the_way_back():
    block = sequence(1, [step(LINEAR, 0, width=4)])
    network = Architecture(
        (Vector(4),), sequence(1, [step(RELU, 0), step(REPEAT, 0, block, times=2, tied=True)])
    )
    root = ET.fromstring(svg(network))
    assert [one.get("class") for one in root.iter(f"{NS}g")].count("dead") == 2  # box and line
    assert [one.get("class") for one in root.iter(f"{NS}path")].count("again") == 1


def test_names_from_outside_are_escaped():
    odd = Component(
        "<script>",
        'says "&"',
        type_rule=lambda call: call.inputs[0],
        cost_rule=lambda call, output: Cost(),
        arguments=lambda call, output: {},
        lowering="mine:Odd",
    )
    text = svg(Architecture((Vector(4),), sequence(1, [step(odd, 0)])))
    assert "<script" not in text
    ET.fromstring(text)


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0"), (950, "950"), (65_792, "65.8k"), (1_200_000, "1.2M"), (999_999, "1M")],
)
def test_counts_are_shortened_to_three_digits(count, text):
    assert short(count) == text
