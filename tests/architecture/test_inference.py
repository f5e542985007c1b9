import timeit

import pytest
from hypothesis import given, settings

from coeval.architecture.component import Component, Cost
from coeval.architecture.inference import infer, infer_region, live
from coeval.architecture.step import Architecture, Region, Step, sequence, step
from coeval.architecture.types import Columns, Sequence, Vector
from coeval.component.channel import DROPOUT, GELU, LINEAR, RELU
from coeval.component.entry import NUMERIC_ENTRY
from coeval.component.head import CLASS_HEAD
from coeval.component.merge import ADD, CONCATENATE
from coeval.component.region import REPEAT, RESIDUAL
from coeval.errors import SpaceError
from coeval.testing.architectures import architectures

ROW = Columns(3)


FOUR = (Vector(4),)


def of(*steps: Step, inputs=FOUR) -> Architecture:
    return Architecture(inputs, sequence(len(inputs), steps))


def test_types_and_costs_of_a_small_network_are_those_counted_by_hand():
    found = infer(
        of(
            step(NUMERIC_ENTRY, 0),
            step(LINEAR, 1, width=8),
            step(RELU, 2),
            step(CLASS_HEAD, 3, classes=5),
            inputs=(ROW,),
        )
    )
    assert found.types == (ROW, Vector(3), Vector(8), Vector(8), Vector(5))
    assert found.output == Vector(5)
    assert found.cost == Cost(3 * 8 + 8 + 8 * 5 + 5, 3 * 8 + 8 * 5, 3 + 8 + 8 + 5)


def test_untied_repeat_has_parameters_for_each_time_and_tied_once():
    body = sequence(1, [step(LINEAR, 0, width=4)])
    untied = infer(of(step(REPEAT, 0, body, times=3, tied=False))).cost
    tied = infer(of(step(REPEAT, 0, body, times=3, tied=True))).cost
    assert (untied.parameters, tied.parameters) == (60, 20)
    assert untied.macs == tied.macs == 48


@given(architectures())
@settings(max_examples=60, deadline=None)
def test_all_steps_are_built_and_those_the_output_depends_on_run(architecture):
    found = infer(architecture)
    running = [
        cost for cost, runs in zip(found.costs, live(architecture.body), strict=True) if runs
    ]
    assert found.cost.parameters == sum(found.costs, Cost()).parameters
    assert found.cost.macs == sum(running, Cost()).macs
    assert found.cost.activations == sum(running, Cost()).activations
    assert len(found.types) == len(architecture.inputs) + len(architecture.body.steps)


def test_a_dead_step_costs_parameters_only():
    network = Architecture((Vector(4),), Region(1, (step(LINEAR, 0, width=8), step(RELU, 0)), 2))
    assert infer(network).cost == Cost(40, 0, 4)


@given(architectures())
@settings(max_examples=60, deadline=None)
def test_a_region_infers_to_the_same_as_the_architecture_it_makes(architecture):
    body = infer_region(architecture.inputs, architecture.body)
    found = infer(architecture)
    assert (body.inputs, body.output, body.cost) == (
        architecture.inputs,
        found.output,
        found.cost,
    )


@pytest.mark.parametrize(
    ("architecture", "message"),
    [
        (of(step(RELU, 1)), r"step 0 \(relu\) may refer to values 0..0, got 1"),
        (of(step(RELU, -1)), r"may refer to values 0..0, got -1"),
        (of(step(RELU, (0, 0))), r"step 0 \(relu\) takes 1 inputs, got 2"),
        (of(step(ADD, ())), r"takes at least 1 inputs, got 0"),
        (of(step(RESIDUAL, 0)), r"step 0 \(residual\) holds 1 regions, got 0"),
        (of(step(RELU, 0, sequence(1, []))), r"step 0 \(relu\) holds 0 regions, got 1"),
        (of(step(RELU, 0), inputs=(ROW,)), "Put an entry component in front"),
        (of(step(NUMERIC_ENTRY, 0)), r"expected Columns \(a table row\), got Vector\(4\)"),
        (
            of(step(NUMERIC_ENTRY, 0), inputs=(Columns(0, (3,)),)),
            "no numeric columns. Remove numeric_entry",
        ),
        (
            of(step(LINEAR, 0, width=5), step(ADD, (0, 1))),
            r"step 1 \(add\): expected inputs of one type, got Vector\(4\) and Vector\(5\)",
        ),
        (
            of(step(CONCATENATE, (0, 1)), inputs=(Vector(4), Sequence(3, 4))),
            r"expected inputs on one domain, got Vector\(4\) and Sequence\(3, 4\)",
        ),
        (
            of(step(RESIDUAL, 0, sequence(1, [step(LINEAR, 0, width=5)]))),
            r"Let the region end in linear\(width=4\)",
        ),
        (
            of(step(RESIDUAL, 0, sequence(1, [step(RELU, 0), step(RELU, 2)]))),
            r"step 0.0.1 \(relu\) may refer to values 0..1, got 2",
        ),
        (Architecture((Vector(4),), Region(1, (), 3)), "output must be one of its values 0..0"),
        (Architecture((Vector(4),), Region(2, (), 0)), "takes 2 inputs, got 1 input types"),
        (
            of(step(REPEAT, 0, sequence(2, []))),
            "region 0.0 takes 2 inputs, got 1 input types",
        ),
    ],
)
def test_an_illegal_architecture_is_refused_with_place_and_reason(architecture, message):
    with pytest.raises(SpaceError, match=message):
        infer(architecture)


def test_a_component_of_a_users_own_is_inferred_like_any_other():
    square = Component(
        "square",
        "x times x.",
        type_rule=lambda call: call.inputs[0],
        cost_rule=lambda call, output: Cost(macs=7),
        arguments=lambda call, output: {},
        lowering="mine:Square",
    )
    assert infer(of(step(square, 0))).cost.macs == 7


def test_ten_steps_are_inferred_in_well_under_a_millisecond():
    # About 50 microseconds on an idle core; the bound leaves room for a busy machine.
    chain = [step(LINEAR, 0, width=64), step(GELU, 1), step(DROPOUT, 2)] * 3
    network = of(
        step(NUMERIC_ENTRY, 0),
        *[
            Step(one.component, one.settings, (index + 1,))
            for index, one in enumerate([*chain, step(CLASS_HEAD, 0)])
        ],
        inputs=(ROW,),
    )
    assert min(timeit.repeat(lambda: infer(network), number=20, repeat=5)) / 20 < 1e-3
