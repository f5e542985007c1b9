"""A table of image files as a task, also with an own test table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from coeval.errors import DataError, did_you_mean
from coeval.task.assemble import Plan, taken
from coeval.task.files import read_file
from coeval.task.image_found import Found
from coeval.task.image_list import path_column, read_list
from coeval.task.image_task import image_task
from coeval.task.kinds import listed
from coeval.task.raw import Form, RawColumn, raw_columns
from coeval.task.table import Kind
from coeval.task.task import Task


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """A table that lists image files.

    Attributes:
        paths: The column that names them.
        labels: The target.
        base: What paths are relative to.
        others: Names of the columns that are not used.
    """

    paths: RawColumn
    labels: RawColumn
    base: Path
    others: Sequence[str]


def find_listing(
    path: str | Path,
    columns: Sequence[RawColumn],
    labels: RawColumn,
    overrides: Mapping[str, Kind],
) -> Listing | None:
    """Return what a table says of image files; ``None`` where it names none.

    Args:
        path: Of the table.
        columns: Those that may be features.
        labels: The target.
        overrides: Kinds set by the user.

    Raises:
        DataError: As ``path_column``.
    """
    base = Path(path).expanduser().parent
    paths = path_column(columns, overrides, base)
    if paths is None:
        return None
    names = [one.name for one in columns if one.name != paths.name]
    others = [one for one in names if overrides.get(one) is not Kind.DROP]
    return Listing(paths, labels, base, others)


def listed_images(listing: Listing, test: str, plan: Plan, notes: Sequence[str] = ()) -> Task:
    """Return the task of the images that a table lists.

    Args:
        listing: The paths and labels.
        test: As ``read`` takes it; another table of paths and labels, if it is a file.
        plan: What to make of the rows.
        notes: How the table was read.

    Raises:
        DataError: The images cannot be learnt from; the message says why and what to do.
    """
    found, is_there = read_list(listing.paths, listing.labels, listing.base, listing.others)
    own_test = test not in ("split", "none")
    held = _test_images(test, listing) if own_test else None
    found = replace(found, notes=(*notes, *found.notes))
    return image_task(found, held, taken(plan, is_there))


def _test_images(test: str, listing: Listing) -> Found:
    """Return the images of an own test table, which names the same columns."""
    wanted = (listing.paths.name, listing.labels.name)
    source = read_file(test)
    names = list(source.table.column_names)
    for one in wanted:
        if one not in names:
            raise DataError(
                f"The test file {test} lacks the column {one!r}.{did_you_mean(one, names)} It has {listed(names)}."
            )
    is_words = listing.labels.form is Form.STRING and not listing.labels.number
    columns = raw_columns(
        source.table,
        text=source.text,
        comma=source.comma,
        keep=wanted if is_words else wanted[:1],
        target=wanted[1],
    )
    by_name = {column.name: column for column in columns}
    base = Path(test).expanduser().parent
    return read_list(by_name[wanted[0]], by_name[wanted[1]], base, ())[0]
