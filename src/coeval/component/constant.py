"""Zero: the component that makes a branch vanish.

Lowering (``coeval.build.modules.constant``): ``Zero()``.
"""

from coeval.architecture.component import Call, Component, Cost
from coeval.architecture.types import ValueType
from coeval.component.rules import no_arguments, same_type


def _no_cost(call: Call, output: ValueType) -> Cost:
    return Cost()


ZERO = Component(
    name="zero",
    summary="Zeros of the input's type, whatever the input: an edge that is not there.",
    type_rule=same_type,
    cost_rule=_no_cost,
    arguments=no_arguments,
    lowering="coeval.build.modules.constant:Zero",
    capabilities=frozenset({"affine", "equivariant", "zero"}),
)
