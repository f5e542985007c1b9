"""Scalar components: the candidate functions of the numeric backend, one number an example.

Each is total over its domain and deterministic. Where a function is undefined (a division by zero, the
logarithm of a negative number, a search without an end) the result is not finite, and a candidate with
such a value anywhere, in a step's result of any example, is invalid: nothing is clipped or protected.

The functions (``coeval.build.numeric.functions``) bear the components' names.
"""

import dataclasses
import sys
from collections.abc import Mapping

from coeval.architecture.component import Call, Component, Cost, Rejection, Setting, Value
from coeval.architecture.types import Scalar, ValueType, describe
from coeval.component.rules import no_arguments

_NUMERIC = "coeval.build.numeric.functions:"
STEPS = Setting("steps", (0, 100, 1_000, 10_000, 100_000), 0, bounds=(0, 1_000_000_000))
"""How often an iteration may run for one example; 0 is no budget, with which it cannot be evaluated."""


def _scalar_type(call: Call) -> ValueType:
    for one in call.inputs:
        if not isinstance(one, Scalar):
            raise Rejection(f"expected scalars, got {describe(one)}. Scalar steps take numbers.")
    for body in call.bodies:
        if not isinstance(body.output, Scalar):
            raise Rejection(f"expected a region that gives a scalar, got {describe(body.output)}.")
    return Scalar()


def _always(settings: Mapping[str, Value]) -> bool:
    return True


def _scalar_cost(call: Call, output: ValueType) -> Cost:
    return Cost(macs=1, activations=1)


def _scalar(name: str, summary: str, arity: int, *capabilities: str) -> Component:
    return Component(
        name=name,
        summary=summary,
        type_rule=_scalar_type,
        cost_rule=_scalar_cost,
        arguments=no_arguments,
        arity=(arity, arity),
        commutative=name in ("add", "mul", "min", "max"),
        capabilities=frozenset(capabilities),
        numeric=_NUMERIC + name,
    )


ADD = _scalar("add", "a + b.", 2, "affine")
SUB = _scalar("sub", "a - b.", 2, "affine")
MUL = _scalar("mul", "a · b.", 2, "product", "polynomial")
DIV = _scalar("div", "a / b.", 2, "division", "nonpolynomial")
POW = _scalar("pow", "a to the power b.", 2, "nonpolynomial")
NEG = _scalar("neg", "-a.", 1, "affine")
INV = _scalar("inv", "1 / a.", 1, "division", "nonpolynomial")
SQUARE = _scalar("square", "a².", 1, "polynomial")
CUBE = _scalar("cube", "a³.", 1, "polynomial")
SQRT = _scalar("sqrt", "Square root.", 1, "nonpolynomial")
EXP = _scalar("exp", "e to the power a.", 1, "nonpolynomial")
LOG = _scalar("log", "Natural logarithm.", 1, "nonpolynomial")
SIN = _scalar("sin", "Sine of radians.", 1, "nonpolynomial", "bounded")
COS = _scalar("cos", "Cosine of radians.", 1, "nonpolynomial", "bounded")
TAN = _scalar("tan", "Tangent of radians.", 1, "nonpolynomial")
TANH = _scalar("tanh", "Hyperbolic tangent.", 1, "nonpolynomial", "saturating", "bounded")
ABS = _scalar("abs", "|a|.", 1, "nonpolynomial", "piecewise_linear")
MIN = _scalar("min", "The smaller of a and b.", 2, "maxmin", "nonpolynomial", "piecewise_linear")
MAX = _scalar("max", "The larger of a and b.", 2, "maxmin", "nonpolynomial", "piecewise_linear")
LESS = _scalar("less", "1 where a < b, else 0.", 2, "comparison", "nonpolynomial", "bounded")
SELECT = _scalar("select", "b where a > 0, else c.", 3, "selection", "nonpolynomial")
IDENTITY = dataclasses.replace(
    _scalar("identity", "a itself: a projection.", 1, "affine", "identity"),
    identity_when=_always,
)
SUCCESSOR = _scalar("successor", "a + 1.", 1, "affine", "successor")

CONST = Component(
    name="const",
    summary="A constant.",
    type_rule=_scalar_type,
    cost_rule=_scalar_cost,
    arguments=no_arguments,
    settings=(
        Setting(
            "value",
            (0.0, 1.0, 2.0, -1.0, 0.5),
            1.0,
            bounds=(-sys.float_info.max, sys.float_info.max),
        ),
    ),
    arity=(0, 0),
    capabilities=frozenset({"constant"}),
    numeric=_NUMERIC + "const",
)


def _index_and_inputs(inputs: tuple[ValueType, ...]) -> tuple[ValueType, ...]:
    return (Scalar(), *inputs)


def _same_inputs(inputs: tuple[ValueType, ...]) -> tuple[ValueType, ...]:
    return inputs


PRIMITIVE_RECURSION = Component(
    name="primitive_recursion",
    summary="Inputs (count, start, context …): from start, the region (index, value, context …) applied count times (Kleene 1936).",
    type_rule=_scalar_type,
    cost_rule=_scalar_cost,
    arguments=no_arguments,
    settings=(STEPS,),
    arity=(2, 3),
    regions=1,
    body_inputs=_same_inputs,
    capabilities=frozenset({"bounded_iteration", "primitive_recursion"}),
    numeric=_NUMERIC + "primitive_recursion",
)
MU = Component(
    name="mu",
    summary="The smallest index 0, 1, 2 … at which the region (index, context …) gives 0 (Kleene 1936).",
    type_rule=_scalar_type,
    cost_rule=_scalar_cost,
    arguments=no_arguments,
    settings=(STEPS,),
    arity=(0, 2),
    regions=1,
    body_inputs=_index_and_inputs,
    capabilities=frozenset({"unbounded_iteration", "minimisation"}),
    numeric=_NUMERIC + "mu",
)
