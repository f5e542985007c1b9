import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine

from coeval.errors import DataError
from coeval.task.frame import extra_columns, from_arrays, from_frame, raw_frame_to_table
from coeval.task.split import Shares
from coeval.task.table import Kind
from coeval.task.task import Problem

pd = pytest.importorskip("pandas")
rng = np.random.default_rng(0)
ROWS = 60


def frame():
    return pd.DataFrame(
        {
            "number": rng.normal(size=ROWS),
            "whole": pd.array([None, *rng.integers(0, 9, ROWS - 1)], dtype="Int64"),
            "text": rng.choice(["x", "y", None], ROWS),
            "code": pd.Categorical(rng.choice([1, 2, 3], ROWS)),
            "when": pd.date_range("2020-01-01", periods=ROWS, freq="12h"),
            "flag": rng.integers(0, 2, ROWS).astype(bool),
            "mixed": [1, "a"] * (ROWS // 2),
            "y": np.arange(ROWS) % 2,
        }
    )


KINDS = ["numeric", "numeric", "categorical", "categorical", "date", "categorical", "categorical"]


def test_a_pandas_frame_becomes_a_task_without_test_and_selection():
    task = from_frame(frame(), "y")
    assert [one.kind.value for one in task.schema.columns] == KINDS
    assert (len(task.splits.test), len(task.splits.selection)) == (0, 0)
    assert len(task.splits.train) + len(task.splits.validation) == ROWS
    levels = {one.name: one.levels for one in task.table.columns}
    assert set(levels["code"]) == {"1", "2", "3"}
    assert set(levels["flag"]) == {"True", "False"}
    assert set(levels["mixed"]) == {"1", "a"}
    by_name = {one.name: one for one in task.schema.columns}
    assert by_name["code"].number
    assert not by_name["flag"].number


def test_dates_are_days_since_1970():
    when = raw_frame_to_table(frame(), from_frame(frame(), "y").schema).columns[4]
    assert when.values[:3].tolist() == [18262.0, 18262.5, 18263.0]


def test_a_polars_frame_gives_the_same_table_as_pandas():
    polars = pytest.importorskip("polars")
    data = frame().drop(columns=["mixed", "code"])
    one, other = from_frame(data, "y"), from_frame(polars.from_pandas(data), "y")
    assert one.fingerprint == other.fingerprint


def test_a_target_may_be_given_as_values():
    data = frame()
    for y in (data["y"], data["y"].to_numpy(), data["y"].tolist()):
        task = from_frame(data.drop(columns="y"), y)
        assert task.target.values.tolist() == data["y"].tolist()


def test_arrays_are_numeric_and_nothing_is_an_identifier():
    task = from_arrays(np.arange(60).reshape(30, 2), np.arange(30) % 3)
    assert [(one.name, one.kind) for one in task.schema.columns] == [
        ("x0", Kind.NUMERIC),
        ("x1", Kind.NUMERIC),
    ]
    assert task.problem is Problem.MULTICLASS


def test_names_groups_weights_and_shares_are_taken():
    x, group = rng.normal(size=(80, 2)), np.arange(80) // 4
    task = from_arrays(
        x,
        rng.normal(size=80),
        names=["a", "b"],
        group=group,
        weights=np.ones(80),
        shares=Shares(),
        several_folds=False,
    )
    assert [one.name for one in task.schema.columns] == ["a", "b"]
    assert len(task.splits.test) == 16
    assert len(task.folds) == 1
    assert not set(group[task.splits.train]) & set(group[task.splits.validation])
    assert task.weights.sum() == 80


@pytest.mark.parametrize(
    ("load", "problem"),
    [
        (load_breast_cancer, Problem.BINARY),
        (load_wine, Problem.MULTICLASS),
        (load_diabetes, Problem.REGRESSION),
    ],
)
def test_scikit_learns_sets_are_recognised(load, problem):
    x, y = load(return_X_y=True)
    task = from_arrays(x, y)
    assert task.problem is problem
    assert task.table.rows == len(x)
    assert np.array_equal(task.table.columns[0].values, x[:, 0])


@pytest.mark.parametrize("rows", range(4, 14))
@pytest.mark.parametrize("classes", [True, False])
def test_a_handful_of_rows_is_enough(rows, classes):
    y = np.arange(rows) % 2 if classes else np.arange(rows) * 1.5
    task = from_arrays(rng.normal(size=(rows, 2)), y)
    assert len(task.splits.validation) >= 1
    for train, validation in task.folds:
        assert len(train) >= 2
        assert len(validation) >= 1


def test_a_class_of_one_row_is_learnt_from():
    y = np.array([0] * 20 + [1] * 20 + [2])
    task = from_arrays(rng.normal(size=(41, 2)), y)
    assert 40 in task.splits.train


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.ones(5), np.ones(5), r"shape \(rows, columns\)"),
        (np.ones((5, 1)), np.ones((5, 1)), r"shape \(rows,\)"),
        (np.ones((5, 1)), np.arange(4), "5 in all, got 4"),
        (np.ones((5, 1)), np.arange(5), "all columns are constant"),
        (np.arange(3.0)[:, None], np.arange(3), "at least 4 rows"),
        ({"a": 1}, [1], "Expected a pandas or Polars frame"),
        (pd.DataFrame([[1, 2]] * 5, columns=["a", "a"]), np.arange(5), "'a' more than once"),
    ],
)
def test_arrays_that_do_not_fit_are_explained(x, y, message):
    with pytest.raises(DataError, match=message):
        from_arrays(x, y)


def test_a_target_named_by_a_number_is_explained():
    with pytest.raises(DataError, match=r"name of the target column as a string.*got 1"):
        from_frame(pd.DataFrame({0: [1.0] * 9, 1: [2.0] * 9}), 1)


@pytest.mark.parametrize("bad", [np.nan, -1.0, np.inf])
def test_bad_weights_are_refused(bad):
    weights = np.ones(10)
    weights[3] = bad
    with pytest.raises(DataError, match="row 4"):
        from_arrays(rng.normal(size=(10, 2)), np.arange(10) % 2, weights=weights)


def test_prediction_takes_columns_in_any_order_and_ignores_others():
    data = frame()
    schema = from_frame(data, "y").schema
    table = raw_frame_to_table(data.assign(more=1)[[*reversed(data.columns), "more"]], schema)
    assert [one.name for one in table.columns] == [one.name for one in schema.columns]
    assert extra_columns([*data.columns, "more"], schema) == ["y", "more"]


def test_prediction_takes_new_levels_and_missing_values():
    data = frame()
    schema = from_frame(data, "y").schema
    row = data.head(2).assign(
        text=["new", None], number=[np.nan, 1.0], when=[pd.NaT, data["when"][0]]
    )
    by_name = {one.name: one for one in raw_frame_to_table(row, schema).columns}
    assert (by_name["text"].levels, by_name["text"].values.tolist()) == (("new",), [0, -1])
    assert np.isnan(by_name["number"].values[0])
    assert np.isnan(by_name["when"].values[0])


def test_equivalent_types_are_taken_at_prediction():
    data = frame()
    schema = from_frame(data, "y").schema
    same = raw_frame_to_table(data, schema)
    other = raw_frame_to_table(
        data.assign(
            number=data["number"].map(repr),
            code=data["code"].astype(float),
            when=data["when"].dt.strftime("%Y-%m-%d %H:%M"),
        ),
        schema,
    )
    for one, two in zip(same.columns, other.columns, strict=True):
        assert set(one.levels) == set(two.levels)
        if not one.levels:
            assert np.allclose(one.values, two.values, equal_nan=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"number": "zz"}, "'number' is numeric.*row 1 holds 'zz'"),
        ({"code": "u"}, "'code' is made of numbers.*'u'"),
        ({"when": "soon"}, "'when' is a date.*'soon'"),
        ({"when": 3}, "'when' is a date, but row 1 holds the number 3"),
        ({"number": np.inf}, "infinite value in row 1"),
    ],
)
def test_prediction_names_the_first_value_of_another_type(change, message):
    data = frame()
    schema = from_frame(data, "y").schema
    with pytest.raises(DataError, match=message):
        raw_frame_to_table(data.assign(**change), schema)


def test_prediction_names_the_missing_columns():
    data = frame()
    schema = from_frame(data, "y").schema
    with pytest.raises(DataError, match="lacks columns 'number', 'text'"):
        raw_frame_to_table(data.drop(columns=["number", "text"]), schema)


def test_an_array_for_prediction_has_the_columns_of_training():
    task = from_arrays(rng.normal(size=(30, 3)), np.arange(30) % 2)
    assert raw_frame_to_table(np.ones((2, 3)), task.schema).rows == 2
    with pytest.raises(DataError, match=r"\(rows, 3\), got \(2, 2\)"):
        raw_frame_to_table(np.ones((2, 2)), task.schema)


def test_arrays_of_objects_are_read_by_value():
    x = np.array([[1.5, "a"], [2.5, None]] * 20, dtype=object)
    task = from_arrays(x, np.arange(40) % 2)
    assert [one.kind for one in task.schema.columns] == [Kind.NUMERIC, Kind.CATEGORICAL]
    assert task.table.columns[1].values[:2].tolist() == [0, -1]
