"""Text files: which encoding, which delimiter, and where a row is ragged.

PyArrow parses; what a person needs to hear about a broken file is found by a second, slow pass with the
standard library, taken only when the first fails.
"""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coeval.errors import DataError
from coeval.task.numerals import parse_numbers

_WORDS = (
    "NA",
    "N/A",
    "n/a",
    "na",
    "NaN",
    "nan",
    "NAN",
    "NULL",
    "Null",
    "null",
    "None",
    "none",
    "NaT",
)
MISSING = frozenset(
    (*_WORDS, "", "-nan", "-NaN", "nat", "<NA>", "#N/A", "#NA", "#N/A N/A", "?", "(null)")
)
"""What an entry may say instead of a value. Of a frame's target only an empty string counts."""
NO_CLASS = MISSING - {"None", "none"}
"""What a target of words may say instead of a class: no disorder is one of the disorders."""
DELIMITERS = ",;\t|"
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_PREAMBLE = re.compile(rb'(?: *[\r\n])*(?:"?sep=(?P<said>.)"?[\r\n])?(?: *[\r\n])*')
"""Empty lines, and the line by which a file tells Excel its delimiter."""
_SAMPLE = 1 << 18  # characters looked at for the delimiter


@dataclass(frozen=True, slots=True, eq=False)
class Parsed:
    """A text file's columns, all strings, with null for what is missing; see ``files.Source``."""

    table: Any
    comma: bool
    header_is_data: bool
    notes: tuple[str, ...]


def parse(data: bytes, path: Path) -> Parsed:
    """Return the table in a text file's bytes.

    Raises:
        DataError: Binary, in an unknown encoding, ragged, or with two columns of one name.
    """
    data, notes = _to_utf8(data, path)
    start = _PREAMBLE.match(data)
    assert start is not None  # it may be empty
    data, above = data[start.end() :], start[0].decode()
    sample = data[: _SAMPLE * 2].decode("utf-8", errors="ignore")[:_SAMPLE]
    delimiter = (start["said"] or b"").decode()
    if delimiter not in tuple(DELIMITERS):
        delimiter = find_delimiter(sample, whole=len(data) < _SAMPLE)
    header = _header(data, delimiter, path)
    table = _table(data, delimiter, header, path, lines=len(above.splitlines()))
    if table.num_rows == 0:
        raise DataError(
            f"{path} has a line of column names ({', '.join(header[:5])}) but no rows. Add data."
        )
    if delimiter != ",":
        notes.append(f"fields are separated by {_NAMES[delimiter]}")
    filled = [one for one in header if one]
    header_is_data = sum(parse_numbers([one]) is not None for one in filled) >= max(
        len(filled) / 2, 1
    )
    return Parsed(table, delimiter == ";", header_is_data, tuple(notes))


def _to_utf8(data: bytes, path: Path) -> tuple[bytes, list[str]]:
    """Return the text as UTF-8 without a mark, and a note if the encoding was not UTF-8."""
    for mark, name in _BOMS:
        if data.startswith(mark):
            try:
                return data.decode(name).encode(), (
                    [] if name == "utf-8-sig" else [f"encoding: {name}"]
                )
            except UnicodeDecodeError as error:
                raise _unknown(path, name, error) from error
    if b"\0" in data[:_SAMPLE]:
        return _wide(data, path)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return _western(data, path, error)
    _refuse_controls(data, path)
    return data, []


def _wide(data: bytes, path: Path) -> tuple[bytes, list[str]]:
    """Return UTF-16 without a mark, told by zeros in every second byte; anything else is binary."""
    head = data[:4096]
    for offset, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        zeros = head[offset::2].count(0) / max(len(head) // 2, 1)
        if zeros > 0.7 and head[1 - offset :: 2].count(0) == 0:
            try:
                return data.decode(name).encode(), [f"encoding: {name}, without a mark"]
            except UnicodeDecodeError as error:
                raise _unknown(path, name, error) from error
    raise _binary(path)


def _western(data: bytes, path: Path, error: UnicodeDecodeError) -> tuple[bytes, list[str]]:
    """Return Western European text, if it can be that; UTF-8 it is not."""
    _refuse_controls(data, path)
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        raise _unknown(path, "utf-8", error) from error
    line = data.count(b"\n", 0, error.start) + 1
    return text.encode(), [
        f"encoding: not UTF-8 (line {line}), read as Latin-1 (Windows-1252); "
        "check names with accents, or save the file as UTF-8"
    ]


def _refuse_controls(data: bytes, path: Path) -> None:
    """Raise if control characters say that this is no text."""
    head = data[:_SAMPLE]
    controls = sum(head.count(bytes([code])) for code in range(32) if code not in b"\t\n\r\f\v\x1a")
    if controls > len(head) * 0.01:
        raise _binary(path)


def _binary(path: Path) -> DataError:
    return DataError(
        f"{path} is a binary file, not text. Expected CSV or TSV (also .gz), Parquet or Feather. "
        "Export the table to one of these."
    )


def _unknown(path: Path, name: str, error: UnicodeDecodeError) -> DataError:
    bad = error.object[error.start : error.start + 1].hex()
    line = error.object.count(b"\n", 0, error.start) + 1
    return DataError(
        f"{path} has an unknown encoding: line {line} holds byte 0x{bad}, which is not valid in {name}, "
        "and Latin-1 does not fit either. Save the file as UTF-8 (for example with "
        "'iconv -f SHIFT-JIS -t UTF-8')."
    )


def find_delimiter(sample: str, *, whole: bool = True) -> str:
    r"""Return the delimiter that cuts the sample's rows most evenly into the most fields.

    Args:
        sample: The beginning of a text.
        whole: Whether it is the whole text; otherwise its last row may be incomplete.

    Example:
        >>> find_delimiter("a;b\n1,5;2\n")
        ';'
    """
    best, best_rank = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        try:
            rows = [row for row in _some(sample, delimiter) if row]
        except csv.Error:
            continue
        rows = rows if whole or len(rows) < 2 else rows[:-1]
        widths = Counter(len(row) for row in rows)
        if not widths:
            continue
        width, count = widths.most_common(1)[0]
        even = count / len(rows) * (1.0 if len(rows[0]) == width else 0.5)
        rank = (round(even, 1), width)
        if width > 1 and rank > best_rank:
            best, best_rank = delimiter, rank
    return best


def _some(sample: str, delimiter: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
    return [row for row, _ in zip(reader, range(200), strict=False)]


def _header(data: bytes, delimiter: str, path: Path) -> list[str]:
    """Return the column names; unnamed ones get ``Unnamed: 0`` and so on, as in pandas."""
    text = io.TextIOWrapper(io.BytesIO(data), "utf-8", newline="")
    reader = csv.reader(text, delimiter=delimiter)
    try:
        names = next((row for row in reader if row), [])
    except csv.Error as error:
        raise DataError(f"{path}, line 1: the column names cannot be read ({error}).") from error
    if not names:
        raise DataError(f"{path} is empty. Expected column names and rows.")
    names = [one.strip() or f"Unnamed: {position}" for position, one in enumerate(names)]
    refuse_duplicates(names, str(path))
    return names


def refuse_duplicates(names: Sequence[str], where: str) -> None:
    """Raise a ``DataError`` if two columns have one name."""
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DataError(
            f"Column names must differ, but {where} has {', '.join(map(repr, twice[:5]))} more than once. "
            "Rename or remove the duplicates."
        )


def _table(data: bytes, delimiter: str, header: list[str], path: Path, *, lines: int) -> Any:
    """Return the table of strings; ``lines`` stood above it in the file."""
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import csv as arrow_csv  # noqa: PLC0415

    options = {
        "read_options": arrow_csv.ReadOptions(
            column_names=header, skip_rows_after_names=1, block_size=1 << 23
        ),
        "parse_options": arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        "convert_options": arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(header, pa.string()),
            null_values=list(NO_CLASS),
            strings_can_be_null=True,
        ),
    }
    try:
        return arrow_csv.read_csv(pa.BufferReader(data), **options)
    except pa.ArrowInvalid as error:
        _explain("\n" * lines + data.decode("utf-8"), delimiter, header, path)
        raise DataError(
            f"{path} cannot be parsed as {_NAMES[delimiter]}-separated text: {str(error).splitlines()[0]}."
        ) from error


def _explain(text: str, delimiter: str, header: list[str], path: Path) -> None:
    """Raise the error that names the first line at fault."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    start = 1
    try:
        for row in reader:
            if row and len(row) != len(header):
                lines = reader.line_num - start
                raise _ragged(f"{path}, line {start}", row, header, delimiter, lines=lines)
            start = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            f"{path}, line {start}: {error}. Mend this line; a quote that is opened must be closed."
        ) from error


def _ragged(
    where: str, row: list[str], header: list[str], delimiter: str, *, lines: int
) -> DataError:
    if lines > 20 or len(row[-1]) > 10_000:
        return DataError(
            f"{where}: a quote is opened and not closed in the following {lines} lines. "
            "Close it, or double it if it belongs to the text."
        )
    name = _NAMES[delimiter]
    return DataError(
        f"{where}: expected {len(header)} fields as in the first line, got {len(row)} "
        f"({delimiter.join(row)[:60]!r}). Mend this line; a value that holds a {name} must be quoted."
    )
