"""Simpler answers of the same error: what fitted weights make superfluous at a program's root, and round weights."""

from collections.abc import Sequence
from itertools import islice

import numpy as np

from coeval.architecture.program import WIDTH, Operation, Program
from coeval.build.numeric.answer import Answer
from coeval.component.scalar import IDENTITY
from coeval.run.approximate_plan import floor_of
from coeval.run.approximate_result import errors
from coeval.task.points import Points

_MOST_DIGITS = 12


def with_identity(operations: Sequence[Operation]) -> tuple[Operation, ...]:
    """Return operations with ``identity`` behind them, by which a program names a bare input as its result."""
    return (*operations, Operation(IDENTITY, 1))


def terms(program: Program, inputs: int, operations: Sequence[Operation]) -> list[Program]:
    """Return the terms whose weighted sum a program is, without the shifts and factors that weights make up for.

    Fitted anew, the terms approximate at least as well as the program, and are shorter.

    Args:
        program: Its last value counts.
        inputs: How many inputs it has.
        operations: What its codes stand for, ``identity`` last.
    """
    first = inputs + len(program.constants)
    varies = _varying(program, inputs, operations)
    waiting, found = [first + program.length - 1], []
    while waiting:
        value = waiting.pop(0)
        inner = _inner(program, value - first, operations, varies) if value >= first else None
        if inner is None:
            found.append(value)
        else:
            waiting += [one for one in inner if varies[one]]
    made = (_ending(program, value, first, operations) for value in dict.fromkeys(found))
    return [one for one in made if one is not None]


def _ending(
    program: Program, value: int, first: int, operations: Sequence[Operation]
) -> Program | None:
    """Return the program of one value; ``None`` for a constant, which is no term."""
    inputs = first - len(program.constants)
    if value >= first:
        return Program(program.code[: WIDTH * (value - first + 1)], program.constants)
    step = bytes([len(operations) - 1, value]).ljust(WIDTH, b"\0")
    return Program(step) if value < inputs else None


def tidied(answer: Answer, points: Points, sse: float, *, constants_fitted: bool) -> Answer:
    """Return the answer with numbers as simple as its error allows: 2.0000000000000004 becomes 2.

    Each fitted constant inside a program and then each weight is rounded to as few digits as leave the error
    where it is, up to rounding. A constant that was given, such as a grid's, is none of these.

    Args:
        answer: With fitted weights, perhaps fitted constants.
        points: Those it was fitted to.
        sse: Its sum of squared errors there.
        constants_fitted: Whether the constants inside its programs were fitted.
    """
    bar = max(sse * (1 + 1e-9), floor_of(points))
    inner = [value for one in answer.programs for value in one.constants]
    numbers = [*inner, *answer.weights]
    scale = float(np.abs(points.target).max())
    for place, value in enumerate(numbers):
        if place < len(inner) and not constants_fitted:
            continue
        for rounded in _rounder(value, scale if place >= len(inner) else 0.0):
            moved = _with_numbers(answer, [*numbers[:place], rounded, *numbers[place + 1 :]])
            found = errors(moved.predict(points.columns), points.target)
            if not found.undefined and found.sse <= bar:
                numbers[place] = rounded
                break
    return _with_numbers(answer, numbers)


def _with_numbers(answer: Answer, numbers: Sequence[float]) -> Answer:
    """Return the answer with other numbers: its programs' constants in turn, then its weights."""
    programs = with_constants(answer.programs, numbers)
    weights = numbers[sum(len(one.constants) for one in programs) :]
    return Answer(tuple(programs), tuple(weights), answer.operations, answer.inputs)


def with_constants(programs: Sequence[Program], numbers: Sequence[float]) -> list[Program]:
    """Return programs with other constants: the first numbers are the first program's, and so on."""
    left = iter(numbers)
    return [Program(one.code, tuple(islice(left, len(one.constants)))) for one in programs]


def _rounder(weight: float, scale: float) -> list[float]:
    """Return a weight in ever more digits; first 0 for one that rounding alone explains."""
    digits = [float(f"{weight:.{places}e}") for places in range(_MOST_DIGITS)]
    return [0.0, *digits] if abs(weight) < 1e-9 * scale else digits


def _varying(program: Program, inputs: int, operations: Sequence[Operation]) -> list[bool]:
    """Return for each value whether it depends on an input."""
    varies = [True] * inputs + [False] * len(program.constants)
    for start in range(0, len(program.code), WIDTH):
        taken = _operands(program, start, operations)
        varies.append(any(varies[index] for index in taken))
    return varies


def _inner(
    program: Program, step: int, operations: Sequence[Operation], varies: Sequence[bool]
) -> tuple[int, ...] | None:
    """Return the values of which a step is a linear function; ``None`` where it is another."""
    name = operations[program.code[WIDTH * step]].component.name
    taken = _operands(program, WIDTH * step, operations)
    if name in ("add", "sub", "neg", "successor", "identity"):
        return taken
    one_varies = len(taken) == 2 and varies[taken[0]] != varies[taken[1]]
    if (name == "mul" and one_varies) or (name == "div" and one_varies and varies[taken[0]]):
        return taken
    return None


def _operands(program: Program, start: int, operations: Sequence[Operation]) -> tuple[int, ...]:
    arity = operations[program.code[start]].arity
    return tuple(program.code[start + 1 : start + 1 + arity])
