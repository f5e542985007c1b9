"""From sequences of scalar steps to vectorised functions: programs for a search, architectures for everything else.

A sequence is valid on some examples when every live step's result is finite on all of them.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from coeval.architecture.component import Component, Value
from coeval.architecture.inference import live
from coeval.architecture.program import WIDTH, Operation, Program, live_steps
from coeval.architecture.step import Architecture, Region, Step
from coeval.build.numeric.functions import Array, Function
from coeval.errors import SpaceError


def bind(operation: Operation, xp: ModuleType = np) -> Function:
    """Return the vectorised function of one operation.

    Args:
        operation: The component with its settings and regions.
        xp: ``numpy``, or ``torch`` when gradients are wanted.

    Raises:
        SpaceError: The component has no numeric function, or iterates without a step budget.
    """
    return _bind(operation.component, dict(operation.settings), operation.regions, xp)


def values(
    program: Program,
    columns: Sequence[np.ndarray],
    operations: Sequence[Operation],
    functions: Sequence[Function],
) -> np.ndarray | None:
    """Return a program's result on every example, or ``None`` where any live step is undefined or overflows.

    Args:
        program: The sequence.
        columns: One ``(rows,)`` float64 array for each input, contiguous.
        operations: What its operation codes stand for.
        functions: What ``bind`` made of them, in order.

    Returns:
        ``(rows,)`` float64, finite.
    """
    known: dict[int, Any] = dict(enumerate((*columns, *program.constants)))
    code, first = program.code, len(known)
    with np.errstate(all="ignore"):
        for step in live_steps(program, len(columns), operations):
            start = WIDTH * step
            operation = code[start]
            operands = code[start + 1 : start + 1 + operations[operation].arity]
            value = functions[operation](*[known[index] for index in operands])
            if not np.isfinite(value).all():
                return None
            known[first + step] = value
    result = np.broadcast_to(known[first + program.length - 1], columns[0].shape)
    return np.asarray(result, dtype=np.float64)


def function(architecture: Architecture, xp: ModuleType = np) -> Callable[[Sequence[Array]], Array]:
    """Return an architecture of scalars as one function of its input columns.

    Args:
        architecture: Its inputs and steps are scalars.
        xp: ``numpy``, or ``torch`` when gradients are wanted.

    Returns:
        From one ``(rows,)`` array an input to the ``(rows,)`` result: NaN for an example on which a step that
        the result depends on is not finite.

    Raises:
        SpaceError: A component has no numeric function, or iterates without a step budget.
    """
    body = _region(architecture.body, xp)

    def apply(columns: Sequence[Array]) -> Array:
        with np.errstate(all="ignore"):
            return body(*columns)

    return apply


def _bind(
    component: Component, settings: Mapping[str, Value], regions: Sequence[Region], xp: ModuleType
) -> Function:
    if not component.numeric:
        raise SpaceError(
            f"{component.name} has no function of scalars: it belongs to neural architectures. "
            "Use components of coeval.component.library.SCALAR, or give yours 'numeric'."
        )
    module, _, name = component.numeric.partition(":")
    factory = getattr(importlib.import_module(module), name)
    made: Function = factory(xp, settings, tuple(_region(one, xp) for one in regions))
    return made


def _region(region: Region, xp: ModuleType) -> Function:
    bound = [
        (region.inputs + number, one, _step(one, xp))
        for number, (one, runs) in enumerate(zip(region.steps, live(region), strict=True))
        if runs
    ]

    def apply(*inputs: Array) -> Array:
        known = dict(enumerate(inputs))
        valid = sum((0.0 * one for one in inputs), start=0.0)
        for index, one, compute in bound:
            value = compute(*[known[operand] for operand in one.inputs])
            valid = valid + 0.0 * value
            known[index] = value
        return known[region.output] + valid  # 0 · inf is NaN: one undefined step undoes the example

    return apply


def _step(one: Step, xp: ModuleType) -> Function:
    return _bind(one.component, dict(one.settings), one.regions, xp)
