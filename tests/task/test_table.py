import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.task.table import Column, Kind, Table

TABLE = Table(
    (
        Column("a", Kind.NUMERIC, np.arange(5.0)),
        Column("b", Kind.CATEGORICAL, np.array([0, 1, -1, 1, 0], np.int32), ("x", "y")),
    ),
    5,
)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 4), max_size=8))
def test_taken_rows_keep_their_values_their_levels_and_their_order(rows):
    some = TABLE.take(np.array(rows, np.intp))
    assert some.rows == len(rows)
    for one, whole in zip(some.columns, TABLE.columns, strict=True):
        assert (one.name, one.kind, one.levels) == (whole.name, whole.kind, whole.levels)
        assert one.values.dtype == whole.values.dtype
        assert one.values.tolist() == [whole.values[row] for row in rows]
