"""Each check fails for a component that breaks its one promise, and passes for those that keep all."""

from dataclasses import replace

import pytest

from coeval.architecture.component import Component, Cost, Setting
from coeval.architecture.types import Columns, Grid, Sequence, Vector, elements
from coeval.component import grid, library
from coeval.component.channel import LINEAR, RELU
from coeval.component.constant import ZERO
from coeval.component.library import TABULAR
from coeval.component.rules import (
    elementwise_cost,
    features_argument,
    no_arguments,
    per_feature_cost,
    same_type,
)
from coeval.testing.components import check_component
from coeval.testing.components_cases import Case, module_of, rejection, values_of

HERE = "tests.testing.components_broken:"
GAIN = Component(
    name="gain",
    summary="A factor for each feature.",
    type_rule=same_type,
    cost_rule=per_feature_cost(1),
    arguments=features_argument,
    lowering=HERE + "Gain",
    capabilities=frozenset({"affine", "equivariant", "zero_preserving"}),
)
PLAIN = Component(
    name="plain",
    summary="Without weights.",
    type_rule=same_type,
    cost_rule=elementwise_cost,
    arguments=no_arguments,
    lowering=HERE + "Reversing",
    arity=(1, 2),
)
TAKES = {
    "group_average": [(Vector(32),)],
    "group_norm": [(Grid(3, 5, 32),), (Vector(32),)],
    "gate": [(Grid(3, 5, 4), Vector(4)), (Sequence(3, 4), Vector(4))],
    "patch_embedding": [(Grid(112, 112, 2),)],
    "to_grid": [(Sequence(224, 3),)],
}
"""What components take that take nothing of the suite's own."""


def with_class(name):
    return replace(GAIN, lowering=HERE + name)


def changing(call):
    ANSWERS.append(call)
    return Vector(len(ANSWERS))


ANSWERS: list[object] = []
EVERY = {
    one.name: one
    for module in (library, grid)
    for one in vars(module).values()
    if isinstance(one, Component) and one.lowering
}


@pytest.mark.parametrize("name", ["glu_gate", "batch_norm", "multiply", "residual"])
def test_components_of_all_kinds_keep_the_contract(name):
    check_component(TABULAR[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(EVERY))
def test_every_component_keeps_the_contract(name):
    check_component(EVERY[name], TAKES.get(name, []))


def test_a_right_component_of_an_outsider_keeps_the_contract():
    check_component(GAIN)
    check_component(ZERO)


def test_given_inputs_are_tried_and_must_be_taken():
    check_component(GAIN, [(Grid(2, 3, 4),), (Sequence(2, 1),)])
    with pytest.raises(AssertionError, match="rejects the given inputs Columns"):
        check_component(GAIN, [(Columns(3),)])


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        (with_class("Mixing"), "a row's output depends on the other rows"),
        (with_class("Halving"), r"says \(3, 6\) for 3 rows, the module gave \(3, 3\)"),
        (with_class("Double"), "expected float32, got torch.float64"),
        (with_class("Drawing"), "Add the capability 'stochastic'"),
        (with_class("Exploding"), "of size 1000 give no finite output"),
        (with_class("Rooted"), "give no finite gradient of gain"),
        (with_class("Idle"), "the parameter gain has no gradient"),
        (with_class("Borrowing"), "no text on its own: name 'LOUDNESS'"),
        (with_class("Leaning"), "no text on its own: name 'numpy'"),
        (
            replace(GAIN, cost_rule=per_feature_cost(2)),
            "says 12 parameters and 0 macs, torch counts 6",
        ),
        (
            replace(LINEAR, cost_rule=lambda call, output: Cost(elements(output) * 7, 1)),
            "macs, torch counts 896 and 768",
        ),
        (
            replace(GAIN, cost_rule=lambda call, output: Cost(6, 0, 0.5)),
            "activations must be a whole number",
        ),
        (replace(GAIN, type_rule=lambda call: 1 / 0), "Raise Rejection with the reason"),
        (replace(GAIN, type_rule=changing), "the type rule changes its mind"),
        (replace(GAIN, name="two words"), "no lower_case name"),
        (
            replace(GAIN, settings=(Setting("a", (1, 2), 3),)),
            "gain.a does not allow 3, its own default",
        ),
        (
            replace(GAIN, settings=(Setting("a", (1,), 1), Setting("a", (1,), 1))),
            "two settings of one name",
        ),
        (replace(RELU, identity_when=lambda settings: True), "identity_when says"),
        (
            replace(LINEAR, relevant=lambda settings: frozenset({"width"})),
            r"only \['width'\] matter, but others change",
        ),
        (replace(PLAIN, commutative=True), "inputs in another order give something else"),
        (replace(PLAIN, capabilities=frozenset({"zero"})), "stated to be zero, but"),
        (
            replace(PLAIN, lowering=HERE + "Subtracting", commutative=True),
            "inputs in another order",
        ),
        (replace(PLAIN, capabilities=frozenset({"equivariant"})), "permuted features"),
    ],
)
def test_a_broken_promise_is_named(broken, sentence):
    with pytest.raises(AssertionError, match=sentence):
        check_component(broken)


def test_more_than_an_offset_of_zeros_and_a_sum_that_is_none_are_named():
    with pytest.raises(AssertionError, match="stated to be a sum"):
        check_component(replace(TABULAR["multiply"], capabilities=frozenset({"sum"})))
    positional = replace(GAIN, lowering="tests.testing.components_position:Place")
    with pytest.raises(AssertionError, match="more than an offset of each feature"):
        check_component(positional, [(Sequence(4, 6),)])


def test_a_component_that_takes_nothing_known_wants_its_inputs_said():
    def picky(call):
        return same_type(call) if call.inputs[0] == Vector(7) else RELU.type_rule(call_of(call))

    def call_of(call):
        return replace(call, inputs=(Columns(1),))

    with pytest.raises(AssertionError, match=r"takes none of Vector\(6\).*Pass inputs="):
        check_component(replace(GAIN, type_rule=picky))
    check_component(replace(GAIN, type_rule=picky), [(Vector(7),)])


def test_a_scalar_component_is_refused():
    with pytest.raises(ValueError, match="needs a component with a lowering, 'gain' has none"):
        check_component(replace(GAIN, lowering=""))


def test_a_case_reads_as_a_call_and_draws_at_its_seed():
    case = Case(LINEAR, (Vector(6),), dict(LINEAR.complete({"width": 8})))
    assert str(case) == "linear(Vector(6), width=8, bias=True)"
    assert rejection(case) is None
    assert rejection(replace(case, inputs=(Columns(2),))) is not None
    (one,), (same,) = values_of(case.inputs, 3), values_of(case.inputs, 3)
    assert one.tolist() == same.tolist()
    first, second = (next(module_of(case, seed).parameters()).tolist() for seed in (0, 1))
    assert first != second
