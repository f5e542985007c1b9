"""Random programs over scalar components, for property tests of the numeric backend."""

import math

from hypothesis import strategies as st

from coeval.architecture.program import WIDTH, Operation, Program, make_program
from coeval.architecture.step import Architecture, Region, step
from coeval.architecture.types import Scalar
from coeval.component import scalar
from coeval.component.library import SCALAR

BUDGET = {"steps": 50}
PRODUCT = Region(2, (step(scalar.SUCCESSOR, 0), step(scalar.MUL, (2, 1))), 3)
"""(index + 1) · value: iterated from 1 it gives the factorial."""
LACKING = Region(2, (step(scalar.SUB, (0, 1)),), 2)
"""index - context: 0 where the index equals it."""
FACTORIAL = Operation(
    scalar.PRIMITIVE_RECURSION, 2, scalar.PRIMITIVE_RECURSION.complete(BUDGET), (PRODUCT,)
)
WHOLE = Operation(scalar.MU, 1, scalar.MU.complete(BUDGET), (LACKING,))
PLAIN = tuple(
    Operation(one, one.arity[0], one.complete({}))
    for one in SCALAR.values()
    if not one.regions and one.name != "const"
)
ALL = (*PLAIN, FACTORIAL, WHOLE)
_ROUNDED = ("pow", "exp", "log", "sin", "cos", "tan", "tanh")
EXACT = tuple(one for one in ALL if one.component.name not in _ROUNDED)
"""Those that IEEE 754 rounds correctly: every implementation agrees to the bit."""
NUMBERS = st.floats(-20, 20).map(lambda value: round(value, 3) + 0.0)


def operation(name: str) -> Operation:
    return next(one for one in PLAIN if one.name == name)


def architecture(*steps, inputs: int = 1) -> Architecture:
    return Architecture((Scalar(),) * inputs, Region(inputs, steps, inputs + len(steps) - 1))


@st.composite
def programs(draw, operations=PLAIN, inputs: int = 2, most: int = 7) -> Program:
    constants = draw(st.lists(NUMBERS, max_size=2))
    known = inputs + len(constants)
    steps = []
    for number in range(draw(st.integers(1, most))):
        code = draw(st.integers(0, len(operations) - 1))
        last = known + number - 1
        operands = [draw(st.integers(0, last)) for _ in range(operations[code].arity)]
        steps.append((code, *operands))
    return make_program(steps, constants)


def by_hand(program: Program, row, operations) -> float:
    """The program in plain Python, one row: NaN where a live step is not a finite number."""
    known = [*row, *program.constants]
    found = dict(enumerate(known))

    def value(index: int) -> float:
        if index not in found:
            start = WIDTH * (index - len(known))
            one = operations[program.code[start]]
            operands = [value(i) for i in program.code[start + 1 : start + 1 + one.arity]]
            found[index] = plain(one.component.name, operands)
        return found[index]

    return value(len(known) + program.length - 1)


def plain(name: str, operands: list[float]) -> float:
    if not all(map(math.isfinite, operands)):
        return math.nan
    try:
        result = REFERENCE[name](*operands)
    except (ValueError, ZeroDivisionError, OverflowError):
        return math.nan
    return result if isinstance(result, float) and math.isfinite(result) else math.nan


def factorial(count: float, start: float) -> float:
    if not count.is_integer() or not 0 <= count <= BUDGET["steps"]:
        return math.nan
    for index in range(int(count)):
        start = (index + 1) * start
    return start


def whole(value: float) -> float:
    return value if value.is_integer() and 0 <= value < BUDGET["steps"] else math.nan


REFERENCE = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": math.pow,
    "neg": lambda a: -a,
    "inv": lambda a: 1 / a,
    "square": lambda a: a * a,
    "cube": lambda a: a * a * a,
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "tanh": math.tanh,
    "abs": math.fabs,
    "min": min,
    "max": max,
    "less": lambda a, b: float(a < b),
    "select": lambda a, b, c: b if a > 0 else c,
    "identity": lambda a: a,
    "successor": lambda a: a + 1,
    "primitive_recursion": factorial,
    "mu": whole,
}
