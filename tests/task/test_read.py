"""Files as tasks, from the kinds to the splits, and what bad data gets."""

import csv
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from coeval.errors import DataError
from coeval.task.read import read, read_rows
from coeval.task.summary import summary
from coeval.task.table import Kind
from coeval.task.task import Problem

ROWS = 240


def rows(count=ROWS, seed=0):
    rng = np.random.default_rng(seed)
    return [
        {
            "id": f"u{row}",
            "age": str(rng.integers(18, 90)) if row % 9 else "",
            "city": ["Rome", "Oslo", "?"][rng.integers(3)],
            "zip": f"{rng.integers(0, 20):05d}",
            "seen": f"2024-{rng.integers(1, 13):02d}-{rng.integers(1, 29):02d}",
            "words": " ".join(rng.choice(["red", "big", "old", "car", "sky"], 5)) + f" {row}",
            "flat": "1",
            "copy": "",
            "y": ["no", "yes"][rng.integers(2)],
        }
        for row in range(count)
    ]


def write(path, table):
    for row in table:
        row["copy"] = row.get("age", "")
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(table[0]))
        writer.writeheader()
        writer.writerows(table)
    return path


@pytest.fixture
def path(tmp_path):
    return write(tmp_path / "people.csv", rows())


def text(path, content):
    path.write_text(content, encoding="utf-8")
    return path


def column(task, name):
    return next(one for one in task.table.columns if one.name == name)


def test_a_csv_becomes_a_task(path):
    task = read(path, target="y")
    kinds = {one.name: one.kind.value for one in task.schema.columns}
    assert kinds == {
        "id": "drop",
        "age": "numeric",
        "city": "categorical",
        "zip": "categorical",
        "seen": "date",
        "words": "text",
        "flat": "drop",
        "copy": "drop",
    }
    assert task.problem is Problem.BINARY
    assert (task.name, task.target.classes) == ("people", ("no", "yes"))
    assert [len(part) for part in (task.splits.test, task.splits.selection)] == [48, 24]
    assert len(task.folds) == 5
    assert np.isnan(column(task, "age").values[0])
    assert set(column(task, "city").levels) == {"Rome", "Oslo"}
    assert "same values as 'age'" in " ".join(task.notes)


def test_the_summary_says_what_was_read(path):
    lines = summary(read(path, target="y"))
    assert "people, 240 rows, 5 of 8 columns used" in lines[0]
    assert lines[1].startswith("target: y, binary: no ")
    assert "test 48; scored out of fold (5 folds)" in lines[2]
    assert all(line.startswith("note: ") for line in lines[3:])


def test_reading_again_gives_the_same_fingerprint_and_another_value_another(path, tmp_path):
    one = read(path, target="y").fingerprint
    assert read(path, target="y").fingerprint == one
    changed = rows()
    changed[5]["age"] = "33"
    assert read(write(tmp_path / "b.csv", changed), target="y").fingerprint != one
    assert read(path, target="y", seed=1).fingerprint != one
    assert read(path, target="y", metric="accuracy").fingerprint != one


def test_kinds_metric_and_name_are_the_users_to_set(path):
    task = read(
        path, target="y", kinds="zip=drop,id=text,age=categorical", metric="accuracy", name="n"
    )
    kinds = {one.name: one.kind for one in task.schema.columns}
    assert [kinds[name] for name in ("zip", "id", "age")] == [
        Kind.DROP,
        Kind.TEXT,
        Kind.CATEGORICAL,
    ]
    assert (task.metric.name, task.name) == ("accuracy", "n")
    assert next(one for one in task.schema.columns if one.name == "age").number


def test_a_date_forced_to_be_categorical_keeps_its_text(path):
    task = read(path, target="y", kinds="seen=categorical")
    assert all(level.startswith("2024-") for level in column(task, "seen").levels)


def test_rows_without_a_target_are_dropped_and_said(tmp_path):
    table = rows()
    for row in table[:7]:
        row["y"] = "NA"
    task = read(write(tmp_path / "a.csv", table), target="y")
    assert task.table.rows == len(task.target.values) == ROWS - 7
    assert "7 rows without a target are left out" in task.notes


def test_without_a_test_split_the_rows_go_to_training(path):
    task = read(path, target="y", test="none")
    assert len(task.splits.test) == 0
    assert len(task.splits.train) == 180


def test_an_own_test_file_is_appended(path, tmp_path):
    table = rows(50, seed=1)
    table[0]["city"] = "Paris"
    table[1]["y"] = ""
    shuffled = [dict(reversed(row.items())) for row in table]
    task = read(path, target="y", test=write(tmp_path / "test.csv", shuffled))
    assert task.splits.test.tolist() == list(range(ROWS, ROWS + 49))
    city = column(task, "city")
    assert city.levels[city.values[ROWS]] == "Paris"
    expected = [row["y"] for row in table[2:]]
    assert [task.target.classes[one] for one in task.target.values[ROWS + 1 :]] == expected
    inner = np.concatenate([task.splits.train, task.splits.validation, task.splits.selection])
    assert sorted(inner.tolist()) == list(range(ROWS))


def test_a_test_file_must_have_the_columns(path, tmp_path):
    without = [{k: v for k, v in row.items() if k != "city"} for row in rows(30)]
    with pytest.raises(DataError, match=r"test file .* lacks column 'city'"):
        read(path, target="y", test=write(tmp_path / "t.csv", without))
    with pytest.raises(DataError, match="lacks the target column 'y'"):
        read(path, target="y", test=text(tmp_path / "u.csv", "age,city\n1,2\n"))


def test_group_time_and_weights_shape_the_task(tmp_path):
    table = [row | {"who": f"p{i // 6}", "w": str(i % 3)} for i, row in enumerate(rows())]
    path = write(tmp_path / "a.csv", table)
    grouped = read(path, target="y", group="who", weights="w")
    who = np.arange(ROWS) // 6
    assert not set(who[grouped.splits.train]) & set(who[grouped.splits.test])
    assert ((grouped.groups[:, None] == grouped.groups) == (who[:, None] == who)).all()
    tested = read(path, target="y", group="who", test=path)
    assert len(np.unique(tested.groups_of(tested.splits.test))) == len(np.unique(who))
    assert not set(tested.groups_of(tested.splits.test)) & set(grouped.groups)
    assert {"who", "w"} <= {one.name for one in grouped.schema.of(Kind.DROP)}
    assert grouped.weights.tolist() == [i % 3 for i in range(ROWS)]
    ordered = read(path, target="y", time="seen")
    seen = column(ordered, "seen").values
    assert seen[ordered.splits.train].max() <= seen[ordered.splits.test].min()


def test_a_column_that_is_the_answer_raises_a_warning(tmp_path):
    table = [row | {"paid": row["y"].upper()} for row in rows()]
    task = read(write(tmp_path / "a.csv", table), target="y")
    assert any("'paid' alone explains 100.0% of the target" in note for note in task.notes)
    assert not any("'city' alone" in note for note in task.notes)


def test_numbers_with_a_stray_text_are_pointed_out(tmp_path):
    table = rows()
    table[17]["age"] = "young"
    task = read(write(tmp_path / "a.csv", table), target="y")
    assert any("'age': 'young' (1 row) is taken as missing" in note for note in task.notes)
    table[17]["age"] = "over 80"
    task = read(write(tmp_path / "a.csv", table), target="y")
    assert any("'age' holds numbers but also 'over 80' (row 18)" in note for note in task.notes)


def test_decimal_commas_are_read_and_said(tmp_path):
    lines = [f"{i % 7},5;{i % 2}" for i in range(60)]
    task = read(text(tmp_path / "a.csv", "\n".join(["x;y", *lines])), target="y")
    assert column(task, "x").values[:3].tolist() == [0.5, 1.5, 2.5]
    assert any("decimal comma" in note for note in task.notes)


def test_a_class_of_a_single_row_is_left_out(tmp_path):
    lines = ["1,u,3", "2,v,4"] * 20
    lines.insert(7, "3,w,5")
    file = text(tmp_path / "a.csv", "\n".join(["a,y,weight", *lines]))
    task = read(file, target="y", weights="weight")
    assert task.target.classes == ("u", "v")
    assert task.problem is Problem.BINARY
    assert task.table.rows == len(task.target.values) == len(task.weights) == 40
    assert 3.0 not in column(task, "a").values
    assert "a row is left out, the only one of its class ('w')" in "; ".join(task.notes)


def test_a_lone_number_among_classes_leaves_them_classes(tmp_path):
    lines = [f"{row % 7},{row % 5}" for row in range(200)] + ["9,5"]
    task = read(text(tmp_path / "a.csv", "\n".join(["a,y", *lines])), target="y")
    assert task.target.classes == ("0", "1", "2", "3", "4")
    assert any("6 values 0 to 5" in note and "problem=regression" in note for note in task.notes)


BAD = [
    ("a b\n1 2\n", "y", "Only one column was found"),
    ("1,2\n3,4\n", "y", "first line looks like values"),
    ("a,income\n1,2\n", "incme", "Did you mean 'income'"),
    ("y\n1\n2\n", "y", "only the target column"),
    ("a,y\n" + "1,2\n" * 40, "y", "is constant"),
    ("a,y\n" + "1,\n" * 40, "y", "missing in every row"),
    ("a,y\n" + "1,u\n2,u\n" * 20 + "3,w\n", "y", "'w' has a single one"),
    ("a,y\n" + "1,u\n2,v\n" * 20 + "3,w\n4,x\n5,z\n", "y", "'w', 'x', 'z' have a single one"),
    ("a,y\n" + "1,u\n2,v\n" * 5, "y", "at least 30 rows with a target.*got 10"),
    ("a,b,y\n" + "1,q,u\n1,q,v\n" * 20, "y", "all columns are constant"),
    ("a,y\n" + "1,u\n2,v\ninf,v\n" * 20, "y", "'a' holds an infinite value in row 3"),
    ("a,y\n" + "1,0.5\n2,1.5\n2,-inf\n" * 20, "y", "infinite in row 3"),
]


@pytest.mark.parametrize(("content", "target", "message"), BAD)
def test_bad_data_gets_one_message(tmp_path, content, target, message):
    with pytest.raises(DataError, match=message) as caught:
        read(text(tmp_path / "a.csv", content), target=target)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("role", ["group", "time", "weights"])
def test_a_role_must_name_a_column(path, role):
    with pytest.raises(DataError, match=f"no {role} column 'agee'. Did you mean 'age'"):
        read(path, target="y", **{role: "agee"})
    with pytest.raises(DataError, match="must not be the target"):
        read(path, target="y", **{role: "y"})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"time": "city"}, "must hold dates or numbers"),
        ({"time": "age"}, "'age' is missing in row 1"),
        ({"weights": "city"}, "must be numbers"),
        ({"weights": "age"}, "must be finite"),
        ({"group": "zip", "time": "seen"}, "not both"),
        ({"metric": "rmse"}, "does not fit"),
        ({"problem": "regression"}, "must hold numbers"),
        ({"kinds": "city=numeric"}, "cannot be numeric"),
    ],
)
def test_an_option_that_does_not_fit_the_data_is_explained(path, options, message):
    with pytest.raises(DataError, match=message):
        read(path, target="y", **options)


def test_rows_for_prediction_need_no_target_and_take_new_levels(path, tmp_path):
    task = read(path, target="y")
    fresh = [
        {
            "extra": "1",
            "city": "Paris",
            "age": "40",
            "zip": "1",
            "words": "a b",
            "seen": "2030-01-01",
        }
    ]
    table = read_rows(write(tmp_path / "new.csv", fresh), task.schema)
    by_name = {one.name: one for one in table.columns}
    assert [one.name for one in table.columns] == [one.name for one in task.table.columns]
    assert by_name["city"].levels == ("Paris",)
    assert by_name["zip"].levels == ("1",)
    assert by_name["age"].values.tolist() == [40.0]


def test_rows_for_prediction_of_another_type_are_refused(path, tmp_path):
    task = read(path, target="y")
    table = rows(5)
    table[3]["age"] = "old"
    with pytest.raises(DataError, match=r"'age' is numeric.*row 4 holds 'old'"):
        read_rows(write(tmp_path / "new.csv", table), task.schema)
    with pytest.raises(DataError, match="lacks columns"):
        read_rows(text(tmp_path / "b.csv", "age,city\n1,2\n"), task.schema)


def test_training_rows_read_for_prediction_give_the_same_values(path):
    task = read(path, target="y")
    table = read_rows(path, task.schema)
    for one, other in zip(table.columns, task.table.columns, strict=True):
        assert one.levels == other.levels
        assert np.array_equal(one.values, other.values, equal_nan=True)


def test_reading_a_csv_loads_neither_pandas_nor_torch_nor_scikit_learn(path):
    code = (
        "import sys; from coeval.task.read import read; read(sys.argv[1], target='y'); "
        "print({'pandas', 'torch', 'sklearn'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


@pytest.mark.slow
def test_twenty_thousand_rows_are_read_in_half_a_second(tmp_path):
    path = write(tmp_path / "big.csv", rows(20_000))
    read(path, target="y")
    start = time.perf_counter()
    read(path, target="y")
    assert time.perf_counter() - start < 0.5


TABLES = Path(os.environ.get("COEVAL_TABLES", "/work/shared/data/tabular"))


@pytest.mark.skipif(not TABLES.is_dir(), reason="the development tables are not here")
def test_every_development_table_gets_the_problem_its_manifest_names():
    with (TABLES / "manifest.csv").open(encoding="utf-8") as file:
        for facts in csv.DictReader(file):
            task = read(TABLES / facts["file"], target=facts["target"])
            assert task.problem.value == facts["task"]
            assert task.table.rows == int(facts["rows"])
            assert not any("alone explains" in note for note in task.notes)
