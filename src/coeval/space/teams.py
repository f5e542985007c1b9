"""Spaces of whole candidates on numbers: one program, or a team of modules that least squares joins.

A team is an ordinary candidate, one part a module (Potter & De Jong 2000, doi:10.1162/106365600568086). Teams of
fewer modules than the space allows hold ``ABSENT`` in the parts left over, so that a run may add and drop modules.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from coeval.architecture.program import Program, to_architecture
from coeval.architecture.step import Architecture
from coeval.component.library import SCALAR
from coeval.errors import SpaceError
from coeval.space.product import ProductSpace
from coeval.space.programs import ProgramSpace
from coeval.space.protocol import Candidate, Child, Move

PROGRAM = "program"
"""The only part of a candidate that is one program."""
ABSENT = Program(b"", (0.0,))
"""What stands in the part of a module that a team does not have: the constant 0, which adds nothing."""


def module_name(slot: int) -> str:
    """Return the name of a team's part: ``module-1`` for slot 0."""
    return f"module-{slot + 1}"


def single(program: Program) -> Candidate:
    """Return the candidate that is one program."""
    return Candidate(((PROGRAM, program),))


def team(modules: Iterable[Program], slots: int) -> Candidate:
    """Return the team of some modules, the slots left over being absent.

    Args:
        modules: At most ``slots`` programs.
        slots: Parts of the candidate.

    Raises:
        ValueError: There are more modules than slots.
    """
    present = tuple(modules)
    if len(present) > slots:
        raise ValueError(f"A team has at most {slots} modules here, got {len(present)}.")
    filled = present + (ABSENT,) * (slots - len(present))
    return Candidate(tuple((module_name(slot), one) for slot, one in enumerate(filled)))


def modules_of(candidate: Candidate) -> tuple[Program, ...]:
    """Return the programs of a candidate in order: its modules but the absent ones, or its one program."""
    programs = (part for _, part in candidate.parts if isinstance(part, Program))
    return tuple(one for one in programs if one.code)


def program_space(space: ProgramSpace) -> ProductSpace:
    """Return the space of candidates that are one program of ``space``."""

    def architecture(candidate: Candidate) -> Architecture:
        program = modules_of(candidate)[0]
        return to_architecture(program, space.inputs, space.operations, SCALAR["const"])

    return ProductSpace({PROGRAM: space}, typing=architecture)


def team_space(space: ProgramSpace, slots: int) -> ProductSpace:
    """Return the space of teams of at most ``slots`` modules.

    Args:
        space: What each module is drawn from.
        slots: Modules at most.

    Raises:
        SpaceError: ``slots`` is below 1.
    """
    if slots < 1:
        raise SpaceError(f"A team needs at least 1 module, got slots={slots}.")
    modules = ModuleSpace(space)
    parts = {module_name(slot): modules for slot in range(slots)}
    return ProductSpace(parts, typing=_no_architecture)


@dataclass(frozen=True, slots=True)
class ModuleSpace:
    """The programs of a space, and ``ABSENT``.

    Attributes:
        programs: What a module that is there may be.
    """

    programs: ProgramSpace

    def sample(self, rng: np.random.Generator) -> Program:
        """Draw a module, absent one time in four."""
        return ABSENT if rng.random() < 0.25 else self.programs.sample(rng)

    def mutate(self, genotype: Program, rng: np.random.Generator) -> Child[Program]:
        """Return a mutated module; an absent one appears, a present one seldom leaves."""
        if genotype == ABSENT:
            return Child(self.programs.sample(rng), (Move("appear", self.programs.part),))
        if rng.random() < 0.05:
            return Child(ABSENT, (Move("leave", self.programs.part),))
        return self.programs.mutate(genotype, rng)

    def cross(self, first: Program, second: Program, rng: np.random.Generator) -> Child[Program]:
        """Return a mix of two modules; the one that is there where the other is absent."""
        if first == ABSENT and second != ABSENT:
            return Child(second, (Move("appear", self.programs.part),))
        if ABSENT in (first, second):
            return Child(first, ())
        return self.programs.cross(first, second, rng)

    def neighbours(self, genotype: Program) -> Iterator[Child[Program]]:
        """Yield every module one edit away, then absence; from absence, every module, which only small spaces can walk."""
        if genotype == ABSENT:
            for program in self.programs:
                yield Child(program, (Move("appear", self.programs.part),))
            return
        yield from self.programs.neighbours(genotype)
        yield Child(ABSENT, (Move("leave", self.programs.part),))

    def decisions(self, prefix: tuple[int, ...]) -> tuple[str, ...]:
        """Return the options of the next decision: absent or present, then the program's."""
        if not prefix:
            return ("absent", "present")
        if prefix[0] not in (0, 1):
            raise SpaceError(f"A decision has options 0..1, got {prefix[0]}: absent, present.")
        if prefix[0] == 0 and len(prefix) > 1:
            raise SpaceError("An absent module takes no further decisions.")
        return self.programs.decisions(prefix[1:]) if prefix[0] else ()

    def decide(self, prefix: tuple[int, ...]) -> Program:
        """Return the module of a complete prefix."""
        if self.decisions(prefix):
            raise SpaceError(f"The prefix of {len(prefix)} decisions is not complete.")
        return self.programs.decide(prefix[1:]) if prefix[0] else ABSENT

    def size(self) -> int:
        """Return one more than the programs' number."""
        return 1 + self.programs.size()

    def __iter__(self) -> Iterator[Program]:
        """Yield absence, then the programs in order."""
        yield ABSENT
        yield from self.programs

    def contains(self, genotype: Program) -> bool:
        """Return whether it is absent or a member program."""
        return genotype == ABSENT or self.programs.contains(genotype)

    def encode(self, genotype: Program) -> np.ndarray:
        """Return the program's encoding; zeros for an absent one."""
        if genotype == ABSENT:
            width = len(self.programs.operations) + self.programs.inputs + 1
            return np.zeros(width + self.programs.constants)
        return self.programs.encode(genotype)

    def to_json(self, genotype: Program) -> str:
        """Return the program's text; an empty one for an absent module."""
        return "" if genotype == ABSENT else self.programs.to_json(genotype)

    def from_json(self, value: object) -> Program:
        """Return the module that ``to_json`` wrote."""
        return ABSENT if value == "" else self.programs.from_json(value)


def _no_architecture(candidate: Candidate) -> Architecture:
    raise SpaceError(
        f"A team of {len(modules_of(candidate))} modules is no architecture without its least-squares weights. "
        "Take them from its trial's measurement, data['weights']."
    )
