"""What once was called optimal and was not, or ended in a traceback."""

import numpy as np
import pytest

from coeval.architecture.program import Operation
from coeval.component.library import SCALAR
from coeval.errors import BudgetError, DataError
from coeval.exact import scorer as module
from coeval.exact.kernels import direct
from coeval.exact.kernels.elementwise import best_application
from coeval.exact.kernels.hits import exact_hits
from coeval.exact.kernels.pairs import APPLY, best_pair
from coeval.exact.score import make_target, score
from coeval.exact.solve import solve

X = np.linspace(0.1, 2, 20)


def scalar(*names: str) -> list[Operation]:
    return [Operation(SCALAR[one], 1 if one in ("sin", "exp") else 2) for one in names]


@pytest.mark.parametrize("offset", [1.0, 1e5, 1e7, 1e9])
@pytest.mark.parametrize("size", [1e-159, 1.0, 1e130])
@pytest.mark.parametrize("name", sorted(APPLY))
def test_no_offset_of_the_target_and_no_size_of_the_rows_hides_the_best(name, size, offset):
    for seed in range(4):
        rng = np.random.default_rng(seed)
        points, noise = int(rng.choice([5, 20, 50])), 10.0 ** rng.uniform(-9, -3)
        left, right = rng.uniform(1, 3, (2, 30, points))
        target = offset + left[7] * right[9] + noise * rng.normal(size=points)
        for row in range(0, 30, 3):  # rows that are nearly as good
            left[row], right[row] = (
                one * (1 + noise * rng.normal(size=points)) for one in (left[7], right[9])
            )
        left = left * size
        right = right * (size if name in ("add", "sub") else 1.0)
        i, j = np.divmod(np.arange(900), 30)
        values = APPLY[name](left[i], right[j])
        least = direct.scaled(values, target)[0].min()
        bound = least * (1 + 1e-9) + 1e-30
        assert best_pair(left, right, target, name, constants="linear").best.error <= bound
        swept = best_application(APPLY[name], (left, right), target, constants="linear")
        assert swept.best.error <= bound
        bar, wanted = np.inf, make_target(target, points, scaled=True)
        for part in np.array_split(rng.permutation(values), 9):
            _, errors, _ = score(part, wanted, bar)
            bar = min([bar, *errors])
        assert bar <= bound


@pytest.mark.parametrize("call", [3, 4, 5, 6])
def test_a_length_is_covered_only_when_its_pairs_are(monkeypatch, call):
    real, calls = module.best_two_features, []

    def interrupted(*arguments, **options):
        calls.append(1)
        if len(calls) >= call:
            raise KeyboardInterrupt
        return real(*arguments, **options)

    monkeypatch.setattr(module, "best_two_features", interrupted)
    noise = np.random.default_rng(0).normal(size=20)
    found = solve([X], noise, scalar("add", "mul", "sin"), 3, constants="linear", features=2)
    assert found.certificate.verdict == "best found"
    assert found.certificate.covered == (call - 1) // 2


@pytest.mark.parametrize("semantics", ["tree", "chain", "dag"])
def test_time_that_is_up_at_once_gives_the_leaves_and_claims_nothing(semantics):
    found = solve([X], np.sin(3 * X), scalar("add"), 3, seconds=1e-9, semantics=semantics)
    assert found.why == "time"
    assert found.certificate.covered == -1
    assert "no proof" in found.certificate.describe()
    with pytest.raises(BudgetError, match="before any sequence with a finite error"):
        solve([X * 1e300], X, scalar("add"), 3, seconds=1e-9, semantics=semantics)


@pytest.mark.parametrize("size", [1e-200, 1e-150, 1e150, 1e300])
@pytest.mark.parametrize("constants", ["none", "linear"])
def test_a_target_whose_squares_are_no_numbers_is_one_clear_error(size, constants):
    with pytest.raises(DataError, match="another unit"):
        solve([X], X * size, scalar("add"), 3, constants=constants)


def test_inputs_whose_errors_all_overflow_are_one_clear_error():
    with pytest.raises(DataError, match="squared errors beyond float64"):
        solve([X * 1e300], X, scalar("add"), 3)


def test_a_model_of_two_features_needs_more_examples_than_constants():
    with pytest.raises(DataError, match="has 3 constants and needs more examples than that, got 3"):
        solve([X[:3]], X[:3] ** 2, scalar("add"), 3, constants="linear", features=2)


def test_many_examples_are_searched_like_few():
    x = np.linspace(0, 1, 40_000)
    found = solve([x], x + x, scalar("add"), 3)
    assert found.error == 0


def test_an_undefined_step_below_is_no_hit_though_the_value_above_is_near():
    bank = np.array([[1.0, 1.0], [1.0, 0.0]])  # 1 / (1 / 0) would be 0
    with np.errstate(divide="ignore"):
        hits = exact_hits(bank, np.array([1.0, 1e-12]), ["div", "inv"])
    assert all(one.operation != "div" or not one.outer for one in hits)


def test_an_error_that_is_rounding_is_optimal_up_to_rounding_with_the_floor_stated():
    target = (X + 0.1) + 0.2
    rounded = solve([X], target * (1 + 2.0**-52), scalar("add"), 5, numbers=(0.1, 0.2))
    assert 0 < rounded.error <= rounded.certificate.floor
    assert "Optimal up to rounding: no tree" in rounded.certificate.describe()
    assert f"{rounded.certificate.floor:.1e}" in rounded.certificate.describe()
    exact = solve([X], target, scalar("add"), 5, numbers=(0.1, 0.2))
    assert exact.error == 0
    assert exact.certificate.floor is None


def test_of_one_length_the_least_error_is_given_even_below_rounding():
    x = np.array([0.1, 0.3, 0.7, 0.9])
    for target in ((x + 0.1) + 0.6, x + (0.1 + 0.6), (x + 0.6) + 0.1):
        assert solve([x], target, scalar("add"), 5, numbers=(0.1, 0.6)).error == 0


def test_small_and_large_inputs_are_searched_with_scale_and_offset():
    wanted = np.sin(X) + 0.3 * X
    for size in (1e-160, 1e-150, 1e150):
        inputs = [np.sin(X) * size, X * size, X**2 * size]
        found = solve(inputs, wanted, scalar("add", "sub"), 3, constants="linear")
        same = solve(
            [one / size for one in inputs], wanted, scalar("add", "sub"), 3, constants="linear"
        )
        assert found.error == pytest.approx(same.error, rel=1e-6)
