import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hn

from coeval.task.preparation_numeric import FARTHEST, fit_scaler

KINDS = ("standard", "robust", "quantile")
RAW = hn.arrays(
    np.float64,
    hn.array_shapes(min_dims=2, max_dims=2, max_side=12),
    elements=st.floats(allow_nan=True, allow_infinity=True, allow_subnormal=True),
)


@given(RAW, st.sampled_from(KINDS))
def test_whatever_the_numbers_the_result_is_finite_and_bounded(raw: np.ndarray, kind: str) -> None:
    scaled = fit_scaler(kind, raw).transform(raw)
    assert scaled.dtype == np.float32
    assert np.isfinite(scaled).all()
    assert np.abs(scaled).max() <= FARTHEST


@given(hn.arrays(np.float64, 30, elements=st.floats(-1e6, 1e6)), st.sampled_from(KINDS))
def test_scaling_keeps_the_order(values: np.ndarray, kind: str) -> None:
    raw = np.sort(values)[:, None]
    scaled = fit_scaler(kind, raw).transform(raw)[:, 0]
    assert (np.diff(scaled) >= 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_constant_and_an_empty_column_are_zero_also_for_values_never_seen(kind: str) -> None:
    scaler = fit_scaler(kind, np.array([[0.1, np.nan], [0.1, np.nan], [0.1, np.nan]]))
    assert scaler.transform(np.array([[5.0, 5.0], [np.nan, np.nan]])).tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize("kind", KINDS)
def test_missing_values_become_the_median(kind: str) -> None:
    scaler = fit_scaler(kind, np.array([[1.0], [2.0], [9.0], [np.nan]]))
    assert scaler.transform(np.array([[np.nan]])) == scaler.transform(np.array([[2.0]]))


def test_standard_scaling_gives_mean_zero_and_deviation_one() -> None:
    raw = np.random.default_rng(0).normal(5e9, 3.0, (1000, 2))
    scaled = fit_scaler("standard", raw).transform(raw)
    assert scaled.mean(axis=0) == pytest.approx(0, abs=1e-5)
    assert scaled.std(axis=0) == pytest.approx(1, abs=1e-5)


def test_robust_scaling_is_realmlps() -> None:
    raw = np.arange(101.0)[:, None]  # median 50, quartiles 25 and 75
    x = (80.0 - 50.0) / 50.0
    found = fit_scaler("robust", raw).transform(np.array([[80.0]]))[0, 0]
    assert found == pytest.approx(x / np.sqrt(1 + (x / 3) ** 2))


def test_robust_scaling_falls_back_on_the_range_where_the_middle_half_is_one_value() -> None:
    raw = np.array([[0.0]] * 9 + [[4.0]])
    x = 4.0 / 2.0
    found = fit_scaler("robust", raw).transform(raw)[-1, 0]
    assert found == pytest.approx(x / np.sqrt(1 + (x / 3) ** 2))


def test_quantile_scaling_makes_a_skewed_column_normal() -> None:
    raw = np.exp(np.random.default_rng(0).normal(size=(5000, 1)) * 3)
    scaled = np.sort(fit_scaler("quantile", raw).transform(raw)[:, 0])
    assert np.abs(np.quantile(scaled, [0.1, 0.25, 0.5, 0.75, 0.9])) == pytest.approx(
        [1.2816, 0.6745, 0, 0.6745, 1.2816], abs=0.05
    )


def test_a_last_digit_does_not_become_a_jump() -> None:
    raw = np.repeat([0.1, 0.1 + 1e-16, 0.3, 0.3 - 1e-16, 0.7], 20)[:, None]
    scaler = fit_scaler("quantile", raw)
    assert scaler.transform(np.array([[0.3]])) == pytest.approx(
        scaler.transform(np.array([[0.3 - 1e-16]])), abs=1e-6
    )
