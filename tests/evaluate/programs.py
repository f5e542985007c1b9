"""A small world of programs: operations, random programs and teams, and points."""

from functools import cache

import numpy as np

from coeval.architecture.program import Operation, Program, make_program
from coeval.component.library import SCALAR
from coeval.space.protocol import Candidate, Move
from coeval.trial import Proposal, Trial

NAMES = ("add", "sub", "mul", "div", "sin", "cos", "exp", "log", "cube", "less", "select", "pow")
OPERATIONS = tuple(Operation(SCALAR[name], SCALAR[name].arity[0]) for name in NAMES)
CODE = {name: code for code, name in enumerate(NAMES)}


@cache
def columns(rows: int = 64, inputs: int = 2) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(7)
    return tuple(rng.uniform(-2.0, 3.0, rows) for _ in range(inputs))


@cache
def target(rows: int = 64) -> np.ndarray:
    x, y = columns(rows)
    return np.sin(x) * y + 0.3 * x + 0.1 * np.random.default_rng(8).normal(size=rows)


def program(*steps: tuple, constants: tuple[float, ...] = ()) -> Program:
    """Steps such as ``("add", 0, 1)`` over two inputs."""
    return make_program([(CODE[name], *operands) for name, *operands in steps], constants)


def drawn(rng: np.random.Generator, length: int = 6, inputs: int = 2) -> Program:
    constants = tuple(rng.normal(size=int(rng.integers(3))).tolist())
    first = inputs + len(constants)
    steps = []
    for step in range(length):
        code = int(rng.integers(len(OPERATIONS)))
        operands = [int(rng.integers(first + step)) for _ in range(OPERATIONS[code].arity)]
        steps.append((code, *operands))
    return make_program(steps, constants)


def single(one: Program) -> Candidate:
    return Candidate((("program", one),))


def team(*modules: Program) -> Candidate:
    return Candidate(tuple((f"module-{place}", one) for place, one in enumerate(modules, 1)))


def trial(number: int, candidate: Candidate, *moved: str, **facts) -> Trial:
    moves = tuple(Move("vary", name) for name in moved)
    return Trial(number, Proposal(candidate, moves=moves, **facts))
