"""Errors of given sequences in exact arithmetic: which of two that tie in float64 is better.

Every float64 is a fraction, so sequences of rational operations are evaluated without any rounding, their
least-squares weights included. With a transcendental operation that is impossible; then everything is
computed with 50 digits by mpmath, and the result says so.
"""

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from coeval.architecture.program import WIDTH, Operation, Program, live_steps
from coeval.errors import SpaceError, did_you_mean
from coeval.exact.kernels.models import Constants, Values

DIGITS = 50
RATIONAL = "rational"
DECIMAL = f"{DIGITS} digits (mpmath)"

Number = Any
"""A ``Fraction``, or a real number of mpmath's."""


@dataclass(frozen=True, slots=True)
class ExactError:
    """A sum of squared errors.

    Attributes:
        error: The number; ``None`` when a step is undefined on some point.
        weights: (c0, c1 …); empty when nothing is fitted.
        arithmetic: ``"rational"``, which is exact, or ``"50 digits (mpmath)"``.
    """

    error: Number | None
    weights: tuple[Number, ...]
    arithmetic: str


def exact_error(
    programs: Sequence[Program],
    columns: Sequence[Values],
    target: Values,
    operations: Sequence[Operation],
    *,
    constants: Constants = "none",
) -> ExactError:
    """Return the error of one program, or of the least-squares model y ~ c0 + c1 f_1 + …, in exact arithmetic.

    Args:
        programs: One without constants to fit, any number with them.
        columns: One ``(points,)`` float64 array for each input.
        target: ``(points,)``.
        operations: What operation codes stand for.
        constants: ``"none"`` or ``"linear"``.

    Raises:
        ValueError: Several programs without fitted weights.
        SpaceError: An operation has no exact function, or mpmath is needed and missing.
    """
    if constants == "none" and len(programs) != 1:
        raise ValueError(
            f"expected one program when nothing is fitted, got {len(programs)}. Pass constants='linear'."
        )
    field = _field(programs, len(columns), operations)
    inputs = [[field.number(value) for value in column.tolist()] for column in columns]
    y = [field.number(value) for value in target.tolist()]
    features = []
    for one in programs:
        rows = [_evaluate(one, list(row), operations, field) for row in zip(*inputs, strict=True)]
        if any(value is None for value in rows):
            return ExactError(None, (), field.name)
        features.append(rows)
    if constants == "none":
        error = sum(((a - b) ** 2 for a, b in zip(y, features[0], strict=True)), field.number(0))
        return ExactError(error, (), field.name)
    weights = _least_squares([[field.number(1)] * len(y), *features], y, field.negligible)
    rest = [
        value - sum((w * f for w, f in zip(weights, row, strict=True)), field.number(0))
        for value, row in zip(
            y, zip([field.number(1)] * len(y), *features, strict=True), strict=True
        )
    ]
    return ExactError(sum((one * one for one in rest), field.number(0)), weights, field.name)


@dataclass(frozen=True, slots=True)
class _Field:
    """Numbers and functions of one arithmetic.

    Attributes:
        name: As printed.
        number: From a float64.
        functions: By component; one returns ``None`` where it is undefined.
        negligible: Below which share of a column's own square its remainder counts as 0.
    """

    name: str
    number: Callable[[float], Number]
    functions: dict[str, Callable[..., Number | None]]
    negligible: Number


FUNCTIONS: dict[str, Callable[..., Number | None]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b if b else None,
    "neg": lambda a: -a,
    "inv": lambda a: 1 / a if a else None,
    "square": lambda a: a * a,
    "cube": lambda a: a * a * a,
    "abs": abs,
    "min": min,
    "max": max,
    "less": lambda a, b: a * 0 + (1 if a < b else 0),
    "select": lambda a, b, c: b if a > 0 else c,
    "identity": lambda a: a,
    "successor": lambda a: a + 1,
}
"""Rational functions of rationals."""

DECIMAL_ONLY = ("sqrt", "exp", "log", "sin", "cos", "tan", "tanh", "pow")


def _field(programs: Sequence[Program], inputs: int, operations: Sequence[Operation]) -> _Field:
    used = {
        operations[one.code[WIDTH * step]].component.name
        for one in programs
        for step in live_steps(one, inputs, operations)
    }
    return _field_of(used)


def check_operations(operations: Sequence[Operation]) -> None:
    """Check that sequences of these operations have exact errors, before a search is begun.

    Raises:
        SpaceError: An operation has no exact function, or mpmath is needed and missing.
    """
    _field_of({one.component.name for one in operations})


def _field_of(used: set[str]) -> _Field:
    known = (*FUNCTIONS, *DECIMAL_ONLY, "const")
    for name in sorted(used - set(known)):
        raise SpaceError(
            f"{name} has no function in exact arithmetic.{did_you_mean(name, known)} "
            "Ties of sequences with it can be told apart in float64 only."
        )
    if used.isdisjoint(DECIMAL_ONLY):
        return _Field(RATIONAL, Fraction, FUNCTIONS, Fraction(0))
    return _decimals()


def _decimals() -> _Field:
    try:
        mpmath: Any = importlib.import_module("mpmath")
    except ImportError as error:
        raise SpaceError(
            "the exact check of transcendental operations needs mpmath. Install it: pip install mpmath."
        ) from error
    context = mpmath.mp.clone()  # the precision of others' numbers stays as it is
    context.dps = DIGITS
    functions = dict(FUNCTIONS)
    for name in ("exp", "sin", "cos", "tan", "tanh"):
        functions[name] = getattr(context, name)
    functions["sqrt"] = lambda a: context.sqrt(a) if a >= 0 else None
    functions["log"] = lambda a: context.log(a) if a > 0 else None

    def power(a: Number, b: Number) -> Number | None:
        if (a == 0 and b < 0) or (a < 0 and b != context.floor(b)):
            return None
        return a**b

    functions["pow"] = power
    return _Field(DECIMAL, context.mpf, functions, context.mpf(10) ** -(2 * DIGITS - 20))


def _evaluate(
    program: Program, row: list[Number], operations: Sequence[Operation], field: _Field
) -> Number | None:
    """Return a program's result on one point."""
    inputs = len(row)
    known = dict(enumerate([*row, *(field.number(one) for one in program.constants)]))
    first = len(known)
    for step in live_steps(program, inputs, operations):
        start = WIDTH * step
        operation = operations[program.code[start]]
        if operation.component.name == "const":
            value: Number | None = field.number(float(dict(operation.settings)["value"]))
        else:
            taken = program.code[start + 1 : start + 1 + operation.arity]
            value = field.functions[operation.component.name](*(known[index] for index in taken))
        if value is None:
            return None
        known[first + step] = value
    return known[first + program.length - 1]


def _least_squares(
    columns: Sequence[Sequence[Number]], target: Sequence[Number], negligible: Number
) -> tuple[Number, ...]:
    """Return least-squares weights by Gauss-Jordan elimination of the normal equations; 0 for a column that follows from others."""
    size = len(columns)
    rows = [[_dot(one, other) for other in (*columns, target)] for one in columns]
    own = [rows[k][k] for k in range(size)]
    used: list[int] = []
    for k in range(size):
        pivot = rows[k][k]
        if pivot <= negligible * own[k]:
            continue
        used.append(k)
        rows[k] = [value / pivot for value in rows[k]]
        for other in range(size):
            if other != k:
                factor = rows[other][k]
                rows[other] = [a - factor * b for a, b in zip(rows[other], rows[k], strict=True)]
    return tuple(rows[k][size] if k in used else 0 * own[k] for k in range(size))


def _dot(a: Sequence[Number], b: Sequence[Number]) -> Number:
    total = a[0] * b[0]
    for one, other in zip(a[1:], b[1:], strict=True):
        total += one * other
    return total
