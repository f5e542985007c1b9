"""Programs: sequences of scalar steps in compact form, the genotype of numeric spaces.

A search over scalar functions tries hundreds of thousands of sequences, so a genotype is a few bytes;
``to_architecture`` gives the ordinary representation, in which it is shown, stored and exported.
"""

from collections.abc import Sequence as Many
from dataclasses import dataclass

from coeval.architecture.component import Component, Settings
from coeval.architecture.step import Architecture, Region, Step
from coeval.architecture.types import Scalar

WIDTH = 4
"""Bytes a step: an operation and three operands."""


@dataclass(frozen=True, slots=True)
class Operation:
    """A component with its settings and regions bound: what one operation code stands for.

    Attributes:
        component: A scalar component.
        arity: How many operands it takes, 0 to 3.
        settings: All its settings.
        regions: Its nested regions.
    """

    component: Component
    arity: int
    settings: Settings = ()
    regions: tuple[Region, ...] = ()

    @property
    def name(self) -> str:
        """Return the component's name with what is bound, such as ``primitive_recursion[mul]``."""
        bodies = ["·".join(step.component.name for step in one.steps) for one in self.regions]
        return self.component.name + "".join(f"[{body}]" for body in bodies)


@dataclass(frozen=True, slots=True)
class Program:
    """A sequence of scalar steps. Its values are the inputs, then the constants, then a value for each step.

    Attributes:
        code: Four bytes a step: index of the operation, then three indices of earlier values (0 where
            the operation takes fewer). The last value is the program's result.
        constants: Numbers that every example shares.
    """

    code: bytes = b""
    constants: tuple[float, ...] = ()

    @property
    def length(self) -> int:
        """Return the number of steps, those included that the result does not depend on."""
        return len(self.code) // WIDTH


def make_program(steps: Many[Many[int]], constants: Many[float] = ()) -> Program:
    """Return the program of steps such as ``(operation, first, second)``."""
    code = b"".join(bytes(one) + bytes(WIDTH - len(one)) for one in steps)
    return Program(code, tuple(constants))


def live_steps(program: Program, inputs: int, operations: Many[Operation]) -> tuple[int, ...]:
    """Return the steps that the result depends on, in order.

    Args:
        program: The sequence.
        inputs: How many inputs it has.
        operations: What its operation codes stand for.
    """
    first = inputs + len(program.constants)
    live: list[int] = []
    wanted = {first + program.length - 1}
    for step in range(program.length - 1, -1, -1):
        if first + step in wanted:
            live.append(step)
            wanted.update(_operands(program, step, operations))
    return tuple(reversed(live))


def to_architecture(
    program: Program, inputs: int, operations: Many[Operation], const: Component
) -> Architecture:
    """Return the program in the ordinary representation, dead steps left out.

    Args:
        program: The sequence.
        inputs: How many inputs it has.
        operations: What its operation codes stand for.
        const: The component of constants.
    """
    first, last = (
        inputs + len(program.constants),
        inputs + len(program.constants) + program.length - 1,
    )
    live = live_steps(program, inputs, operations)
    operands = {step: _operands(program, step, operations) for step in live}
    wanted = {last}.union(*operands.values())
    numbers = {index: index for index in range(inputs)}
    steps: list[Step] = []
    for index, value in enumerate(program.constants, inputs):
        if index in wanted:
            numbers[index] = inputs + len(steps)
            steps.append(Step(const, const.complete({"value": value}), ()))
    for step, taken in operands.items():
        operation = operations[program.code[WIDTH * step]]
        references = tuple(numbers[index] for index in taken)
        numbers[first + step] = inputs + len(steps)
        steps.append(Step(operation.component, operation.settings, references, operation.regions))
    return Architecture((Scalar(),) * inputs, Region(inputs, tuple(steps), numbers[last]))


def _operands(program: Program, step: int, operations: Many[Operation]) -> tuple[int, ...]:
    start = WIDTH * step
    arity = operations[program.code[start]].arity
    return tuple(program.code[start + 1 : start + 1 + arity])
