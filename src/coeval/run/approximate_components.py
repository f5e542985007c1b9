"""What the sequences of an approximation are made of: from component names to operations and numbers."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from coeval.architecture.component import Component
from coeval.architecture.program import Operation
from coeval.architecture.step import Region, step
from coeval.build.numeric.evaluate import bind
from coeval.component.library import SCALAR, TABULAR
from coeval.errors import SpaceError, did_you_mean, unknown

Constants = Literal["none", "grid", "linear", "nonlinear"]

DEFAULT = ("add", "sub", "mul", "div", "sin", "cos", "exp", "log", "const")
"""Koza's set, with the constant 1."""
POLICIES: tuple[Constants, ...] = ("none", "grid", "linear", "nonlinear")
_GRID = (1.0, 2.0, 3.0, 5.0, 10.0, -1.0, 0.5, 0.1, 3.141592653589793)


@dataclass(frozen=True, slots=True)
class Material:
    """What sequences are made of.

    Attributes:
        operations: What a step may be; iterations once for each body.
        numbers: Constants that every sequence may use like an input.
        constants: Which further constants are fitted.
    """

    operations: tuple[Operation, ...]
    numbers: tuple[float, ...]
    constants: Constants

    @property
    def iterates(self) -> bool:
        """Return whether an operation is an iteration."""
        return any(one.regions for one in self.operations)

    @property
    def is_weighted(self) -> bool:
        """Return whether scale and offset are fitted."""
        return self.constants in ("linear", "nonlinear")


def material(
    components: Iterable[str | Component],
    *,
    constants: str = "linear",
    grid: Sequence[float] | None = None,
    steps: int | None = None,
) -> Material:
    """Return the operations and numbers that a user named.

    ``const`` is the number 1, or the grid's numbers. An iteration is bound to each unary and binary component
    beside it: ``primitive_recursion`` to v = f(v), f(i, v) and f(v, a), ``mu`` to f(i) and f(i, a).

    Args:
        components: Names of scalar components, or components of one's own.
        constants: ``"none"``, ``"grid"``, ``"linear"`` or ``"nonlinear"``.
        grid: The numbers of a grid.
        steps: How often an iteration may run for one point.

    Raises:
        SpaceError: A component is unknown, of another kind, or lacks what it needs; there is none that
            computes; the policy is unknown; or the grid is empty, or given to another policy.
    """
    if isinstance(components, str):
        raise SpaceError(
            f"components must be a list of names, got the text {components!r}. Write {parse_names(components)}."
        )
    policy = _policy(constants, grid)
    chosen = {one.name: one for one in map(_component, components)}
    plain = [one for one in chosen.values() if not one.regions and one.name != "const"]
    operations = [Operation(one, one.arity[0], one.complete({})) for one in plain]
    for one in chosen.values():
        if one.regions:
            operations += _iterations(one, plain, steps)
    if not operations:
        raise SpaceError(
            f"Expected components that compute something, got {', '.join(chosen) or 'none'}. Add some: "
            f"{', '.join(DEFAULT)}."
        )
    for operation in operations:
        bind(operation)
    numbers: tuple[float, ...] = ()
    if policy == "grid":
        numbers = tuple(dict.fromkeys(float(one) for one in (_GRID if grid is None else grid)))
    elif "const" in chosen:
        numbers = (1.0,)
    return Material(tuple(operations), numbers, policy)


def parse_names(text: str) -> list[str]:
    """Return the names in ``"add, mul,sin"``."""
    return [one.strip() for one in text.split(",") if one.strip()]


def parse_grid(text: str) -> list[float]:
    """Return the numbers in ``"1,2,3.14"``.

    Raises:
        SpaceError: One is not a finite number.
    """
    numbers = []
    for one in parse_names(text):
        try:
            number = float(one)
        except ValueError:
            number = float("nan")
        if not abs(number) < float("inf"):
            raise SpaceError(f"--grid must be finite numbers such as 1,2,3.14, got {one!r}.")
        numbers.append(number)
    return numbers


def _policy(constants: str, grid: Sequence[float] | None) -> Constants:
    found = next((one for one in POLICIES if one == constants), None)
    if found is None:
        raise SpaceError(unknown("constants", constants, POLICIES))
    if grid is not None and found != "grid":
        raise SpaceError(
            f"A grid of numbers needs constants=grid, got constants={constants}. Say --constants grid."
        )
    if grid is not None and not len(grid):
        raise SpaceError(
            "A grid must hold at least one number, got none. Name some, such as 1,2,3.14, or leave the grid out."
        )
    return found


def _component(named: str | Component) -> Component:
    if isinstance(named, Component):
        return named
    if named in SCALAR:
        return SCALAR[named]
    if named in TABULAR:
        kind = "an entry of table rows" if named.endswith("entry") else "a layer of vectors"
        raise SpaceError(
            f"{named} is {kind}, so no sequence of it gives a number for a number. Components of approximate are "
            f"scalar functions: {', '.join(SCALAR)}. For networks use: coeval fit."
        )
    raise SpaceError(
        f"Unknown component {named!r}.{did_you_mean(named, SCALAR)} There are {', '.join(SCALAR)}."
    )


def _iterations(one: Component, plain: Sequence[Component], steps: int | None) -> list[Operation]:
    """Return an iteration bound to each body that the plain components make.

    Raises:
        SpaceError: There is no step budget, or nothing to iterate.
    """
    if steps is None or steps < 1:
        got = "none" if steps is None else str(steps)
        raise SpaceError(
            f"{one.name} iterates, so it needs a step budget of 1 or more, got {got}. Give it one: --steps 1000; "
            "a point that takes longer makes a sequence invalid."
        )
    settings = one.complete({"steps": steps})
    bodies = _searched(plain) if one.name == "mu" else _recursed(plain)
    made = [Operation(one, arity, settings, (body,)) for arity, body in bodies]
    if not made:
        raise SpaceError(
            f"{one.name} iterates another component, got none of one or two operands. Add one, such as add."
        )
    return made


def _recursed(plain: Sequence[Component]) -> Iterator[tuple[int, Region]]:
    """Yield the arity and body of each primitive recursion: over (index, value), or (index, value, context)."""
    for one in plain:
        if one.arity == (1, 1):
            yield 2, _body(one, 2, 1)
        if one.arity == (2, 2):
            yield 2, _body(one, 2, 0, 1)
            yield 3, _body(one, 3, 1, 2)
            if not one.commutative:
                yield 2, _body(one, 2, 1, 0)
                yield 3, _body(one, 3, 2, 1)


def _searched(plain: Sequence[Component]) -> Iterator[tuple[int, Region]]:
    """Yield the arity and body of each minimisation: over (index), or (index, context)."""
    for one in plain:
        if one.arity == (1, 1):
            yield 0, _body(one, 1, 0)
        if one.arity == (2, 2):
            yield 1, _body(one, 2, 0, 1)
            if not one.commutative:
                yield 1, _body(one, 2, 1, 0)


def _body(one: Component, inputs: int, *operands: int) -> Region:
    return Region(inputs, (step(one, operands),), inputs)
