import math

import numpy as np
import pytest

from coeval.run.approximate_result import errors


def test_errors_leave_out_what_is_undefined_and_count_it():
    found = errors(np.array([1.0, np.nan, 4.0]), np.array([1.0, 2.0, 3.0]))
    assert (found.rows, found.undefined, found.sse, found.largest) == (3, 1, 1.0, 1.0)
    assert found.rmse == pytest.approx(math.sqrt(0.5))
    assert found.r2 == pytest.approx(0.5)


def test_nothing_defined_has_no_errors():
    found = errors(np.array([np.nan, np.nan]), np.array([1.0, 2.0]))
    assert found.undefined == 2
    assert found.to_json()["rmse"] is None


def test_one_point_has_no_share_of_variance():
    assert math.isnan(errors(np.array([1.0]), np.array([2.0])).r2)
    assert errors(np.array([1.0]), np.array([2.0])).to_json()["r2"] is None


def test_an_error_that_overflows_is_no_number_in_json():
    found = errors(np.array([1e200, 0.0]), np.array([0.0, 1.0]))
    assert found.sse == math.inf
    assert found.to_json()["sse"] is None
