import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.errors import DataError
from coeval.task.points import check_constants, make_points, read_points, split

X = np.linspace(0, 1, 10)


def written(folder, text: str):
    path = folder / "points.csv"
    path.write_text(text)
    return path


def test_every_column_but_the_target_is_an_input(tmp_path):
    points = read_points(written(tmp_path, "a,y,b\n1,2,0.5\n3,4,1e3\n5,7,-1\n"), "y")
    assert points.names == ("a", "b")
    assert [one.tolist() for one in points.columns] == [[1, 3, 5], [0.5, 1000, -1]]
    assert (points.target.tolist(), points.target_name, points.rows) == ([2, 4, 7], "y", 3)
    assert all(one.flags.c_contiguous and one.dtype == np.float64 for one in points.columns)


def test_tabs_parquet_and_decimal_commas_are_read_like_any_table(tmp_path):
    frame = pd.DataFrame({"x": [0.5, 1.5, 2.5], "y": [1, 2, 4]})
    frame.to_parquet(tmp_path / "points.parquet")
    frame.to_csv(tmp_path / "points.tsv", sep="\t", index=False)
    frame.to_csv(tmp_path / "semicolon.csv", sep=";", decimal=",", index=False)
    names = ("points.parquet", "points.tsv", "semicolon.csv")
    assert len({read_points(tmp_path / one, "y").fingerprint for one in names}) == 1


def test_whole_numbers_beyond_2_to_the_53_are_read_as_float64(tmp_path):
    points = read_points(written(tmp_path, "x,y\n1,2432902008176640000\n2,1\n3,2\n"), "y")
    assert points.target.tolist() == [2432902008176640000.0, 1, 2]


def test_the_fingerprint_tells_points_apart():
    assert make_points([X], X**2).fingerprint == make_points([X.copy()], X**2).fingerprint
    assert make_points([X], X**2).fingerprint != make_points([X], X**3).fingerprint


@pytest.mark.parametrize(
    ("text", "target", "expected"),
    [
        ("x,y\n1,a\n2,b\n3,c\n", "y", "Target 'y' is not numeric: it holds 'a' in row 1"),
        ("x,y\n1,1\nred,2\n3,3\n", "y", "Column 'x' is not numeric: it holds 'red' in row 2"),
        ("x,y\n$3,1\n5 €,2\n$4,3\n", "y", r"Column 'x' is not numeric: it holds '\$3' in row 1"),
        ("x,y\n2020-01-01,1\n2020-01-02,2\n2020-01-03,3\n", "y", "dates"),
        ("x,y\n007,1\n012,2\n013,3\n", "y", "'007'"),
        ("x,y\n1,5\n2,5\n3,5\n", "y", "'y' is constant: it is 5"),
        ("x,y\n1,1\n,2\n3,3\nnan,4\n", "y", "'x' has no value .NaN. in rows 2, 4"),
        ("x,y\n1,1\n2,inf\n3,3\n", "y", "'y' has inf in row 2"),
        ("x,y\n1,1\n2,2\n", "y", "at least 3 points, got 2"),
        ("x,height\n1,1\n2,2\n3,4\n", "heigth", "no target column 'heigth'.*mean 'height'"),
        ("y\n1\n2\n3\n", "y", "only the target"),
        ("x,x,y\n1,1,1\n2,2,2\n3,3,3\n", "y", "'x' more than once"),
    ],
)
def test_a_table_that_is_no_function_is_explained(tmp_path, text, target, expected):
    with pytest.raises(DataError, match=expected):
        read_points(written(tmp_path, text), target)


@pytest.mark.parametrize(
    ("columns", "names", "expected"),
    [
        ([], None, "1 to 128 inputs, got 0"),
        ([X] * 129, None, "1 to 128 inputs, got 129"),
        ([X[:5]], None, "one shape"),
        ([X, X], ["a", "a"], "'a' stands more than once"),
        ([X], ["y"], "'y' stands more than once"),
        ([X], ["a", "b"], "2 names"),
    ],
)
def test_arrays_that_do_not_fit_together_are_explained(columns, names, expected):
    with pytest.raises(DataError, match=expected):
        make_points(columns, X**2, names)


def test_fewer_points_than_constants_are_refused():
    points = make_points([X], X**2)
    check_constants(points, 10, "scale and offset")
    with pytest.raises(
        DataError, match=r"at least 11 points .* \(weights\), got 10.*--constants none"
    ):
        check_constants(points, 11, "weights")


@given(st.integers(3, 60), st.floats(0, 0.99), st.integers(0, 5))
def test_every_point_is_either_fitted_or_held_out(rows, share, seed):
    points = make_points([np.arange(rows)], np.arange(rows) % 7)
    halves = split(points, share, seed)
    held = [] if halves.held_out is None else halves.held_out.columns[0].tolist()
    assert sorted([*halves.fit.columns[0].tolist(), *held]) == list(range(rows))
    assert halves.held_out is None or len(held) == round(share * rows)


def test_held_out_points_cover_the_targets_range():
    held = split(make_points([np.arange(100)], np.arange(100.0)), 0.2, seed=1).held_out
    assert held is not None
    assert (np.sort(held.target) // 5).tolist() == list(range(20))


def test_so_few_points_that_none_can_be_spared_are_all_fitted():
    points = make_points([X[:3]], X[:3])
    assert split(points, 0.4).held_out is None


def test_a_share_of_everything_is_refused():
    with pytest.raises(DataError, match="below 1, got 1"):
        split(make_points([X], X), 1.0)
