import itertools
import json
from fractions import Fraction

import numpy as np
import pytest

from coeval.architecture.program import Operation
from coeval.architecture.step import Region, Step
from coeval.component.library import SCALAR
from coeval.errors import SpaceError
from coeval.exact import ties as module
from coeval.exact.kernels.rational import exact_error
from coeval.exact.solve import Solution, solve

NUMBERS = (0.6, 0.2, 0.7, 0.4)


def scalar(*names: str) -> list[Operation]:
    return [Operation(SCALAR[one], 1 if one in ("sin", "square") else 2) for one in names]


def near_sum() -> tuple[np.ndarray, np.ndarray]:
    """Return an input and a target near input + 0.6 + 0.2, which sums of other numbers and orders hit too."""
    rng = np.random.default_rng(15)
    x = rng.uniform(-1, 1, 4)
    rng.uniform(size=4)
    return x, x + 0.6 + 0.2 + 0.001 * rng.uniform(-1, 1, 4)


def exact_of(solution: Solution, x, target, constants="none") -> Fraction:
    return exact_error(
        solution.programs, [x], target, solution.operations, constants=constants
    ).error


def least_exact_error(x, target) -> Fraction:
    """Return the least error of ±x ± a ± b in fractions, by trying all."""
    leaves = [[Fraction(one) for one in row] for row in (x, *([n] * 4 for n in NUMBERS))]
    wanted = [Fraction(one) for one in target]
    errors = []
    for chosen in itertools.product(leaves, repeat=3):
        for signs in itertools.product((1, -1), repeat=3):
            sums = [
                sum(s * v for s, v in zip(signs, row, strict=True))
                for row in zip(*chosen, strict=True)
            ]
            errors.append(sum((a - b) ** 2 for a, b in zip(sums, wanted, strict=True)))
    return min(errors)


def test_where_float64_orders_two_sums_wrongly_the_exact_check_finds_the_better():
    x, target = near_sum()
    floating = solve([x], target, scalar("add", "sub"), 5, numbers=NUMBERS)
    decided = solve([x], target, scalar("add", "sub"), 5, numbers=NUMBERS, ties=True)
    assert floating.error < decided.error
    assert exact_of(decided, x, target) < exact_of(floating, x, target)
    assert exact_of(decided, x, target) == least_exact_error(x, target)
    ties = decided.certificate.ties
    assert ties.tied > 1
    assert ties.arithmetic == "rational arithmetic"
    assert float(ties.error) == pytest.approx(float(least_exact_error(x, target)), rel=1e-3)
    said = f"{ties.tied} candidates tied in float64; decided in rational arithmetic"
    assert said in decided.certificate.describe()
    assert json.loads(json.dumps(decided.certificate.to_json()))["ties"]["tied"] == ties.tied


@pytest.mark.parametrize("semantics", ["chain", "dag"])
def test_of_answers_that_are_exactly_equal_the_shortest_is_given(semantics):
    rng = np.random.default_rng(2)
    x = rng.uniform(-1, 1, 4)
    target = x * 0.1 * 0.7 + 0.001 * rng.uniform(-1, 1, 4)

    def search(**ties: bool) -> Solution:
        return solve(
            [x],
            target,
            scalar("add", "mul"),
            3,
            numbers=(0.1, 0.7),
            semantics=semantics,
            constants="linear",
            **ties,
        )

    floating, decided = search(), search(ties=True)
    assert floating.front[-1].length == 3  # rounding of 0.01 x + 0.7, which the scale magnifies
    assert exact_of(floating, x, target, "linear") == exact_of(decided, x, target, "linear")
    assert [one.length for one in decided.front] == [0]


def test_a_longer_answer_that_is_exactly_better_joins_the_front():
    x = np.linspace(1, 2, 5)
    more = (1 + 2.0**-52,)
    floating = solve([x], 1.01 * x, scalar("mul"), 3, numbers=more)
    decided = solve([x], 1.01 * x, scalar("mul"), 3, numbers=more, ties=True)
    assert [one.length for one in floating.front] == [1]
    assert [one.length for one in decided.front] == [1, 3]


@pytest.mark.parametrize("semantics", ["tree", "chain", "dag"])
@pytest.mark.parametrize("constants", ["none", "linear"])
def test_asking_for_ties_never_makes_the_exact_error_greater(semantics, constants):
    for seed in range(8):
        rng = np.random.default_rng(seed)
        x = rng.uniform(-1, 1, 5)
        target = x + 0.7 + 0.001 * rng.uniform(-1, 1, 5)
        length = 5 if semantics == "tree" else 2
        floating, decided = (
            solve(
                [x],
                target,
                scalar("add", "mul"),
                length,
                numbers=(0.1, 0.6),
                semantics=semantics,
                constants=constants,
                ties=one,
            )
            for one in (False, True)
        )
        assert exact_of(decided, x, target, constants) <= exact_of(floating, x, target, constants)
        assert floating.certificate.ties is None


def test_transcendental_operations_are_decided_by_fifty_digits():
    x = np.linspace(0.1, 1, 6)
    target = np.sin(x * 0.1) * 0.7 + 0.001 * np.cos(9 * x)
    found = solve([x], target, scalar("mul", "sin"), 6, numbers=(0.1, 0.7), ties=True)
    assert "50 digits (mpmath)" in found.certificate.ties.arithmetic


def test_models_of_two_features_are_compared_too():
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, 8)
    target = x + x * x + 0.01 * rng.uniform(-1, 1, 8)
    found = solve([x], target, scalar("add", "mul"), 3, constants="linear", features=2, ties=True)
    # x and x x, or x and x + x x up to the length, span the same models
    assert found.certificate.ties.tied >= 2
    assert len(found.programs) == 2
    assert found.front[-1].length == 3


def test_an_exact_error_that_is_no_zero_is_optimal_up_to_rounding_only():
    x = np.linspace(0.1, 1, 7)
    inexact = solve([x], (x + 0.1) + 0.2, scalar("add"), 5, numbers=(0.1, 0.2), ties=True)
    assert inexact.error == 0
    assert inexact.certificate.ties.error != "0"
    assert inexact.certificate.describe().startswith("Optimal up to rounding")
    exact = solve([x], x, scalar("add"), 5, numbers=(0.1, 0.2), ties=True)
    assert exact.certificate.ties.error == "0"
    assert exact.certificate.describe().startswith("Optimal: no tree")


def test_more_ties_than_are_kept_are_said_so(monkeypatch):
    monkeypatch.setattr(module, "KEPT", 2)
    x, target = near_sum()
    found = solve([x], target, scalar("add", "sub"), 5, numbers=NUMBERS, ties=True)
    assert found.certificate.ties.crowded
    assert "more than are kept to be compared" in found.certificate.describe()


def test_without_time_left_ties_stay_as_float64_has_them():
    x, target = near_sum()
    found = solve([x], target, scalar("add", "sub"), 5, numbers=NUMBERS, ties=True, seconds=1e-9)
    assert found.certificate.ties.compared == 0
    assert "not decided: the time was up" in found.certificate.describe()


def test_what_has_no_exact_arithmetic_is_one_clear_error():
    add = Step(SCALAR["add"], (), (0, 1))
    iterate = Operation(SCALAR["primitive_recursion"], 2, (("steps", 9),), (Region(2, (add,), 2),))
    x = np.arange(5.0)
    with pytest.raises(SpaceError, match="primitive_recursion has no function in exact arithmetic"):
        solve([x], x + 1, [iterate], 3, ties=True)
    with pytest.raises(SpaceError, match="given constants, got constants='nonlinear'"):
        solve([x], x * x, scalar("add"), 3, constants="nonlinear", ties=True)
