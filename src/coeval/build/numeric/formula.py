"""A sequence of scalar steps as a formula that a person reads and SymPy parses, and as LaTeX.

Brackets stand only where the order of operations needs them. Constants are written so that they read back
as the same float64. An iteration is a function with a number, which ``iterations`` explains.
"""

import builtins
import keyword
import re
from collections.abc import Callable, Sequence

from coeval.architecture.component import Component
from coeval.architecture.step import Architecture, Region, Step
from coeval.errors import SpaceError

MOST_TERMS = 2_000
"""A sequence that uses its results many times over doubles its formula with each of them."""

Term = tuple[str, int]
"""A formula and how tightly its outermost operation binds."""

SUM, PRODUCT, POWER, ATOM = 1, 2, 3, 4
_PLAIN = re.compile(r"[a-z]\d*")


def formula(architecture: Architecture, names: Sequence[str]) -> str:
    """Return the formula of an architecture of scalars.

    Args:
        architecture: Its inputs and steps are scalars.
        names: One for each input, as ``symbols`` makes them.

    Raises:
        SpaceError: Written out, it has more than ``MOST_TERMS`` terms.

    Example:
        >>> from coeval.architecture.step import sequence, step
        >>> from coeval.architecture.types import Scalar
        >>> from coeval.component import scalar
        >>> steps = [step(scalar.SIN, 0), step(scalar.SUB, (0, 1)), step(scalar.SQUARE, 2)]
        >>> formula(Architecture((Scalar(),), sequence(1, steps)), ["x"])
        '(x - sin(x))**2'
    """
    body = architecture.body
    terms = _size(body)
    if terms > MOST_TERMS:
        raise SpaceError(
            f"Written out as one formula this sequence has {terms:,} terms, as it uses its steps many times "
            f"over; at most {MOST_TERMS:,} are written. Read its steps instead."
        )
    return _written(body, [(one, ATOM) for one in names], iterations_of(body))[0]


def latex(architecture: Architecture, names: Sequence[str]) -> str:
    """Return the formula as LaTeX, laid out by SymPy.

    Args:
        architecture: Its inputs and steps are scalars.
        names: One for each input, as ``symbols`` makes them.

    Raises:
        SpaceError: As ``formula``.
    """
    import sympy  # noqa: PLC0415 - takes half a second

    text: str = sympy.latex(sympy.sympify(formula(architecture, names)))
    return text


def symbols(names: Sequence[str]) -> list[str]:
    """Return names that SymPy reads as symbols: ``petal width`` becomes ``petal_width``, ``E`` becomes ``E_``.

    They differ where the given names do.
    """
    found: list[str] = []
    for name in names:
        one = re.sub(r"\W", "_", name, flags=re.ASCII) or "_"
        one = f"x_{one}" if one[0].isdigit() else one
        while one in found or _is_taken(one):
            one += "_"
        found.append(one)
    return found


def iterations_of(region: Region) -> dict[Step, str]:
    """Return the distinct iterations of a region, nested ones included, and their names in formulas.

    The steps' inputs are left out, for an iteration is the same function wherever it is applied.
    """
    found: dict[Step, str] = {}
    for one in region.steps:
        for inner in one.regions:
            for nested in iterations_of(inner):
                found.setdefault(nested, "")
        if one.regions:
            found.setdefault(_function(one), "")
    kinds: dict[str, int] = {}
    for one in found:
        kinds[one.component.name] = kinds.get(one.component.name, 0) + 1
        found[one] = f"{one.component.name}{kinds[one.component.name]}"
    return found


def iterations(architecture: Architecture) -> list[str]:
    """Return a line for each iteration that ``formula`` names, which says what it computes."""
    found = iterations_of(architecture.body)
    return [_explained(one, name, found) for one, name in found.items()]


def number(value: float) -> str:
    """Return a float64 as text that reads back as the same number: ``2`` for 2.0, ``0.1`` for 0.1."""
    whole = value == int(value) and abs(value) < 1e15
    return str(int(value)) if whole else repr(float(value))


def call(component: Component, operands: Sequence[Term], value: float = 0.0) -> Term:
    """Return one component applied to formulas; ``value`` is a constant's."""
    if "constant" in component.capabilities:
        text = number(value)
        return text, PRODUCT if text.startswith("-") else ATOM
    write = _WRITTEN.get(component.name)
    return write(*operands) if write else _call(component.name, operands)


def added(first: Term, second: Term) -> Term:
    """Return a sum; a second term with a sign is subtracted."""
    text, _ = second
    joint = f" - {text[1:]}" if text.startswith("-") else f" + {text}"
    return first[0] + joint, SUM


def multiplied(first: Term, second: Term) -> Term:
    """Return a product; a sign stands only in front, and a factor 1/x divides."""
    if second[0].startswith("1/") and second[1] == PRODUCT:
        return f"{_in(first, PRODUCT)}{second[0][1:]}", PRODUCT
    left = _in(first, PRODUCT)
    right = f"({second[0]})" if second[0].startswith("-") else _in(second, PRODUCT)
    return f"{left}*{right}", PRODUCT


def _size(region: Region) -> int:
    """Return how many terms the formula of a region has."""
    sizes = [1] * region.inputs
    for one in region.steps:
        sizes.append(1 + sum(sizes[index] for index in one.inputs))
    return max([sizes[region.output], *(_size(b) for one in region.steps for b in one.regions)])


def _written(region: Region, names: Sequence[Term], functions: dict[Step, str]) -> Term:
    known: dict[int, Term] = dict(enumerate(names))

    def value(index: int) -> Term:
        if index not in known:
            one = region.steps[index - region.inputs]
            operands = [value(operand) for operand in one.inputs]
            known[index] = written_step(one, operands, functions)
        return known[index]

    return value(region.output)


def written_step(one: Step, operands: Sequence[Term], functions: dict[Step, str]) -> Term:
    """Return one step applied to formulas; ``functions`` names the iterations."""
    if one.regions:
        return _call(functions[_function(one)], operands)
    return call(one.component, operands, float(dict(one.settings).get("value", 0.0)))


def _function(one: Step) -> Step:
    return Step(one.component, one.settings, (), one.regions)


def _explained(one: Step, name: str, functions: dict[Step, str]) -> str:
    budget = f"{one.setting('steps'):,}"
    region = one.regions[0]
    if one.component.name == "mu":
        inner = ["i", *_letters(region.inputs - 1)]
        text, _ = _written(region, [(letter, ATOM) for letter in inner], functions)
        arguments = ", ".join(inner[1:])
        return f"{name}({arguments}): the smallest i = 0, 1, … with {text} = 0, below {budget}"
    inner = ["i", "v", *_letters(region.inputs - 2)]
    text, _ = _written(region, [(letter, ATOM) for letter in inner], functions)
    arguments = ", ".join(["n", *inner[1:]])
    return f"{name}({arguments}): v = {text} for i = 0, …, n - 1, with n up to {budget}"


def _letters(count: int) -> list[str]:
    return [chr(ord("a") + number) for number in range(count)]


def _is_taken(name: str) -> bool:
    if _PLAIN.fullmatch(name):  # SymPy exports no such name, and need not be loaded to say so
        return False
    import sympy  # noqa: PLC0415 - takes half a second

    return keyword.iskeyword(name) or hasattr(builtins, name) or hasattr(sympy, name)


def _in(term: Term, level: int) -> str:
    """Return a term in brackets unless it binds at least so tightly."""
    return term[0] if term[1] >= level else f"({term[0]})"


def _call(name: str, operands: Sequence[Term]) -> Term:
    return f"{name}({', '.join(text for text, _ in operands)})", ATOM


def _subtracted(first: Term, second: Term) -> Term:
    text = _in(second, PRODUCT)
    joint = f" + {text[1:]}" if text.startswith("-") else f" - {text}"
    return first[0] + joint, SUM


def _divided(first: Term, second: Term) -> Term:
    right = f"({second[0]})" if second[0].startswith("-") else _in(second, POWER)
    return f"{_in(first, PRODUCT)}/{right}", PRODUCT


def _power(base: Term, exponent: Term) -> Term:
    return f"{_in(base, ATOM)}**{_in(exponent, POWER)}", POWER


def negated(one: Term) -> Term:
    """Return a formula with the other sign."""
    text = _in(one, PRODUCT)
    return (text[1:] if text.startswith("-") else f"-{text}"), PRODUCT


def _less(first: Term, second: Term) -> Term:
    return f"Piecewise((1, {first[0]} < {second[0]}), (0, True))", ATOM


def _selected(condition: Term, yes: Term, no: Term) -> Term:
    return f"Piecewise(({yes[0]}, {condition[0]} > 0), ({no[0]}, True))", ATOM


_ONE: Term = ("1", ATOM)
_WRITTEN: dict[str, Callable[..., Term]] = {
    "add": added,
    "sub": _subtracted,
    "mul": multiplied,
    "div": _divided,
    "pow": _power,
    "neg": negated,
    "inv": lambda one: _divided(_ONE, one),
    "square": lambda one: _power(one, ("2", ATOM)),
    "cube": lambda one: _power(one, ("3", ATOM)),
    "abs": lambda one: _call("Abs", [one]),
    "min": lambda *both: _call("Min", both),
    "max": lambda *both: _call("Max", both),
    "less": _less,
    "select": _selected,
    "identity": lambda one: one,
    "successor": lambda one: added(one, _ONE),
}
