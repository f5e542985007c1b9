"""The space of programs: sequences of scalar steps of one length, legal by construction.

A straight-line program in SSA form (reference C.1, DAG semantics; linear genetic programming, Brameier & Banzhaf
2007): each step applies an operation to any earlier values, the last value is the result, and steps that it does
not depend on are allowed: they are what mutation drifts through. The draws themselves are in ``programs_arrays``.
"""

import functools
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from coeval.architecture.program import WIDTH, Operation, Program, live_steps
from coeval.errors import SpaceError
from coeval.space.programs_arrays import (
    Layout,
    cross_batch,
    mutate_batch,
    pack,
    sample_batch,
    tree_sizes,
    unpack,
)
from coeval.space.protocol import Child, Move

CONSTANTS = (1.0, 2.0, -1.0, 0.5, math.pi)
"""What decisions and iteration choose constants from; sampling and mutation reach every number."""
VALUES = 256
"""Values a program has at most: an operand is one byte."""


@dataclass(frozen=True, slots=True)
class ProgramSpace:
    """Programs of exactly ``length`` steps over some operations.

    Attributes:
        inputs: How many inputs a program has.
        operations: What an operation code stands for.
        length: Steps of every program, those that its result does not depend on included.
        constants: Numbers that every program carries of its own.
        size_limit: Nodes that a step's value may have when it is written out as a tree, leaves included;
            ``None`` for no limit. With it the search is over the set that exact enumeration of trees covers.
        part: The name that moves carry.
    """

    inputs: int
    operations: tuple[Operation, ...]
    length: int
    constants: int = 0
    size_limit: int | None = None
    part: str = "program"

    def __post_init__(self) -> None:
        fault = _fault(self)
        if fault:
            raise SpaceError(fault)

    @property
    def layout(self) -> Layout:
        """Return what the draws need to know, as arrays."""
        return _layout(self)

    def sample(self, rng: np.random.Generator) -> Program:
        """Draw a program: operations evenly, operands half the time among the latest values."""
        return unpack(sample_batch(self.layout, 1, rng))[0]

    def mutate(self, genotype: Program, rng: np.random.Generator) -> Child[Program]:
        """Return a child with one operation, operand or constant changed, sometimes a few more."""
        genes = pack(self.layout, [genotype])
        return self._child(genotype, unpack(mutate_batch(self.layout, genes, 1.0, rng))[0], "point")

    def cross(self, first: Program, second: Program, rng: np.random.Generator) -> Child[Program]:
        """Return the first with a stretch of steps, between one or two cuts, from the second."""
        mine, theirs = pack(self.layout, [first]), pack(self.layout, [second])
        return self._child(first, unpack(cross_batch(self.layout, mine, theirs, rng))[0], "cross")

    def neighbours(self, genotype: Program) -> Iterator[Child[Program]]:
        """Yield every legal program with one operation, operand or constant (from ``CONSTANTS``) changed."""
        seen = {genotype}
        for site, changed in self._changes(genotype):
            if changed not in seen and self.contains(changed):
                seen.add(changed)
                yield Child(changed, (Move("point", self.part, site),))

    def decisions(self, prefix: tuple[int, ...]) -> tuple[str, ...]:
        """Return the options of the next decision: constants, then each step's operation and operands."""
        _, _, options = self._walk(prefix)
        return options

    def decide(self, prefix: tuple[int, ...]) -> Program:
        """Return the program of a complete prefix.

        Raises:
            SpaceError: The prefix is not complete, names an option that does not exist, or the program has
                a value of more than ``size_limit`` nodes.
        """
        code, constants, options = self._walk(prefix)
        if options:
            raise SpaceError(
                f"The prefix of {len(prefix)} decisions is not complete; next: {options[:8]}."
            )
        program = Program(code, constants)
        if not self.contains(program):
            raise SpaceError(f"The program has a value of more than {self.size_limit} nodes.")
        return program

    def size(self) -> int:
        """Return the number of programs in closed form, ``size_limit`` aside: the product over steps of sum m^arity."""
        first = self.inputs + self.constants
        steps = (
            sum((first + step) ** one.arity for one in self.operations)
            for step in range(self.length)
        )
        count: int = math.prod(steps) * len(CONSTANTS) ** self.constants
        return count

    def __iter__(self) -> Iterator[Program]:
        """Yield all programs with constants from ``CONSTANTS`` in the order of their decisions, lazily."""

        def steps(step: int) -> Iterator[bytes]:
            if step == self.length:
                yield b""
                return
            for one in self._steps(step):
                for rest in steps(step + 1):
                    yield one + rest

        for constants in itertools.product(CONSTANTS, repeat=self.constants):
            for code in steps(0):
                program = Program(code, constants)
                if self.size_limit is None or self.contains(program):
                    yield program

    def contains(self, genotype: Program) -> bool:
        """Return whether the program has the space's form, refers backwards only, and stays within ``size_limit``."""
        if len(genotype.constants) != self.constants:
            return False
        if genotype.length != self.length or len(genotype.code) != WIDTH * self.length:
            return False
        if not all(math.isfinite(value) for value in genotype.constants):
            return False
        if not all(self._is_legal(step, genotype) for step in range(self.length)):
            return False
        return self.size_limit is None or max(self._sizes(genotype)) <= self.size_limit

    def fitted(self, program: Program) -> Program:
        """Return a program of at most ``length`` steps, such as the exact bank's, as a member: filled up in front.

        Raises:
            SpaceError: It has too many steps or constants, or a value of too many nodes.
        """
        missing, first = self.length - program.length, self.inputs + len(program.constants)
        spare = self.constants - len(program.constants)
        if missing < 0 or spare < 0:
            raise SpaceError(
                f"A program of {program.length} steps and {len(program.constants)} constants does not fit "
                f"{self.length} steps and {self.constants} constants. Raise length or constants."
            )
        steps = [program.code[at : at + WIDTH] for at in range(0, len(program.code), WIDTH)]
        shifted = b"".join(self._shifted(one, first, spare + missing) for one in steps)
        filler = next(one for one in self._steps(0))
        fitted = Program(filler * missing + shifted, program.constants + CONSTANTS[:1] * spare)
        if not self.contains(fitted):
            raise SpaceError(
                f"The program of {program.length} steps is no member of the space: an unknown operation, "
                f"a reference forwards, or a value of more than size_limit={self.size_limit} nodes."
            )
        return fitted

    def encode(self, genotype: Program) -> np.ndarray:
        """Return how often the live steps use each operation, each input, and how many they are; then the constants."""
        live = live_steps(genotype, self.inputs, self.operations)
        counts = np.zeros(len(self.operations) + self.inputs + 1)
        for step in live:
            one = genotype.code[WIDTH * step : WIDTH * (step + 1)]
            counts[one[0]] += 1
            for operand in one[1 : 1 + self.operations[one[0]].arity]:
                if operand < self.inputs:
                    counts[len(self.operations) + operand] += 1
        counts[-1] = len(live)
        return np.concatenate([counts, np.asarray(genotype.constants, dtype=np.float64)])

    def to_json(self, genotype: Program) -> str:
        """Return the code in hexadecimal digits, then the constants after colons."""
        return ":".join((genotype.code.hex(), *map(repr, genotype.constants)))

    def from_json(self, value: Any) -> Program:
        """Return the program that ``to_json`` wrote.

        Raises:
            SpaceError: The value is no text of that form, or the program is no member.
        """
        if not isinstance(value, str):
            raise SpaceError(f"Expected a program's text, got {type(value).__name__}.")
        code, *constants = value.split(":")
        try:
            program = Program(bytes.fromhex(code), tuple(map(float, constants)))
        except ValueError:
            raise SpaceError(
                f"Expected hexadecimal code and numbers after colons, got {value[:40]!r}."
            ) from None
        if not self.contains(program):
            raise SpaceError(
                f"Expected a program of {self.length} steps and {self.constants} constants over "
                f"{len(self.operations)} operations and {self.inputs} inputs, got {value[:40]!r}."
            )
        return program

    def _child(self, parent: Program, child: Program, name: str) -> Child[Program]:
        if child == parent:
            return Child(parent, ())
        pairs = zip(_steps_of(parent), _steps_of(child), strict=True)
        site = ".".join(str(step) for step, (old, new) in enumerate(pairs) if old != new)
        return Child(child, (Move(name, self.part, site),))

    def _changes(self, genotype: Program) -> Iterator[tuple[str, Program]]:
        for step, old in enumerate(_steps_of(genotype)):
            arity = self.operations[old[0]].arity
            values = range(self.inputs + self.constants + step)
            for operation, one in enumerate(self.operations):
                kept = bytes([operation, *old[1 : 1 + one.arity]])
                yield str(step), _replaced(genotype, step, kept.ljust(WIDTH, b"\0"))
            for place, value in itertools.product(range(1, 1 + arity), values):
                changed = old[:place] + bytes([value]) + old[place + 1 :]
                yield str(step), _replaced(genotype, step, changed)
        for place, number in itertools.product(range(self.constants), CONSTANTS):
            numbers = list(genotype.constants)
            numbers[place] = number
            yield f"c{place}", Program(genotype.code, tuple(numbers))

    def _walk(self, prefix: tuple[int, ...]) -> tuple[bytes, tuple[float, ...], tuple[str, ...]]:
        """Return code and constants of a prefix, and the options of the decision that follows."""
        left = iter(prefix)
        constants: list[float] = []
        for _ in range(self.constants):
            taken = next(left, None)
            if taken is None:
                return b"", (), tuple(map(str, CONSTANTS))
            constants.append(CONSTANTS[_option(taken, len(CONSTANTS))])
        code = b""
        for step in range(self.length):
            names = self._names(step)
            taken = next(left, None)
            if taken is None:
                return b"", (), tuple(f"{i}:{one.name}" for i, one in enumerate(self.operations))
            chosen = [_option(taken, len(self.operations))]
            for _ in range(self.operations[taken].arity):
                operand = next(left, None)
                if operand is None:
                    return b"", (), names
                chosen.append(_option(operand, len(names)))
            code += bytes(chosen).ljust(WIDTH, b"\0")
        if next(left, None) is not None:
            raise SpaceError(f"A program takes fewer than {len(prefix)} decisions here.")
        return code, tuple(constants), ()

    def _names(self, step: int) -> tuple[str, ...]:
        counts = (("x", self.inputs), ("c", self.constants), ("s", step))
        return tuple(f"{kind}{index}" for kind, count in counts for index in range(count))

    def _steps(self, step: int) -> Iterator[bytes]:
        values = range(self.inputs + self.constants + step)
        for operation, one in enumerate(self.operations):
            for operands in itertools.product(values, repeat=one.arity):
                yield bytes([operation, *operands]).ljust(WIDTH, b"\0")

    def _is_legal(self, step: int, program: Program) -> bool:
        one = program.code[WIDTH * step : WIDTH * (step + 1)]
        if one[0] >= len(self.operations):
            return False
        arity, values = self.operations[one[0]].arity, self.inputs + self.constants + step
        return all(operand < values for operand in one[1 : 1 + arity]) and not any(one[1 + arity :])

    def _sizes(self, program: Program) -> list[int]:
        return [int(size) for size in tree_sizes(self.layout, pack(self.layout, [program]))[0]]

    def _shifted(self, step: bytes, first: int, by: int) -> bytes:
        """Return a step whose references to values from ``first`` on are moved up."""
        operation = step[0]
        if operation >= len(self.operations):
            return step
        moved = [
            value + by if place < self.operations[operation].arity and value >= first else value
            for place, value in enumerate(step[1:])
        ]
        return bytes([operation, *moved])


def _option(taken: int, count: int) -> int:
    if not 0 <= taken < count:
        raise SpaceError(f"A decision has options 0..{count - 1}, got {taken}.")
    return taken


def _steps_of(program: Program) -> list[bytes]:
    return [program.code[at : at + WIDTH] for at in range(0, len(program.code), WIDTH)]


def _replaced(program: Program, step: int, one: bytes) -> Program:
    at = WIDTH * step
    return Program(program.code[:at] + one + program.code[at + WIDTH :], program.constants)


def _fault(space: ProgramSpace) -> str:
    values = space.inputs + space.constants + space.length
    widest = max((one.arity for one in space.operations), default=0)
    if not 1 <= len(space.operations) <= VALUES or widest >= WIDTH:
        return f"operations must be 1 to {VALUES} of arity 0 to {WIDTH - 1}, got {len(space.operations)} up to arity {widest}."
    if space.inputs < 1 or space.constants < 0 or space.length < 1:
        return f"inputs and length must be at least 1 and constants at least 0, got {space.inputs}, {space.length} and {space.constants}."
    if values > VALUES:
        return (
            f"A program has at most {VALUES} values, got {space.inputs} inputs + {space.constants} constants "
            f"+ {space.length} steps = {values}. Lower length."
        )
    if space.size_limit is not None and space.size_limit <= widest:
        return f"size_limit must be at least {widest + 1}, one operation and its leaves, got {space.size_limit}."
    return ""


@functools.lru_cache(maxsize=256)
def _layout(space: ProgramSpace) -> Layout:
    arity = np.array([one.arity for one in space.operations], dtype=np.uint8)
    commutative = np.array([one.component.commutative for one in space.operations], dtype=bool)
    return Layout(space.inputs, space.constants, space.length, arity, commutative, space.size_limit)
