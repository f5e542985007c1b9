"""Adversarial inputs against the brute force: few distinct values, none of them kind to float64."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

from coeval.architecture.program import Operation
from coeval.build.numeric.evaluate import bind, values
from coeval.component.library import SCALAR
from coeval.errors import DataError
from coeval.exact.solve import Solution, solve
from tests.exact import brute

UNKIND = (0.0, -0.0, 1.0, -1.0, 2.0, 1e-300, 1e300, 1e8 + 1, 1e154, -1e-160, 1e-3, 3.0)
TARGETS = (0.0, 1.0, -1.0, 2.0, 0.5, 1e8 + 1, 1e8, 1e-9, 3.0)
NUMBERS: tuple[tuple[float, ...], ...] = ((), (1.0, 1.0), (-0.0, 0.0), (0.5, 1e8 + 1), (1e300,))
LENGTHS = {"tree": 5, "chain": 2, "dag": 2}
UNIT = 2.0**-53
LARGEST = float(np.finfo(float).max)
Bounds = tuple[float, float]
"""Of the root of the least error: what an answer must reach, and what none can be below."""


def reachable(semantics: str, length: int, leaves, steps) -> set[brute.Column]:
    """Return the distinct results of all sequences of at most a length."""
    found: set[brute.Column] = set()
    if semantics == "tree":
        return found.union(*(brute.trees(size, leaves, steps) for size in range(1, length + 1)))
    make = {
        "dag": lambda more: brute.dags(more, leaves, steps),
        "chain": lambda more: brute.chains(more, leaves, leaves, steps),
    }[semantics]
    return found.union(leaves, *(make(more) for more in range(1, length + 1)))


def root(number: Fraction) -> float:
    """Return a square root, of numbers too that no float64 holds."""
    if number <= 0:
        return 0.0
    shift = 2 * max(0, 128 - number.numerator.bit_length() + number.denominator.bit_length())
    whole = math.isqrt((number.numerator << shift) // number.denominator)
    try:
        return float(Fraction(whole, 1 << (shift // 2)))
    except OverflowError:
        return math.inf


def fractions_of(column: brute.Column) -> list[Fraction]:
    return [Fraction(one) for one in column]


def product(left: list[Fraction], right: list[Fraction]) -> Fraction:
    return sum((a * b for a, b in zip(left, right, strict=True)), Fraction(0))


def centred(column: list[Fraction]) -> list[Fraction]:
    mean = sum(column, Fraction(0)) / len(column)
    return [one - mean for one in column]


def raw_bounds(found: set[brute.Column], target: brute.Column) -> Bounds:
    """Return bounds of the least error; infinite where all errors are beyond float64."""
    y = fractions_of(target)
    errors = []
    for one in found:
        rest = [a - b for a, b in zip(fractions_of(one), y, strict=True)]
        errors.append(root(product(rest, rest)))
    least = min((one for one in errors if one < math.sqrt(LARGEST)), default=math.inf)
    return least, least


def scaled_bounds(found: set[brute.Column], target: brute.Column) -> Bounds:
    """Return bounds of the least error of c0 + c1 f, the rounding of printed weights allowed for."""
    reach, none_below = [], []
    y = centred(fractions_of(target))
    reach.append(
        root(product(y, y))
    )  # a constant: an input may be one, and an offset is always there
    for one in found:
        f = fractions_of(one)
        around = centred(f)
        norm = product(around, around)
        if norm == 0:
            continue
        slope = product(around, y) / norm
        rest = [a - slope * b for a, b in zip(y, around, strict=True)]
        error = root(product(rest, rest))
        none_below.append(error)
        weights = 2.0**-1000 < abs(slope) < 2.0**1000 or slope == 0
        if weights and root(norm) > 64 * UNIT * root(product(f, f)):
            sizes = abs(float(slope)) * max(map(abs, one)) if slope else 0.0
            reach.append(error + 8 * UNIT * len(one) * (2 * sizes + max(map(abs, target))))
    return min(reach), min([*none_below, reach[0]])


def two_feature_bounds(found: set[brute.Column], target: brute.Column) -> Bounds:
    """Return bounds of the least error of c0 + c1 f + c2 g."""
    reach, none_below = ([one] for one in scaled_bounds(found, target))
    y = centred(fractions_of(target))
    features = [(one, centred(fractions_of(one))) for one in found]
    for (one, f), (two, g) in itertools.combinations(features, 2):
        ff, fg, gg = product(f, f), product(f, g), product(g, g)
        determinant = ff * gg - fg * fg
        if determinant == 0:
            continue
        fy, gy = product(f, y), product(g, y)
        first, second = (fy * gg - gy * fg) / determinant, (gy * ff - fy * fg) / determinant
        rest = [a - first * b - second * c for a, b, c in zip(y, f, g, strict=True)]
        error = root(product(rest, rest))
        none_below.append(error)
        sizes = [root(product(fractions_of(each), fractions_of(each))) for each in (one, two)]
        apart = root(determinant / (ff * gg)) > 2.0**-30 and all(
            root(norm) > 2.0**-30 * size for norm, size in zip((ff, gg), sizes, strict=True)
        )
        kind = all(abs(w) < 2.0**900 and (w == 0 or abs(w) > 2.0**-900) for w in (first, second))
        if apart and kind:
            used = sum(float(abs(w)) * size for w, size in zip((first, second), sizes, strict=True))
            ill = root(ff * gg / determinant)
            reach.append(error + 64 * UNIT * len(one) * ill * (used + max(map(abs, target))))
    return min(reach), min(none_below)


def question(seed: int, semantics: str, examples: int, most: int) -> tuple:
    """Return inputs, numbers, operations, a length of at most so much, and two targets."""
    rng = np.random.default_rng(seed)
    chosen = rng.choice(sorted(brute.STEPS), rng.integers(1, 4), replace=False).tolist()
    inputs = rng.choice(UNKIND, (rng.integers(1, 3), examples))
    numbers = NUMBERS[rng.integers(len(NUMBERS))]
    length = int(rng.integers(1 if semantics == "tree" else 0, LENGTHS[semantics] + 1))
    if semantics == "tree" and (len(chosen) == 3 or len(inputs) + len(numbers) > 3):
        length = min(length, 4)
    targets = rng.choice(TARGETS, (2, examples)) + rng.choice([0.0, 1e-9], (2, 1)) * rng.normal(
        size=(2, examples)
    )
    return list(inputs), numbers, chosen, min(length, most), targets


def answer(inputs, target, chosen, length, **options) -> Solution | None:
    operations = [Operation(SCALAR[name], brute.STEPS[name][1]) for name in chosen]
    try:
        return solve(inputs, target, operations, length, **options)
    except DataError as error:
        if "nothing to search" in str(error) or "squared errors beyond" in str(error):
            return None
        raise


def check(found: Solution, bounds: Bounds, target: np.ndarray, inputs: list[np.ndarray]) -> None:
    slack = 64 * UNIT * math.sqrt(len(target)) * float(np.abs(target).max())
    slack += math.sqrt(len(target) * float(np.finfo(float).tiny))
    error = math.sqrt(found.error)
    assert found.certificate.verdict == "optimal"
    assert error <= bounds[0] * (1 + 64 * UNIT) + slack
    assert error >= bounds[1] * (1 - 64 * UNIT) - slack
    functions = [bind(one) for one in found.operations]
    for one in found.programs:
        assert values(one, inputs, found.operations, functions) is not None


@pytest.mark.slow
@pytest.mark.parametrize("constants", ["none", "linear", "two features"])
@pytest.mark.parametrize("semantics", ["tree", "chain", "dag"])
def test_what_is_called_optimal_is_so_on_unkind_numbers(semantics, constants):
    examples = {"none": (1, 2, 3, 5), "linear": (3, 4, 6), "two features": (4, 5)}[constants]
    options = {"semantics": semantics, "constants": "none" if constants == "none" else "linear"}
    options |= {"features": 2} if constants == "two features" else {}
    bounds_of = {
        "none": raw_bounds,
        "linear": scaled_bounds,
        "two features": two_feature_bounds,
    }[constants]
    most = {"tree": 3}.get(semantics, 1) if constants == "two features" else 5
    checked = 0
    for seed in range(30):
        inputs, numbers, chosen, length, targets = question(
            seed, semantics, examples[seed % len(examples)], most
        )
        leaves = [
            tuple(float(v) + 0.0 for v in one)
            for one in (*inputs, *([n] * len(targets[0]) for n in numbers))
        ]
        steps = [brute.STEPS[name] for name in chosen]
        every = reachable(semantics, length, leaves, steps)
        bank = None
        for target in targets:  # the second one on the first one's bank
            found = answer(inputs, target, chosen, length, numbers=numbers, bank=bank, **options)
            if found is None:
                continue
            check(found, bounds_of(every, tuple(target.tolist())), target, inputs)
            bank, checked = found.bank, checked + 1
    assert checked > 20
