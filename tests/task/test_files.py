"""Every broken file gets one message; every readable one is read."""

import codecs
import csv
import gzip
import io
import os
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import feather, parquet

from coeval.errors import DataError
from coeval.task.files import read_file
from coeval.task.text_file import MISSING, find_delimiter, parse


def write(folder, data, name="a.csv"):
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def columns(path):
    return read_file(path).table.to_pydict()


@pytest.mark.parametrize("delimiter", list(",;\t|"))
def test_the_delimiter_is_found(tmp_path, delimiter):
    text = "a,b,c\n1,x y,3\n4,z,6\n".replace(",", delimiter)
    source = read_file(write(tmp_path, text))
    assert source.table.to_pydict() == {"a": ["1", "4"], "b": ["x y", "z"], "c": ["3", "6"]}
    assert source.comma == (delimiter == ";")


@pytest.mark.parametrize("above", ["sep=;\n", '"sep=;"\r\n', "\n  \nsep=;\n\n", "  \n"])
def test_what_stands_above_the_names_is_no_row(tmp_path, above):
    source = read_file(write(tmp_path, f"{above}a;b\n1,5;2\n"))
    assert source.table.to_pydict() == {"a": ["1,5"], "b": ["2"]}
    line = len(above.splitlines()) + 3
    with pytest.raises(DataError, match=f"line {line}: expected 2 fields"):
        read_file(write(tmp_path, f"{above}a;b\n1;2\n3\n"))


def test_commas_inside_quotes_do_not_mislead_the_delimiter():
    assert find_delimiter('a;b\n"1,2,3";4\n"5,6,7";8\n') == ";"


def test_quotes_hold_delimiters_line_breaks_and_doubled_quotes(tmp_path):
    path = write(tmp_path, 'a,b\n"x\ny",1\n"say ""hi"", now",2\n')
    assert columns(path) == {"a": ["x\ny", 'say "hi", now'], "b": ["1", "2"]}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_all_line_ends_and_blank_lines_are_read(tmp_path, end):
    path = write(tmp_path, end.join(["", "a,b", "1,2", "", "3,4"]))
    assert columns(path) == {"a": ["1", "3"], "b": ["2", "4"]}


@pytest.mark.parametrize(
    ("encoding", "note"),
    [
        ("utf-8", ""),
        ("utf-8-sig", ""),
        ("utf-16", "encoding: utf-16"),
        ("utf-16-le", "utf-16-le, without a mark"),
        ("utf-16-be", "utf-16-be, without a mark"),
        ("utf-32", "encoding: utf-32"),
        ("latin-1", "read as Latin-1"),
    ],
)
def test_the_encoding_is_found_and_said(tmp_path, encoding, note):
    source = read_file(write(tmp_path, "name,b\nZoë,1\nAndré,2\n".encode(encoding)))
    assert source.table.to_pydict()["name"] == ["Zoë", "André"]
    assert note in " ".join(source.notes)
    assert bool(note) == bool(source.notes)


def test_gzipped_text_is_unpacked_whatever_its_name(tmp_path):
    path = write(tmp_path, gzip.compress(b"a,b\n1,2\n"), "a.csv.gz")
    assert columns(path) == {"a": ["1"], "b": ["2"]}


@pytest.mark.parametrize("name", ["a.parquet", "wrongly_named.csv"])
def test_parquet_is_told_by_its_content(tmp_path, name):
    parquet.write_table(pa.table({"a": [1, 2]}), tmp_path / name)
    assert columns(tmp_path / name) == {"a": [1, 2]}


def test_feather_is_read(tmp_path):
    feather.write_feather(pa.table({"a": [1, 2]}), tmp_path / "a.feather")
    assert columns(tmp_path / "a.feather") == {"a": [1, 2]}


def test_a_pandas_index_is_no_column(tmp_path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1, 2, 3]}).iloc[[2, 0]]
    frame.to_parquet(tmp_path / "a.parquet")
    assert columns(tmp_path / "a.parquet") == {"a": [3, 1]}


def test_an_unnamed_column_gets_the_name_pandas_gives(tmp_path):
    assert list(columns(write(tmp_path, ",b\n0,2\n"))) == ["Unnamed: 0", "b"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (codecs.BOM_UTF16_LE, "is empty"),
        (b"a,b\n", "no rows"),
        (b"a,b,c\n1,2,3\n4,5\n", r"line 3: expected 3 fields.*got 2"),
        (b'a,b\n"x\ny",1\n1,2,3\n', r"line 4: expected 2 fields.*got 3"),
        (b'a,b\n"x,1\n' + b"1,2\n" * 50, "line 2: a quote is opened and not closed"),
        (b"a,b,a\n1,2,3\n", "'a' more than once"),
        (bytes(range(256)) * 20, "is a binary file"),
        (b"\x01\x02\x03\x04" * 100, "is a binary file"),
        (b"a,b\n\x81\xff,2\n", "unknown encoding: line 2 holds byte 0x81"),
        (b"PK\x03\x04rest", "an Excel workbook"),
        (b"SQLite format 3\0", "an SQLite database"),
        (b"\x80\x04\x95", "never unpickles"),
        (b"PAR1 but nothing else", "damaged"),
        (b"ARROW1 but nothing else", "damaged"),
        (gzip.compress(b"a,b\n1,2\n")[:-6], "gzipped but damaged"),
    ],
)
def test_a_broken_file_is_told_in_one_message(tmp_path, data, message):
    with pytest.raises(DataError, match=message):
        read_file(write(tmp_path, data))


def test_a_missing_file_gets_near_names(tmp_path):
    write(tmp_path, "a,b\n1,2\n", "adult.csv")
    with pytest.raises(DataError, match=r"no file .*adlt\.csv. Did you mean 'adult.csv'"):
        read_file(tmp_path / "adlt.csv")
    with pytest.raises(DataError, match="no folder"):
        read_file(tmp_path / "no" / "adult.csv")


def test_a_directory_is_refused(tmp_path):
    with pytest.raises(DataError, match="got the directory"):
        read_file(tmp_path)


def test_a_file_without_permission_is_refused(tmp_path, monkeypatch):
    path = write(tmp_path, "a,b\n1,2\n")
    if os.geteuid() == 0:  # root may read everything, so the system's answer is put in its place

        def refuse(self):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "read_bytes", refuse)
    else:
        path.chmod(0)
    with pytest.raises(DataError, match="No permission to read"):
        read_file(path)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_by_a_data_error(data):
    try:
        parsed = parse(data or b"\n", Path("any.csv"))
    except DataError:
        return
    assert parsed.table.num_rows > 0


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(*[st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]))] * 3),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from(",;\t|"),
)
def test_what_the_csv_module_writes_is_read_back(rows, delimiter):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerows([("a", "b", "c"), *rows])
    table = parse(text.getvalue().encode(), Path("any.csv")).table
    expected = [tuple(None if one in MISSING else one for one in row) for row in rows]
    assert [tuple(row.values()) for row in table.to_pylist()] == expected
