import numpy as np
import pytest

from coeval.task.leakage import copied, leaks
from coeval.task.read import read
from coeval.task.table import Column, Kind, Table
from coeval.task.task import Problem, Target

ROWS = 1000
HEADER = "size,colour,when,y\n"
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


def lines(count, seed=0):
    """Return rows of a table with a missing value in every tenth."""
    draw = np.random.default_rng(seed)
    return [
        f"{draw.normal()},{draw.choice(['red', 'blue'])},2024-01-{1 + n % 28:02},{draw.normal()}"
        if n % 10
        else f",{draw.choice(['red', 'blue'])},2024-01-{1 + n % 28:02},{draw.normal()}"
        for n in range(count)
    ]


def read_from(folder, rows, **settings):
    (folder / "table.csv").write_text(HEADER + "\n".join(rows) + "\n")
    return read(folder / "table.csv", target="y", **settings)


def test_copies_of_rows_on_both_sides_are_told(tmp_path):
    task = read_from(tmp_path, lines(300) * 2)
    (warning,) = [one for one in task.notes if "in every column" in one]
    seen = set(
        np.concatenate([task.splits.train, task.splits.validation, task.splits.selection]) % 300
    )
    count = sum(row % 300 in seen for row in task.splits.test)
    assert warning.startswith(f"{count} of 120 test rows equal a row that the search sees")
    assert "--group" in warning


def test_copies_in_an_own_test_set_are_told(tmp_path):
    own = tmp_path / "test.csv"
    own.write_text(HEADER + "\n".join([*lines(300)[:7], *lines(43, seed=1)]) + "\n")
    task = read_from(tmp_path, lines(300), test=own)
    assert task.notes[-1].startswith("7 of 50 test rows equal a row")
    assert "--group" not in task.notes[-1]


def test_rows_that_differ_anywhere_are_no_copies(tmp_path):
    rows = lines(300)
    others = [one.replace("2024", "2025") for one in rows]
    assert copied(read_from(tmp_path, rows + others)) == []
    without = read_from(tmp_path, rows * 2, test="none")
    assert copied(without) == []


def test_rows_of_few_different_values_are_equal_by_chance(tmp_path):
    rows = [f"{n % 3},{'red' if n % 2 else 'blue'},2024-01-01,{n % 5}" for n in range(400)]
    assert copied(read_from(tmp_path, rows)) == []
