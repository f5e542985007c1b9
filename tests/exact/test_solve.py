import math
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.architecture.program import Operation
from coeval.build.numeric.evaluate import bind, values
from coeval.component.library import SCALAR
from coeval.errors import DataError, SpaceError
from coeval.exact.certificate import Semantics
from coeval.exact.solve import Solution, solve
from tests.exact import brute

LENGTHS: dict[Semantics, tuple[int, ...]] = {"tree": (1, 2, 3, 4, 5), "chain": (0, 1, 2), "dag": (0, 1, 2)}


def operation(name: str) -> Operation:
    return Operation(SCALAR[name], brute.STEPS[name][1])


whole = st.integers(-3, 3).map(float)
real = st.floats(-2, 2, width=32).map(lambda one: one + 0.0)
columns = st.lists(st.one_of(whole, real), min_size=4, max_size=4)
names = st.lists(st.sampled_from(sorted(brute.STEPS)), min_size=1, max_size=3, unique=True)
targets = st.lists(st.floats(-3, 3), min_size=4, max_size=4).filter(lambda one: np.ptp(one) > 0.1)


def results(semantics: Semantics, length: int, leaves: list[brute.Column], steps: list[brute.Step]):
    """Yield the results of all sequences of at most a length."""
    if semantics == "tree":
        for size in range(1, length + 1):
            yield from brute.trees(size, leaves, steps)
        return
    yield from leaves
    for more in range(1, length + 1):
        if semantics == "dag":
            yield from brute.dags(more, leaves, steps)
        else:
            yield from brute.chains(more, leaves, leaves, steps)


def recomputed(solution: Solution, inputs: list[np.ndarray], target: np.ndarray) -> float:
    operations = solution.operations
    functions = [bind(one) for one in operations]
    features = [values(one, inputs, operations, functions) for one in solution.programs]
    total = features[0] if not solution.weights else solution.weights[0]
    for weight, feature in zip(solution.weights[1:], features, strict=False):
        total = total + weight * feature
    return float(np.square(target - total).sum())


@pytest.mark.parametrize("semantics", get_args(Semantics))
@pytest.mark.parametrize("constants", ["none", "linear"])
@settings(max_examples=25, deadline=None)
@given(data=st.data(), chosen=names, target=targets)
def test_the_optimum_is_that_of_a_brute_force_enumeration(semantics, constants, data, chosen, target):
    length = data.draw(st.sampled_from(LENGTHS[semantics]))
    if semantics == "tree" and len(chosen) == 3:
        length = min(length, 4)
    inputs = [data.draw(columns) for _ in range(data.draw(st.integers(1, 2)))]
    numbers = (1.0,)
    found = solve(
        inputs,
        target,
        [operation(one) for one in chosen],
        length,
        numbers=numbers,
        semantics=semantics,
        constants=constants,
    )
    leaves = [tuple(one) for one in inputs] + [(1.0,) * 4]
    everything = results(semantics, length, leaves, [brute.STEPS[one] for one in chosen])
    least = brute.least_error if constants == "none" else brute.least_scaled_error
    assert found.error == pytest.approx(least(everything, tuple(target)), rel=1e-9, abs=1e-12)
    assert found.certificate.verdict == "optimal"
    again = recomputed(found, [np.array(one) for one in inputs], np.array(target))
    assert again == pytest.approx(found.error, rel=1e-9, abs=1e-18)
