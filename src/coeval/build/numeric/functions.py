"""The scalar components' functions, for any array namespace that names them as NumPy does (NumPy, torch).

Each takes ``(xp, settings, bodies)`` and returns the vectorised function of a step's inputs. Undefined
points come out as NaN or an infinity; whoever evaluates a candidate rejects it then.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

from coeval.architecture.component import Value
from coeval.errors import SpaceError

Array = Any
Function = Callable[..., Array]
Bodies = tuple[Function, ...]


def _elementwise(name: str) -> Callable[[Any, Mapping[str, Value], Bodies], Function]:
    def bind(xp: Any, settings: Mapping[str, Value], bodies: Bodies) -> Function:
        function: Function = getattr(xp, name)
        return function

    return bind


add = _elementwise("add")
sub = _elementwise("subtract")
mul = _elementwise("multiply")
div = _elementwise("divide")
neg = _elementwise("negative")
inv = _elementwise("reciprocal")
square = _elementwise("square")
sqrt = _elementwise("sqrt")
exp = _elementwise("exp")
log = _elementwise("log")
sin = _elementwise("sin")
cos = _elementwise("cos")
tan = _elementwise("tan")
tanh = _elementwise("tanh")
abs = _elementwise("abs")
min = _elementwise("minimum")
max = _elementwise("maximum")
identity = _elementwise("positive")

pow = _elementwise("pow")


def cube(xp: Any, settings: Mapping[str, Value], bodies: Bodies) -> Function:
    """Return a³ as two products, so that it equals ``mul(mul(a, a), a)`` to the bit."""
    return lambda a: a * a * a


def successor(xp: Any, settings: Mapping[str, Value], bodies: Bodies) -> Function:
    """Return a + 1."""
    return lambda a: a + 1.0


def less(xp: Any, settings: Mapping[str, Value], bodies: Bodies) -> Function:
    """Return 1 where a < b, else 0."""
    return lambda a, b: xp.where(a < b, 1.0, 0.0)


def select(xp: Any, settings: Mapping[str, Value], bodies: Bodies) -> Function:
    """Return b where a > 0, else c; both are computed for every example."""
    return lambda a, b, c: xp.where(a > 0, b, c)


def const(xp: Any, settings: Mapping[str, Value], bodies: Bodies) -> Function:
    """Return the setting's value, as an array of no dimension: torch's functions take no plain number."""
    value = xp.asarray(float(settings["value"]), dtype=xp.float64)
    return lambda: value


def primitive_recursion(xp: Any, settings: Mapping[str, Value], bodies: Bodies) -> Function:
    """Apply the region (index, value, context …) to the start as often as count says (Kleene 1936).

    NaN where count is not a whole number from 0 to the step budget.

    Raises:
        SpaceError: The step has no budget.
    """
    budget, body = _budget(settings, "primitive_recursion"), bodies[0]

    def apply(count: Array, start: Array, *context: Array) -> Array:
        legal = (count >= 0) & (count <= budget) & (count == xp.floor(count))
        count = xp.where(legal, count, -1.0)
        value = xp.where(legal, start, math.nan)
        index = 0
        while bool((count > index).any()):
            value = xp.where(count > index, body(0.0 * count + index, value, *context), value)
            index += 1
        return value

    return apply


def mu(xp: Any, settings: Mapping[str, Value], bodies: Bodies) -> Function:
    """Return the smallest index at which the region (index, context …) gives 0 (Kleene 1936).

    NaN where the region is undefined before that, or no such index lies below the step budget.

    Raises:
        SpaceError: The step has no budget.
    """
    budget, body, abs_of = _budget(settings, "mu"), bodies[0], xp.abs

    def apply(*context: Array) -> Array:
        zero = sum((0.0 * one for one in context), start=xp.zeros(()))
        found, searching = zero + math.nan, zero == 0
        index = 0
        while index < budget and bool(searching.any()):
            value = body(zero + index, *context)
            found = xp.where(searching & (value == 0), float(index), found)
            searching = searching & (abs_of(value) > 0)
            index += 1
        return found

    return apply


def _budget(settings: Mapping[str, Value], name: str) -> int:
    steps = int(settings["steps"])
    if steps < 1:
        raise SpaceError(
            f"{name} iterates and needs a step budget, got steps={steps}. Give it one: steps=1000, say; "
            "an example that takes longer makes the candidate invalid."
        )
    return steps
