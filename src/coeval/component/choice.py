"""Choice: a place where a search has not decided yet, with every option that may stand there.

An architecture with choices is a super-architecture (one-shot search: Bender et al. 2018, ICML; Liu et al. 2019,
arXiv:1806.09055, section 2.2). ``space.template`` opens them, ``space.open`` closes them again.

Lowerings (``coeval.build.modules.choice``): ``Choice(*bodies, slot: int)`` and ``PartialChoice(*bodies, slot: int, share: int)``.
"""

import functools

from coeval.architecture.component import Call, Component, Cost, Rejection, Setting
from coeval.architecture.types import Featured, ValueType, describe, elements, with_features
from coeval.component.rules import featured, settings_arguments

_CHOICE = "coeval.build.modules.choice:"
_SLOT = Setting("slot", (0,), 0, bounds=(0, 100_000))


def _common_type(call: Call) -> ValueType:
    first = call.bodies[0].output
    for number, body in enumerate(call.bodies):
        if body.output != first:
            raise Rejection(
                f"expected options that all give one type, got {describe(first)} from option 0 and "
                f"{describe(body.output)} from option {number} of slot {call.settings['slot']}. "
                "Project the results to one type, or decide this slot before the others."
            )
    return first


def _sum_of_options(call: Call, output: ValueType) -> Cost:
    """Count every option, as the mixed operation runs them all; the sum is kept too."""
    total = Cost(activations=elements(output))
    for body in call.bodies:
        total += body.cost
    return total


def _same_inputs(inputs: tuple[ValueType, ...]) -> tuple[ValueType, ...]:
    return inputs


CHOICE = Component(
    name="choice",
    summary="One of its regions, or a weighted sum of them: a decision that is still open.",
    type_rule=_common_type,
    cost_rule=_sum_of_options,
    arguments=settings_arguments,
    lowering=_CHOICE + "Choice",
    settings=(_SLOT,),
    arity=(1, None),
    regions=None,
    body_inputs=_same_inputs,
)


@functools.cache
def partial_choice(share: int) -> Component:
    """Return a choice that sees one in ``share`` of the features; the others pass by, and all are shuffled.

    Its options are written for that part of the features (PC-DARTS: Xu et al. 2020, arXiv:1907.05737, section 3.1).
    """

    def some_features(inputs: tuple[ValueType, ...]) -> tuple[ValueType, ...]:
        return tuple([_part(featured(one), share) for one in inputs])

    def whole_type(call: Call) -> ValueType:
        inside = featured(_common_type(call))
        if share * inside.features != featured(call.inputs[0]).features:
            raise Rejection(
                f"expected options that keep the features, got {describe(inside)} from a {share}th of "
                f"{describe(call.inputs[0])}. Leave this choice whole."
            )
        return with_features(inside, share * inside.features)

    def arguments(call: Call, output: ValueType) -> dict[str, object]:
        return {"share": share, **call.settings}

    return Component(
        name=f"partial_choice_{share}",
        summary=f"A choice that sees one in {share} of the features; the others pass by, and all are shuffled.",
        type_rule=whole_type,
        cost_rule=_sum_of_options,
        arguments=arguments,
        lowering=_CHOICE + "PartialChoice",
        settings=(_SLOT,),
        regions=None,
        body_inputs=some_features,
    )


def _part(value: Featured, share: int) -> Featured:
    """Return the type of the features that go through the options."""
    return with_features(value, max(1, value.features // share))


def is_choice(component: Component) -> bool:
    """Return whether a step of this component is still to be decided."""
    return component.lowering.startswith(_CHOICE)
