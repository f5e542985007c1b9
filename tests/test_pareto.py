import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from coeval.pareto import nondominated

tables = hnp.arrays(
    np.float64,
    st.tuples(st.integers(0, 12), st.integers(1, 3)),
    elements=st.sampled_from([0.0, 1.0, 2.0, np.inf]),
)


def dominates(first, second):
    return bool((first <= second).all() and (first < second).any())


@given(tables)
@example(np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [1.0, 1.0, 1.0], [np.inf, 0.0, 1.0]]))
def test_exactly_the_dominated_rows_are_left_out(costs):
    expected = [not any(dominates(other, row) for other in costs) for row in costs]
    assert nondominated(costs).tolist() == expected


def test_wrong_shapes_and_nan_are_refused():
    with pytest.raises(ValueError, match=r"costs\[:, None\]"):
        nondominated(np.zeros(3))
    with pytest.raises(ValueError, match="no NaN"):
        nondominated(np.array([[np.nan]]))
