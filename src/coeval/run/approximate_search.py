"""The coevolutionary part of an approximation: teams of short programs, seeded by the exact search."""

import contextlib
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coeval.architecture.program import WIDTH, Operation, Program, live_steps
from coeval.build.numeric.answer import Answer
from coeval.component.scalar import CONST
from coeval.errors import SpaceError
from coeval.evaluate.numeric import NumericEvaluator
from coeval.exact.certificate import Semantics
from coeval.exact.seeds import best_kept
from coeval.exact.solve import Solution
from coeval.run.approximate_components import Material
from coeval.run.approximate_fit import fitted, polished
from coeval.run.approximate_plan import COEVOLUTION, GENETIC, Plan
from coeval.run.approximate_result import errors
from coeval.run.approximate_simplify import terms, with_identity
from coeval.run.budget import Budget
from coeval.run.run import Run
from coeval.run.search import search
from coeval.space.product import ProductSpace
from coeval.space.programs import ProgramSpace
from coeval.space.teams import modules_of, program_space, team_space
from coeval.store.protocol import Note, Store
from coeval.strategy.cooperative import CooperativeCoevolution
from coeval.strategy.genetic import GeneticProgramming
from coeval.strategy.protocol import Strategy
from coeval.task.points import Points
from coeval.trial import Objective, Trial

OBJECTIVE = Objective("nmse")
BATCH = 500
_SEEDS = 60

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found.

    Attributes:
        answer: The best program or team with its weights; ``None`` where none was defined on all points.
        sse: Its sum of squared errors on the points fitted.
        origin: Which search found it.
        run: The search's trials; ``None`` where it has none.
    """

    answer: Answer | None
    sse: float
    origin: str
    run: Run | None = None


def coevolve(
    points: Points,
    material: Material,
    length: int,
    semantics: Semantics,
    *,
    slots: int,
    seconds: float,
    seed: int,
    seeds: Sequence[Program] = (),
    store: Store | None = None,
    on_event: Callable[[Trial | Note], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Found:
    """Search for sequences of at most a length.

    Teams of modules coevolve, which together are no longer than that; with one slot, one population
    breeds whole programs.

    Args:
        points: Those to fit.
        material: What sequences are made of.
        length: Most nodes (trees) or steps (DAGs).
        semantics: ``"tree"`` or ``"dag"``.
        slots: Modules of a team at most; 1 where no weights may be fitted.
        seconds: Wall clock.
        seed: Source of chance.
        seeds: Programs that join the first generation where they fit.
        store: The journal; in memory if not given.
        on_event: Called with every record.
        stop: Asked often; True ends the search.
    """
    operations = search_operations(material)
    space = _space(points, operations, length // slots, semantics, _free(material))
    fitting = _members(space, _translated(material, seeds))
    strategy: Strategy = GeneticProgramming(space, OBJECTIVE, seed, seeds=fitting)
    if slots > 1:
        strategy = CooperativeCoevolution(
            space, OBJECTIVE, seed, slots=slots, start=2, seeds=fitting
        )
    run = search(
        points,
        team_space(space, slots) if slots > 1 else program_space(space),
        strategy,
        NumericEvaluator(
            points.columns, points.target, operations, "linear" if material.is_weighted else "none"
        ),
        Budget(seconds=seconds),
        objective=OBJECTIVE,
        store=store,
        batch=BATCH,
        on_event=on_event,
        stop=stop,
        seed=seed,
    )
    origin = COEVOLUTION if slots > 1 else GENETIC
    answer, sse = _best(run, points, operations, material)
    return Found(answer, sse, origin, run)


def _best(
    run: Run, points: Points, operations: tuple[Operation, ...], material: Material
) -> tuple[Answer | None, float]:
    if run.best is None:
        return None, math.inf
    named, inputs = with_identity(operations), len(points.columns)
    programs = modules_of(run.best.proposal.candidate)
    if not material.is_weighted:
        answer = Answer(programs, (), named, inputs)
        return answer, errors(answer.predict(points.columns), points.target).sse
    split = [term for one in programs for term in terms(one, inputs, named)]
    simple = list(dict.fromkeys(split))
    enough = len(simple) + 1 < points.rows // 2
    answer, sse = fitted(simple if enough else programs, named, points)
    if material.constants == "nonlinear":
        answer, sse = polished(answer, points, sse)
    return answer, sse


def candidates(points: Points, material: Material, plan: Plan) -> ProductSpace:
    """Return the space of the candidates that a journal of the last search holds: teams, or whole programs.

    Args:
        points: What is approximated.
        material: What sequences are made of.
        plan: What is asked for.
    """
    slots = modules(plan.length) if material.is_weighted else 1
    operations = search_operations(material)
    space = _space(points, operations, plan.length // slots, plan.semantics, _free(material))
    return team_space(space, slots) if slots > 1 else program_space(space)


def modules(length: int) -> int:
    """Return how many modules a team has at most: more where the length allows, each long enough to compute something."""
    return max(1, min(8, length // 3, round(math.sqrt(length) / 1.5)))


def search_operations(material: Material) -> tuple[Operation, ...]:
    """Return the operations, and each number as one without operands, which no mutation changes.

    Where constants are fitted anywhere, programs carry numbers of their own instead.
    """
    if material.constants == "nonlinear":
        return material.operations
    numbers = [Operation(CONST, 0, CONST.complete({"value": one})) for one in material.numbers]
    return (*material.operations, *numbers)


def seeds_of(solution: Solution, points: Points) -> list[Program]:
    """Return the exact search's best programs: those on its front, and the short ones that fit the target best.

    Args:
        solution: Of the same points.
        points: Those fitted.
    """
    front = [program for one in solution.front for program in one.programs]
    best = best_kept(solution.bank, points.target, _SEEDS)
    return [*front, *(program for one in best for program in one.programs)]


def length_of(answer: Answer, semantics: Semantics) -> int:
    """Return an answer's length as the exact search counts: nodes of its trees, or steps; numbers are free in DAGs.

    Args:
        answer: Its operations end with ``identity``, which is free.
        semantics: What is counted.
    """
    if semantics == "tree":
        return sum(_nodes(program, answer) for program in answer.programs)
    free = ("const", "identity")
    return sum(one.component.name not in free for one in answer.steps)


def _nodes(program: Program, answer: Answer) -> int:
    first = answer.inputs + len(program.constants)
    sizes = [1] * first + [0] * program.length
    bare = len(answer.operations) - 1  # ``identity``, which only says that an input is the result
    for step in live_steps(program, answer.inputs, answer.operations):
        code = program.code[WIDTH * step : WIDTH * (step + 1)]
        operation = answer.operations[code[0]]
        inner = sum(sizes[index] for index in code[1 : 1 + operation.arity])
        sizes[first + step] = inner + (code[0] != bare)
    return sizes[-1]


def _free(material: Material) -> int:
    """Return how many constants a module carries of its own."""
    return 2 if material.constants == "nonlinear" else 0


def _space(
    points: Points, operations: Sequence[Operation], size: int, semantics: Semantics, free: int
) -> ProgramSpace:
    widest = max(one.arity for one in operations)
    nodes = max(size, widest + 1) if semantics == "tree" else None
    return ProgramSpace(
        len(points.columns), tuple(operations), max(1, size), constants=free, size_limit=nodes
    )


def _translated(material: Material, programs: Sequence[Program]) -> list[Program]:
    """Return the exact search's programs over ``search_operations``, bare inputs left out.

    The numbers that a program carries become its first steps, and so keep their places.
    """
    identity = len(material.operations)
    codes = {value: identity + place for place, value in enumerate(material.numbers)}
    made = []
    for one in programs:
        if not one.code or identity in one.code[::WIDTH]:
            continue
        if material.constants == "nonlinear":
            made.append(one)
            continue
        steps = [bytes([codes[value]]).ljust(WIDTH, b"\0") for value in one.constants]
        made.append(Program(b"".join(steps) + one.code))
    return made


def _members(space: ProgramSpace, programs: Iterable[Program]) -> list[Program]:
    """Return those that the space holds: a seed may be longer than a module."""
    members = []
    for one in programs:
        with contextlib.suppress(SpaceError):
            space.fitted(one)
            members.append(one)
    return members
