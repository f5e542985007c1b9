"""Slow enumeration of all sequences, in plain Python: shares no code with ``coeval.exact``."""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence

Column = tuple[float, ...]
Step = tuple[Callable[..., float], int]

STEPS: dict[str, Step] = {
    "add": (lambda a, b: a + b, 2),
    "sub": (lambda a, b: a - b, 2),
    "mul": (lambda a, b: a * b, 2),
    "div": (lambda a, b: a / b, 2),
    "min": (min, 2),
    "square": (lambda a: a * a, 1),
    "neg": (lambda a: -a, 1),
    "abs": (abs, 1),
    "sqrt": (math.sqrt, 1),
    "inv": (lambda a: 1 / a, 1),
    "select": (lambda a, b, c: b if a > 0 else c, 3),
}
"""Functions whose results IEEE 754 fixes to the last bit."""


def apply(step: Step, operands: Sequence[Column]) -> Column | None:
    """Return a step's result, or ``None`` where it is undefined for an example."""
    try:
        result = tuple(step[0](*row) + 0.0 for row in zip(*operands, strict=True))
    except (ZeroDivisionError, ValueError, OverflowError):
        return None
    return result if all(math.isfinite(one) for one in result) else None


def trees(size: int, leaves: Sequence[Column], steps: Sequence[Step]) -> Iterator[Column]:
    """Yield the results of all trees of a size, once for each tree that is defined."""
    if size == 1:
        yield from leaves
    for step in steps:
        for sizes in itertools.product(range(1, size), repeat=step[1]):
            if sum(sizes) == size - 1:
                for operands in itertools.product(*[list(trees(s, leaves, steps)) for s in sizes]):
                    result = apply(step, operands)
                    if result is not None:
                        yield result


def dags(length: int, values: Sequence[Column], steps: Sequence[Step]) -> Iterator[Column]:
    """Yield the last results of all straight-line programs of a length that are defined."""
    for step in steps:
        for operands in itertools.product(values, repeat=step[1]):
            result = apply(step, operands)
            if result is not None:
                if length == 1:
                    yield result
                else:
                    yield from dags(length - 1, [*values, result], steps)


def chains(
    length: int, before: Sequence[Column], leaves: Sequence[Column], steps: Sequence[Step]
) -> Iterator[Column]:
    """Yield the results of all chains of so many more steps on the values before."""
    for value in before:
        for step in steps:
            for which in itertools.product(range(len(leaves) + 1), repeat=step[1]):
                if 0 in which:
                    operands = [value if one == 0 else leaves[one - 1] for one in which]
                    result = apply(step, operands)
                    if result is not None and length == 1:
                        yield result
                    elif result is not None:
                        yield from chains(length - 1, [result], leaves, steps)


def least_error(results: Iterator[Column], target: Column) -> float:
    """Return the least sum of squared errors."""
    return min(
        (math.fsum((a - b) ** 2 for a, b in zip(one, target, strict=True)) for one in results),
        default=math.inf,
    )


def least_scaled_error(results: Iterator[Column], target: Column) -> float:
    """Return the least sum of squared errors of c0 + c1 f."""
    return min((_scaled(one, target) for one in results), default=math.inf)


def _scaled(values: Column, target: Column) -> float:
    mean, mean_y = math.fsum(values) / len(values), math.fsum(target) / len(target)
    spread = math.fsum((a - mean) ** 2 for a in values)
    share = math.fsum((a - mean) * (b - mean_y) for a, b in zip(values, target, strict=True))
    slope = share / spread if spread > 1e-24 * math.fsum(a * a for a in values) else 0.0
    return math.fsum(
        (b - mean_y - slope * (a - mean)) ** 2 for a, b in zip(values, target, strict=True)
    )
