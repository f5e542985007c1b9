"""Files as PyArrow tables: CSV and TSV, also gzipped, Parquet and Feather. What a file is, its first bytes say, not its name."""

import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coeval.errors import DataError, did_you_mean
from coeval.task.text_file import parse

_FOREIGN = (
    (b"PK\x03\x04", "an Excel workbook or a zip archive", "Save the sheet as CSV, or unpack it."),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "Save the sheet as CSV."),
    (b"SQLite format 3\0", "an SQLite database", "Export the table as CSV."),
    (b"%PDF", "a PDF document", "Extract the table as CSV."),
    (b"\x89HDF", "an HDF5 file", "Convert it to Parquet."),
    (b"\x89PNG", "an image", "Pass a table."),
    (b"\xff\xd8\xff", "an image", "Pass a table."),
    (b"\x93NUMPY", "a NumPy array", "Save it as CSV or Parquet with column names."),
    (b"\x80\x04", "a pickle", "coeval never unpickles a file; convert it to Parquet."),
    (b"\x80\x05", "a pickle", "coeval never unpickles a file; convert it to Parquet."),
    (b"BZh", "compressed with bzip2", "Unpack it, or compress it with gzip."),
    (b"\xfd7zXZ", "compressed with xz", "Unpack it, or compress it with gzip."),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "Unpack it, or compress it with gzip."),
)
READABLE = "CSV, TSV (also .gz), Parquet or Feather"


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A file's content.

    Attributes:
        table: PyArrow table; of a text file every column is strings, not yet parsed.
        text: Whether it was a text file.
        comma: A text file separated by semicolons, as where the comma is for decimals.
        header_is_data: The names of a text file look like values.
        notes: How it was read, where that was a decision.
    """

    table: Any
    text: bool = False
    comma: bool = False
    header_is_data: bool = False
    notes: tuple[str, ...] = ()


def read_file(path: str | Path) -> Source:
    """Return a file's columns.

    Raises:
        DataError: It does not exist, is a directory, may not be read, is empty, is of another or a damaged
            format, is text in an unknown encoding, has ragged rows, or names two columns alike.
    """
    path = Path(path).expanduser()
    data = _load(path)
    if data[:4] in (b"PAR1", b"ARRO", b"FEA1"):
        return Source(_columnar(path, data))
    source = parse(data, path)
    table, notes = source.table, source.notes
    return Source(table, True, source.comma, source.header_is_data, notes)


def _load(path: Path) -> bytes:
    """Return the bytes of a file, unpacked if gzipped."""
    if path.is_dir():
        raise DataError(
            f"Expected a file ({READABLE}), got the directory {path}. Name one file inside it."
        )
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise DataError(f"There is no file {path}.{_near(path)} Check the path.") from error
    except PermissionError as error:
        raise DataError(
            f"No permission to read {path}. Ask for it, or run 'chmod u+r {path}'."
        ) from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(
                f"{path} is gzipped but damaged ({error}). Copy or download it again."
            ) from error
    if not data.strip():
        raise DataError(
            f"{path} is empty. Expected a table ({READABLE}) with column names and rows."
        )
    for magic, what, cure in _FOREIGN:
        if data.startswith(magic):
            raise DataError(f"{path} is {what}, not {READABLE}. {cure}")
    return data


def _near(path: Path) -> str:
    """Return a hint at files of a similar name in the same folder."""
    folder = path.parent
    if not folder.is_dir():
        return f" There is no folder {folder} either."
    return did_you_mean(path.name, [one.name for one in folder.iterdir()])


def _columnar(path: Path, data: bytes) -> Any:
    """Return the table of a Parquet or Feather file."""
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import feather, parquet  # noqa: PLC0415

    try:
        if data[:4] == b"PAR1":
            table = parquet.read_table(pa.BufferReader(data))
        else:
            table = feather.read_table(pa.BufferReader(data))
    except (pa.ArrowException, OSError, ValueError) as error:
        kind = "Parquet" if data[:4] == b"PAR1" else "Feather"
        raise DataError(
            f"{path} begins like a {kind} file but cannot be read ({str(error).splitlines()[0]}). "
            "It is damaged or incomplete; copy or write it again."
        ) from error
    return without_index(table)


def without_index(table: Any) -> Any:
    """Return a PyArrow table without the columns that hold a pandas index.

    pandas writes a filtered or shuffled frame's row labels as a column; they are no feature.
    """
    metadata = (table.schema.pandas_metadata or {}) if table.schema.metadata else {}
    index = [one for one in metadata.get("index_columns", ()) if isinstance(one, str)]
    unnamed = [one for one in index if one.startswith("__index_level_")]
    return table.drop_columns([one for one in unnamed if one in table.column_names])
