"""Rows to predict are read as the rows that were learnt from: alone or together, from a file or a frame."""

import csv
import io

import numpy as np
import pyarrow as pa
import pytest

from coeval.errors import DataError
from coeval.task.frame import from_frame, raw_frame_to_table
from coeval.task.memory import load, save
from coeval.task.raw import raw_columns
from coeval.task.read import read, read_rows
from coeval.task.table import ColumnSchema, Kind, Schema

pd = pytest.importorskip("pandas")
rng = np.random.default_rng(0)
ROWS = 120
DAYS = [f"{day:02d}/{month:02d}/2024" for day in range(1, 29) for month in range(1, 13)]
COLUMNS = {
    "when": [DAYS[i * 7 % len(DAYS)] for i in range(ROWS)],
    "compact": [f"2024{1 + i % 12:02d}{1 + i % 28:02d}" for i in range(ROWS)],
    "decimal": [f"{i % 50},{137 + i}" if i % 2 else f"0,{100 + i}" for i in range(ROWS)],
    "price": [f"${i * 37 + 1000.5:,.2f}" for i in range(ROWS)],
    "share": [f"{i / 7:.2f}%" for i in range(ROWS)],
    "gaps": ["-" if i % 40 == 3 else str(i * 1.25) for i in range(ROWS)],
    "flag": [["TRUE", "FALSE", ""][i % 3] for i in range(ROWS)],
    "city": [[" Rome", "Oslo ", "?"][i % 3] for i in range(ROWS)],
    "zip": [f"{i % 20:05d}" for i in range(ROWS)],
    "y": [["no", "yes"][i % 2] for i in range(ROWS)],
}
KINDS = dict.fromkeys(["decimal", "price", "share", "gaps"], "numeric")
KINDS |= {"when": "date", "compact": "date", "flag": "categorical", "city": "categorical"}
KINDS |= {"zip": "categorical"}


def write(path, rows):
    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerow(COLUMNS)
    writer.writerows([[values[row] for values in COLUMNS.values()] for row in rows])
    path.write_text(lines.getvalue())
    return path


@pytest.fixture(scope="module")
def task(tmp_path_factory):
    return read(write(tmp_path_factory.mktemp("rows") / "all.csv", range(ROWS)), target="y")


def values(table):
    """Return each column's values by row, levels as text."""
    return {
        one.name: [one.levels[code] if code >= 0 else None for code in one.values]
        if one.levels or one.values.dtype == np.int32
        else [None if np.isnan(value) else value for value in one.values.tolist()]
        for one in table.columns
    }


def test_the_columns_are_read_as_what_they_are(task):
    assert {one.name: str(one.kind) for one in task.schema.columns} == KINDS
    found = values(task.table)
    assert found["decimal"][:3] == [0.1, 1.138, 0.102]
    assert found["price"][0] == 1000.5
    assert found["gaps"][2:5] == [2.5, None, 5.0]
    assert any("'gaps': '-' (3 rows) is taken as missing" in note for note in task.notes)


def test_a_row_alone_is_read_as_among_all(task, tmp_path):
    together = values(task.table)
    for row in range(0, ROWS, 11):
        alone = values(read_rows(write(tmp_path / "one.csv", [row]), task.schema))
        assert alone == {name: [column[row]] for name, column in together.items()}


@pytest.mark.parametrize("read_frame", [pd.read_csv, lambda path: pd.read_csv(path, dtype=str)])
def test_a_frame_of_the_file_is_read_as_the_file(task, tmp_path, read_frame):
    frame = read_frame(write(tmp_path / "some.csv", range(9, 30)))
    frame["zip"] = [COLUMNS["zip"][row] for row in range(9, 30)]
    found = values(raw_frame_to_table(frame, task.schema))
    assert found == {name: column[9:30] for name, column in values(task.table).items()}


def test_a_date_of_another_format_is_refused(task, tmp_path):
    path = write(tmp_path / "one.csv", [5])
    text = path.read_text().replace(COLUMNS["when"][5], "12/31/2024")
    path.write_text(text)
    with pytest.raises(DataError, match=r"a date as DD/MM/YYYY.*row 1 holds '12/31/2024'"):
        read_rows(path, task.schema)


def test_dates_in_doubt_are_refused_where_training_had_iso_dates(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("seen,y\n" + "\n".join(f"2024-01-{1 + i % 28:02d},{i % 2}" for i in range(60)))
    schema = read(path, target="y").schema
    for text, days in (("5.1.2024", 19727.0), ("2024-01-05 12:00", 19727.5)):
        path.write_text(f"seen\n{text}\n")
        assert read_rows(path, schema).columns[0].values.tolist() == [days]
    path.write_text("seen\n05/01/2024\n")
    with pytest.raises(DataError, match="written YYYY-MM-DD in training, but here as DD/MM or"):
        read_rows(path, schema)


def test_a_number_column_takes_no_dates(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("built,y\n" + "\n".join(f"{1900 + i % 90},{i % 2}" for i in range(60)))
    schema = read(path, target="y").schema
    path.write_text("built\n2010-06-30\n")
    with pytest.raises(DataError, match=r"'built' is numeric.*row 1 holds the date 2010-06-30"):
        read_rows(path, schema)


def test_dates_that_are_said_to_be_numbers_stay_so(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("seen,y\n" + "\n".join(f"2024-01-{1 + i % 28:02d},{i % 2}" for i in range(60)))
    schema = read(path, target="y", kinds="seen=numeric").schema
    path.write_text("seen\n2024-01-05\n")
    assert read_rows(path, schema).columns[0].values.tolist() == [19727.0]


def test_how_values_are_written_is_kept_with_the_task(task, tmp_path):
    save(task, tmp_path / "task")
    assert load(tmp_path / "task").schema == task.schema


def test_models_of_earlier_versions_are_still_read():
    old = {"name": "a", "kind": "numeric", "reason": "numbers", "number": True}
    assert ColumnSchema.of(old) == ColumnSchema("a", Kind.NUMERIC, "numbers", number=True)


def test_strings_with_digits_are_not_taken_as_missing(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(
        "a,y\n" + "\n".join(f"{'10+' if i == 7 else i % 15},{i % 2}" for i in range(60))
    )
    task = read(path, target="y")
    assert task.schema.columns[0].kind is Kind.CATEGORICAL
    assert any("also '10+' (row 8)" in note for note in task.notes)


def test_a_footer_without_a_target_does_not_make_its_columns_text(tmp_path):
    path = tmp_path / "a.csv"
    body = "\n".join(f"{i * 1.5},{i % 2}" for i in range(60))
    path.write_text(f"a,y\n{body}\nTotal,\n")
    task = read(path, target="y")
    assert task.schema.columns[0].kind is Kind.NUMERIC
    assert task.notes == ("1 rows without a target are left out",)


def test_a_stray_word_in_a_target_of_numbers_is_refused(tmp_path):
    path = tmp_path / "a.csv"
    body = "\n".join(f"{i % 7},{'unknown' if i == 20 else i * 3}" for i in range(60))
    path.write_text(f"a,y\n{body}\n")
    with pytest.raises(DataError, match=r"numbers but also 'unknown' \(row 21\)"):
        read(path, target="y")
    with pytest.raises(DataError, match=r"numbers but also 'unknown' \(row 21\)"):
        read(path, target="y", problem="regression")


def test_none_is_a_class_beside_other_words_and_missing_beside_numbers(tmp_path):
    path, test = tmp_path / "a.csv", tmp_path / "test.csv"
    labels = ["None", "insomnia", ""]
    path.write_text("a,y\n" + "\n".join(f"{i % 7},{labels[i % 3]}" for i in range(90)))
    test.write_text("a,y\n1,None\n2,insomnia\n")
    task = read(path, target="y", test=test)
    assert task.target.classes == ("None", "insomnia")
    assert (task.table.rows, task.target.values[-2:].tolist()) == (62, [0, 1])
    path.write_text("a,y\n" + "\n".join(f"{i % 7},{'None' if i % 3 else i}" for i in range(90)))
    assert read(path, target="y").table.rows == 30


def test_strings_of_quantities_in_a_frame_are_numbers_and_codes_are_not():
    frame = pd.DataFrame(
        {
            "price": [str(one) for one in rng.normal(size=40)],
            "version": [f"1.{i % 9}" for i in range(40)],
            "code": [str(i % 9) for i in range(40)],
            "y": np.arange(40) % 2,
        }
    )
    kinds = [one.kind for one in from_frame(frame, "y").schema.columns]
    assert kinds == [Kind.NUMERIC, Kind.NUMERIC, Kind.CATEGORICAL]
    frame["version"] = [["1.1", "1.10", "1.2"][i % 3] for i in range(40)]
    assert from_frame(frame, "y").schema.columns[1].kind is Kind.CATEGORICAL


def test_text_labels_in_an_array_of_targets_stay_text():
    frame = pd.DataFrame({"a": rng.normal(size=40)})
    task = from_frame(frame, np.array(["none", "0.5"] * 20))
    assert task.target.classes == ("0.5", "none")


def test_small_codes_with_a_null_stay_missing():
    indices = pa.array([0, None, 255], pa.uint8())
    column = pa.DictionaryArray.from_arrays(indices, [f"c{i}" for i in range(256)])
    (found,) = raw_columns(pa.table({"x": column}))
    assert found.missing.tolist() == [False, True, False]


def test_durations_of_nanoseconds_are_read():
    (found,) = raw_columns(pa.table({"x": pa.array([1_500_000_001], pa.duration("ns"))}))
    assert found.values.tolist() == [1.5]


def test_a_line_of_thirty_thousand_names_is_read(tmp_path):
    names = [f"ENSG{i:011d}" for i in range(30_000)]
    path = tmp_path / "genes.csv"
    path.write_text("\n".join([",".join(names), ",".join(["1"] * len(names))]))
    schema = Schema(tuple(ColumnSchema(one, Kind.NUMERIC) for one in names))
    assert len(read_rows(path, schema).columns) == 30_000


def lines(path, column, target=lambda i: i % 2):
    path.write_text("a,y\n" + "\n".join(f"{one},{target(i)}" for i, one in enumerate(column)))
    return path


def test_zeros_before_numbers_do_not_matter_where_they_are_known_to_be_numbers(tmp_path):
    hours = read(lines(tmp_path / "a.csv", [i % 24 for i in range(72)]), target="y").schema
    assert read_rows(lines(tmp_path / "b.csv", ["07"]), hours).columns[0].values.tolist() == [7.0]
    path = lines(tmp_path / "a.csv", [f"000{i % 40:02d}" for i in range(80)])
    assert read(path, target="y").schema.columns[0].kind is Kind.CATEGORICAL
    numbers = read(path, target="y", kinds="a=numeric").table.columns[0]
    assert numbers.values[:3].tolist() == [0.0, 1.0, 2.0]
    zips = read(
        lines(tmp_path / "a.csv", [10001 + i % 40 for i in range(80)]),
        target="y",
        kinds="a=categorical",
    ).schema
    assert read_rows(lines(tmp_path / "b.csv", ["02139"]), zips).columns[0].levels == ("2139",)


def test_categories_of_a_frame_stay_strings_where_the_user_says_so():
    versions = ["3.1", "3.2", "3.9"] * 20
    frame = pd.DataFrame({"a": versions, "y": np.arange(60) % 2})
    for kind in ("categorical", "text"):
        schema = from_frame(frame, "y", kinds={"a": kind}).schema
        table = raw_frame_to_table(pd.DataFrame({"a": ["3.10", "4.0rc1"]}), schema)
        assert table.columns[0].levels == ("3.10", "4.0rc1")


@pytest.mark.parametrize("given", [np.array, list, pd.Series])
def test_labels_that_look_like_fractions_are_classes_however_they_come(given):
    labels = given(["0.5", "1.5", " x"] * 20)
    task = from_frame(pd.DataFrame({"a": rng.normal(size=60)}), labels)
    assert task.target.classes == (" x", "0.5", "1.5")


def test_classes_of_an_own_test_file_are_read_as_words(tmp_path):
    classes = ["5%", "10%", "A"]
    path = lines(tmp_path / "a.csv", range(0, 180, 3), lambda i: classes[i % 3])
    test = lines(tmp_path / "b.csv", [1, 2], lambda i: classes[i % 2])
    task = read(path, target="y", test=test)
    assert [task.target.classes[one] for one in task.target.values[-2:]] == ["5%", "10%"]


def test_an_infinite_target_of_an_own_test_file_is_refused(tmp_path):
    path = lines(tmp_path / "a.csv", range(0, 180, 3), lambda i: i * 1.5)
    test = lines(tmp_path / "b.csv", [1, 2], lambda i: [1.5, "inf"][i])
    with pytest.raises(DataError, match="The test file's target 'y' is infinite in row 2"):
        read(path, target="y", test=test)


def test_chromosomes_are_categories_and_classes(tmp_path):
    names = [*map(str, range(1, 23)), "X", "Y"]
    path = lines(tmp_path / "a.csv", [names[i % 24] for i in range(240)], lambda i: names[i % 24])
    task = read(path, target="y")
    assert task.schema.columns[0].kind is Kind.CATEGORICAL
    assert len(task.target.classes) == 24


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (["01010101", "04011010", "07121130"] * 30, Kind.CATEGORICAL),  # codes of wares
        (["555 123 456", "555 123 457", "400 001 222"] * 30, Kind.CATEGORICAL),
        ([f"{24 + i % 3}/01/{1 + i % 28:02d}" for i in range(90)], Kind.CATEGORICAL),  # YY/MM/DD
        ([f"{1 + i % 28:02d}/01/{24 + i % 3}" for i in range(90)], Kind.DATE),
    ],
)
def test_what_may_be_something_else_is_left_as_it_is(tmp_path, column, kind):
    task = read(lines(tmp_path / "a.csv", column, lambda i: i * 7 % 2), target="y")
    assert task.schema.columns[0].kind is kind


def test_the_first_number_that_is_no_date_is_named(tmp_path):
    schema = read(
        lines(tmp_path / "a.csv", [20240101 + i % 28 for i in range(60)]), target="y"
    ).schema
    with pytest.raises(DataError, match="row 2 holds the number 99999999"):
        read_rows(lines(tmp_path / "b.csv", [20240101, 99999999]), schema)


def test_strings_of_a_frame_are_stripped_and_may_say_that_they_are_missing():
    texts = [" 25/03/2024", "?", "26/03/2024 ", "NA"] * 15
    frame = pd.DataFrame({"when": texts, "price": [" 12,5", "3,25", "?"] * 20})
    task = from_frame(frame.assign(y=np.arange(60) % 2), "y")
    assert values(task.table)["price"][:3] == [12.5, 3.25, None]
    assert values(task.table)["when"][:4] == [19807.0, None, 19808.0, None]
    again = raw_frame_to_table(frame.iloc[:1], task.schema)
    assert values(again) == {"when": [19807.0], "price": [12.5]}


def test_truths_and_numbers_may_be_mixed(tmp_path):
    schema = read(lines(tmp_path / "a.csv", [i % 7 for i in range(60)]), target="y").schema
    found = raw_frame_to_table(pd.DataFrame({"a": ["True", "1", "0"]}), schema)
    assert found.columns[0].values.tolist() == [1.0, 1.0, 0.0]
