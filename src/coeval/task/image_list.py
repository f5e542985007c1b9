"""A table of paths and labels: one column names an image file in each row."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from coeval.errors import DataError
from coeval.task.image_decode import SUFFIXES, report_lost
from coeval.task.image_found import Files, Found
from coeval.task.kinds import listed
from coeval.task.raw import Form, RawColumn
from coeval.task.table import Kind

_LOOKED_AT = 200
"""Values that tell whether a column names images."""
_MOST_FOLDERS = 2000


def path_column(
    columns: Sequence[RawColumn], overrides: Mapping[str, Kind], base: Path
) -> RawColumn | None:
    """Return the column of a table that names image files; ``None`` where the table is one of columns.

    That is what the user says with ``kinds``. Else it is a column whose values end like the names of image files; beside
    further columns of features only if one of its files is there.

    Args:
        columns: All but target, group, time and weights.
        overrides: Kinds set by the user.
        base: The table's folder, which paths are relative to.

    Raises:
        DataError: The user says that several columns, or one without text, hold images.
    """
    said = [one for one in columns if overrides.get(one.name) is Kind.IMAGE]
    if len(said) > 1:
        names = listed([one.name for one in said])
        raise DataError(f"kinds: one column may hold the paths of images, got {names}. Keep one.")
    if said:
        if said[0].form is not Form.STRING:
            raise DataError(
                f"kinds: column {said[0].name!r} must hold paths of image files, got {said[0].form}s."
            )
        return said[0]
    open_ones = [one for one in columns if one.name not in overrides]
    named = [one for one in open_ones if _names_images(one)]
    alone = len(columns) == 1
    return next((one for one in named if alone or _exists(one, base)), None)


def read_list(
    paths: RawColumn, labels: RawColumn, base: Path, others: Sequence[str]
) -> tuple[Found, np.ndarray]:
    """Return the images that a table lists, and which of its rows have one.

    Args:
        paths: The column that names them.
        labels: The target.
        base: What paths are relative to.
        others: Names of the columns that are not used.

    Raises:
        DataError: Too many files are not there.
    """
    files = [base / one for one in paths.levels]
    there = np.array([*(one.is_file() for one in files), False])  # the last entry serves code -1
    codes = paths.values.astype(np.intp)
    is_there = there[codes]
    names = [paths.levels[code] if code >= 0 else "a row without a path" for code in codes.tolist()]
    lost = {int(row): "no such file" for row in np.flatnonzero(~is_there)}
    notes = report_lost(
        names, lost, f"rows of {paths.name!r} name no file below {base}", "Correct these rows"
    )
    kept = codes[is_there].tolist()
    if others:
        notes.append(
            f"columns beside the images are left out: {listed(list(others), 5)} (a network takes images or columns)"
        )
    notes += _unlisted(files)
    pictures = Files(tuple(files[one] for one in kept), tuple(paths.levels[one] for one in kept))
    return Found(pictures, labels.take(is_there), paths.name, tuple(notes)), is_there


def paths_of(column: RawColumn, base: Path) -> Files:
    """Return the images that a column names, as for prediction.

    Raises:
        DataError: A row names none.
    """
    if column.missing.any():
        row = int(column.missing.argmax()) + 1
        raise DataError(
            f"Column {column.name!r} must name an image in each row; row {row} is empty."
        )
    names = tuple(column.levels[code] for code in column.values.tolist())
    return Files(tuple(base / one for one in names), names)


def _names_images(column: RawColumn) -> bool:
    if column.form is not Form.STRING or not column.levels:
        return False
    some = column.levels[:: max(1, len(column.levels) // _LOOKED_AT)]
    return all(Path(one).suffix.lower() in SUFFIXES for one in some)


def _exists(column: RawColumn, base: Path) -> bool:
    return any((base / one).is_file() for one in column.levels[:_LOOKED_AT])


def _unlisted(files: Sequence[Path]) -> list[str]:
    """Return a note on image files that lie beside listed ones but are not listed: files without labels."""
    folders = sorted({one.parent for one in files})[:_MOST_FOLDERS]
    known = set(files)
    beside = [
        one
        for folder in folders
        if folder.is_dir()
        for one in sorted(folder.iterdir())
        if one.suffix.lower() in SUFFIXES and one not in known
    ]
    if not beside:
        return []
    return [
        f"{len(beside)} image files have no row, and so no label, and are left out (the first: {beside[0].name})"
    ]
