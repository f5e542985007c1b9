import numpy as np
import pytest

from coeval.task.leakage import leaks
from coeval.task.table import Column, Kind, Table
from coeval.task.task import Problem, Target

ROWS = 1000
rng = np.random.default_rng(0)
LABELS = Target("y", rng.integers(0, 3, ROWS), ("a", "b", "c"))
VALUES = Target("y", rng.lognormal(size=ROWS))


def found(values, target, levels=()):
    kind = Kind.CATEGORICAL if levels else Kind.NUMERIC
    problem = Problem.MULTICLASS if target.classes else Problem.REGRESSION
    return leaks(
        Table((Column("x", kind, values, levels),), ROWS), target, problem, np.random.default_rng(1)
    )


@pytest.mark.parametrize(
    ("values", "target", "levels"),
    [
        (LABELS.values.astype(np.int32), LABELS, ("p", "q", "r")),
        (LABELS.values * 2.0 + rng.random(ROWS), LABELS, ()),
        (VALUES.values * 1.1 + 3, VALUES, ()),
        (np.log(VALUES.values), Target("y", np.log(VALUES.values)), ()),
    ],
)
def test_a_column_that_decides_the_target_is_named(values, target, levels):
    (warning,) = found(values, target, levels)
    assert "column 'x' alone explains" in warning
    assert "kinds x=drop" in warning


@pytest.mark.parametrize(
    ("values", "target", "levels"),
    [
        (rng.normal(size=ROWS), LABELS, ()),
        (LABELS.values + rng.normal(size=ROWS), LABELS, ()),
        (np.arange(ROWS, dtype=np.int32), LABELS, tuple(map(str, range(ROWS)))),
        (VALUES.values + rng.normal(size=ROWS), VALUES, ()),
        (np.full(ROWS, np.nan), VALUES, ()),
    ],
)
def test_an_honest_column_is_not(values, target, levels):
    assert found(values, target, levels) == []


def test_rows_missing_where_the_class_is_known_are_a_leak():
    binary = Target("y", rng.integers(0, 2, ROWS), ("a", "b"))
    values = np.where(binary.values == 1, np.nan, rng.normal(size=ROWS))
    table = Table((Column("x", Kind.NUMERIC, values),), ROWS)
    assert len(leaks(table, binary, Problem.BINARY, np.random.default_rng(1))) == 1
