import math
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.architecture.program import Operation
from coeval.architecture.step import Region, Step
from coeval.build.numeric.evaluate import bind, values
from coeval.component.library import SCALAR
from coeval.errors import BudgetError, DataError, SpaceError
from coeval.exact.certificate import Semantics
from coeval.exact.clock import Progress
from coeval.exact.solve import Solution, solve
from tests.exact import brute

LENGTHS: dict[Semantics, tuple[int, ...]] = {
    "tree": (1, 2, 3, 4, 5),
    "chain": (0, 1, 2),
    "dag": (0, 1, 2),
}


def operation(name: str) -> Operation:
    return Operation(SCALAR[name], brute.STEPS[name][1])


whole = st.integers(-3, 3).map(float)
real = st.integers(-2000, 2000).map(lambda one: one / 1000)
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
@settings(max_examples=12, deadline=None)
@given(data=st.data(), chosen=names, target=targets)
def test_the_optimum_is_that_of_a_brute_force_enumeration(
    semantics, constants, data, chosen, target
):
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


KOZA = ("add", "sub", "mul", "div", "sin", "cos", "exp", "log")
X = np.random.default_rng(0).uniform(-1, 1, 20)
NOISE = np.random.default_rng(1).normal(size=20)


def scalar(*chosen: str) -> list[Operation]:
    return [
        Operation(SCALAR[one], 2 if one in ("add", "sub", "mul", "div") else 1) for one in chosen
    ]


@pytest.mark.parametrize("semantics", get_args(Semantics))
@settings(max_examples=10, deadline=None)
@given(
    target=st.lists(st.integers(-300, 300).map(lambda one: one / 100), min_size=20, max_size=20),
    kept=st.sets(st.sampled_from(KOZA), min_size=1),
)
def test_more_components_or_a_longer_sequence_never_worsen_the_optimum(semantics, target, kept):
    length = 5 if semantics == "tree" else 2
    few = [one for one in KOZA if one in kept][:3]
    more = [one for one in KOZA if one in few or one == "add"]
    errors = []
    for chosen, most in ((few, length - 1), (few, length), (more, length)):
        found = solve([X], target, scalar(*chosen), most, numbers=(1.0,), semantics=semantics)
        errors.append(found.error)
        front = [one.error for one in found.front]
        assert front == sorted(front, reverse=True)
        assert found.front[-1].error == found.error
    assert errors[0] >= errors[1] >= errors[2]


@pytest.mark.parametrize("semantics", get_args(Semantics))
def test_scale_and_offset_never_worsen_the_optimum(semantics):
    raw, scaled = (
        solve([X], NOISE, scalar(*KOZA), 3, numbers=(1.0,), semantics=semantics, constants=one)
        for one in ("none", "linear")
    )
    assert scaled.error <= raw.error
    assert len(scaled.weights) == 2
    assert raw.weights == ()


def test_two_features_are_the_best_of_all_pairs():
    found = solve(
        [X], NOISE, scalar("add", "mul", "sin"), 4, numbers=(1.0,), constants="linear", features=2
    )
    bank = found.bank.values[: found.bank.level(4).stop]
    best = math.inf
    for i, first in enumerate(bank):
        for second in bank[:i]:
            features = np.stack([np.ones(20), first, second], axis=1)
            weights = np.linalg.lstsq(features, NOISE, rcond=None)[0]
            best = min(best, float(np.square(NOISE - features @ weights).sum()))
    assert found.error == pytest.approx(best, rel=1e-9)
    assert len(found.programs) == 2
    assert recomputed(found, [X], NOISE) == pytest.approx(found.error, rel=1e-9)
    assert "linear model of 2 trees" in found.certificate.describe()


@pytest.mark.parametrize("semantics", get_args(Semantics))
def test_one_bank_serves_many_targets(semantics):
    length = 5 if semantics == "tree" else 3
    first = solve([X], NOISE, scalar(*KOZA), length, numbers=(1.0,), semantics=semantics)
    kept = len(first.bank)
    rng = np.random.default_rng(2)
    for _ in range(3):
        target = rng.normal(size=20)
        again = solve(
            [X], target, scalar(*KOZA), length, numbers=(1.0,), semantics=semantics, bank=first.bank
        )
        alone = solve([X], target, scalar(*KOZA), length, numbers=(1.0,), semantics=semantics)
        assert again.error == alone.error
        assert again.programs == alone.programs
        assert again.certificate.sequences == alone.certificate.sequences
        assert len(again.bank) == kept


def test_a_bank_of_other_inputs_is_an_error():
    bank = solve([X], NOISE, scalar("add"), 3).bank
    with pytest.raises(SpaceError, match="the bank must have the same inputs"):
        solve([X + 1], NOISE, scalar("add"), 3, bank=bank)


def test_a_deadline_gives_the_best_so_far_and_no_proof():
    found = solve([X], NOISE, scalar(*KOZA), 30, numbers=(1.0,), seconds=0.3)
    assert found.why == "time"
    assert found.certificate.verdict == "best found"
    assert 1 <= found.certificate.covered < 30
    assert "no tree of at most 30" not in found.certificate.describe()
    proven = solve([X], NOISE, scalar(*KOZA), found.certificate.covered, numbers=(1.0,))
    assert found.error <= proven.error
    assert found.next_cost.length == found.certificate.covered + 1


def test_memory_ends_the_search_where_the_next_length_does_not_fit():
    found = solve([X], NOISE, scalar(*KOZA), 30, numbers=(1.0,), memory_bytes=2_000_000)
    assert found.why == "memory"
    assert found.certificate.covered < 30
    assert found.bank.memory_bytes <= 2_000_000
    assert found.next_cost.memory_bytes > 2_000_000


def test_what_does_not_fit_is_refused_before_it_is_begun_if_that_is_wanted():
    with pytest.raises(
        BudgetError, match=r"length 40 does not fit a budget of 0\.5 seconds: .*intractable"
    ):
        solve([X], NOISE, scalar(*KOZA), 40, numbers=(1.0,), seconds=0.5, excess="refuse")


@pytest.mark.parametrize("semantics", get_args(Semantics))
def test_an_interruption_gives_the_best_so_far_and_a_bank_that_can_be_used(semantics, monkeypatch):
    monkeypatch.setattr("coeval.exact.clock.REPORT_SECONDS", 0.0)
    seen: list[Progress] = []

    def interrupt(progress: Progress) -> None:
        seen.append(progress)
        if progress.length == 3:
            raise KeyboardInterrupt

    found = solve(
        [X], NOISE, scalar(*KOZA), 5, numbers=(1.0,), semantics=semantics, progress=interrupt
    )
    assert found.why == "interrupted"
    assert found.certificate.verdict == "best found"
    assert found.certificate.covered == (2 if semantics != "dag" else 3 - 1)
    assert found.error == min(one.error for one in found.front)
    assert seen[-1].evaluated > 0
    resumed = solve(
        [X], NOISE, scalar(*KOZA), 4, numbers=(1.0,), semantics=semantics, bank=found.bank
    )
    fresh = solve([X], NOISE, scalar(*KOZA), 4, numbers=(1.0,), semantics=semantics)
    assert resumed.error == fresh.error
    assert resumed.certificate.is_proof


def test_iterations_are_optimal_within_their_step_budget_only():
    add = Step(SCALAR["add"], (), (0, 1))
    iterate = Operation(SCALAR["primitive_recursion"], 2, (("steps", 50),), (Region(2, (add,), 2),))
    count = np.arange(6.0)
    found = solve([count], count * (count - 1) / 2, [iterate], 3, numbers=(0.0,))
    assert found.error == 0
    assert found.certificate.verdict == "optimal within T steps"
    assert found.certificate.steps == 50
    assert "halts within 50 steps" in found.certificate.describe()


def test_an_error_of_zero_ends_the_search_with_a_proof():
    found = solve([X], X**2 + X, scalar("add", "mul"), 25)
    assert found.why == "solved"
    assert found.certificate.verdict == "optimal"
    assert found.front[-1].length == 5
    assert found.certificate.covered == 5
    assert "error of zero" in found.certificate.describe()


def test_a_grid_is_exact_on_the_grid():
    given_numbers = solve(
        [X], 2 * X + 3, scalar("add", "mul"), 5, numbers=(2.0, 3.0), constants="grid"
    )
    assert given_numbers.error == pytest.approx(0, abs=1e-28)
    default = solve([X], 0.1 * X + 5, scalar("add", "mul"), 5, constants="grid")
    assert default.error == pytest.approx(0, abs=1e-28)
    assert default.certificate.verdict == "optimal"
    assert "those of the grid" in default.certificate.describe()


@pytest.mark.parametrize("semantics", get_args(Semantics))
def test_an_input_alone_can_be_the_answer(semantics):
    inputs = [X, NOISE]
    for target in inputs:
        found = solve(inputs, target, scalar("add"), 1, semantics=semantics)
        assert found.error == 0
        assert recomputed(found, inputs, target) == 0


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"target": NOISE[:5]}, DataError, "one value for each of 20 examples"),
        ({"target": np.where(X > 0, np.nan, X)}, DataError, "the target must be finite"),
        ({"target": np.ones(20), "constants": "linear"}, DataError, "nothing to search for"),
        ({"columns": [np.where(X > 0, np.inf, X)]}, DataError, "input 1 must be finite"),
        ({"columns": [X, X[:4]]}, DataError, "one value an example, got lengths"),
        ({"columns": []}, SpaceError, "at least one input"),
        ({"operations": []}, SpaceError, "at least one operation"),
        ({"length": 0}, SpaceError, r"length must lie in 1\.\.255, got 0"),
        ({"length": 10**9}, SpaceError, "no computer enumerates longer ones"),
        ({"numbers": (math.nan,)}, DataError, "numbers must be finite"),
        ({"seconds": 0.0}, BudgetError, "seconds must be positive"),
        ({"features": 2}, SpaceError, "features=2 combines sequences linearly"),
        (
            {"operations": [Operation(SCALAR["mu"], 1, (("steps", 0),), ())]},
            SpaceError,
            "step budget",
        ),
        (
            {"columns": [X[:2]], "target": X[:2], "constants": "linear"},
            DataError,
            "at least 3 examples",
        ),
    ],
)
def test_what_cannot_be_searched_is_one_clear_error(change, kind, message):
    wanted = {"columns": [X], "target": NOISE, "operations": scalar("add"), "length": 3} | change
    columns, target, operations, length = (
        wanted.pop(one) for one in ("columns", "target", "operations", "length")
    )
    with pytest.raises(kind, match=message):
        solve(columns, target, operations, length, **wanted)


@pytest.mark.parametrize("semantics", get_args(Semantics))
def test_a_set_of_components_that_soon_makes_nothing_new_is_covered_at_any_length(semantics):
    found = solve([[1.0, -1.0]], [2.0, 2.5], scalar("neg"), 9, semantics=semantics)
    assert found.certificate.verdict == "optimal"
    assert len(found.bank) == 2
    assert found.next_cost.seconds < 1
