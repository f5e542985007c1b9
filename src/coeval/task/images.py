"""Images as tasks, and as inputs of a model: what ``read`` does for folders, arrays and lists of files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coeval.architecture.types import Grid
from coeval.errors import DataError
from coeval.task.assemble import Plan
from coeval.task.files import read_file
from coeval.task.image_arrays import (
    from_pairs,
    is_npz,
    load_npy,
    load_npz,
    part_of,
    read_arrays,
    read_test_arrays,
)
from coeval.task.image_decode import SUFFIXES, decode
from coeval.task.image_folder import LABEL, image_files, read_folder
from coeval.task.image_found import MOST_SIDE, Files, Found, unlike
from coeval.task.image_list import path_column, paths_of
from coeval.task.image_stack import Bytes, stack_of
from coeval.task.image_task import image_task
from coeval.task.metric import Metric
from coeval.task.own_metric import Own
from coeval.task.raw import Form, raw_columns
from coeval.task.split import Shares
from coeval.task.table import Kind
from coeval.task.task import Problem, Task


def is_images(path: str | Path) -> bool:
    """Return whether a path alone says that it holds images: a folder, or a file of arrays."""
    path = Path(path).expanduser()
    return path.is_dir() or path.suffix.lower() in (".npz", ".npy")


def read_images(
    path: str | Path,
    *,
    target: str | None = None,
    metric: str | Metric | Own | None = None,
    problem: Problem | str | None = None,
    test: str | Path = "split",
    seed: int = 0,
    name: str | None = None,
    most: int = MOST_SIDE,
) -> Task:
    """Return the task in a folder of class folders, or in an ``.npz`` or ``.npy`` file.

    Args:
        path: The folder or file. A folder ``test``, or arrays ``x_test`` and ``y_test``, become the locked test split.
        target: Of a folder a name for the class; of arrays the one that holds the labels, if several do.
        metric: As in ``read``.
        problem: As in ``read``.
        test: ``"split"`` locks the given test images, or 20 % of all; ``"none"`` locks none; anything else is a folder
            or file of test images (of one with several splits, those of its test split).
        seed: As in ``read``.
        name: For people; the path's name by default.
        most: Pixels of the longer side; larger images are resized.

    Raises:
        DataError: The images cannot be read or not be learnt from; the message says what to do.
    """
    path = Path(path).expanduser()
    own, held = _found(path, target)
    if str(test) not in ("split", "none"):
        held = _held(Path(test).expanduser(), target)
    elif held is not None:
        fate = "are left out" if str(test) == "none" else "are the locked test split"
        own = _said(own, f"the test images that come with the data {fate}")
    return image_task(
        own,
        None if str(test) == "none" else held,
        plan_for(
            name or path.resolve().name.split(".")[0],
            metric=metric,
            problem=problem,
            has_test=held is not None or str(test) == "none",
            seed=seed,
        ),
        most=most,
    )


def plan_for(
    name: str,
    *,
    metric: str | Metric | Own | None,
    problem: Problem | str | None,
    has_test: bool,
    seed: int,
) -> Plan:
    """Return what to make of images, whether or not their test split is taken care of."""
    return Plan(
        name=name,
        problem=problem,
        metric=metric,
        shares=Shares(test=0.0) if has_test else Shares(),
        seed=seed,
        fewest=20 if has_test else 30,
    )


def from_images(
    images: Any,
    target: Any,
    *,
    metric: str | Metric | Own | None = None,
    problem: Problem | str | None = None,
    shares: Shares | None = None,
    several_folds: bool | None = None,
    seed: int = 0,
    name: str = "images",
    most: int = MOST_SIDE,
) -> Task:
    """Return the task of images and labels in memory. Unlike ``read_images``, it locks no test and no selection split.

    Args:
        images: ``(images, height, width)`` or ``(images, height, width, channels)``, bytes or real numbers.
        target: ``(images,)`` labels.
        metric: As in ``read``.
        problem: As in ``read``.
        shares: Sizes of the splits; by default 15 % validation and nothing else but training.
        several_folds: Whether to score out of fold; ``None``: below 500 images.
        seed: Source of chance for the splits.
        name: For people.
        most: Pixels of the longer side; larger images are resized.

    Raises:
        DataError: The images cannot be learnt from; the message says what to do.
    """
    plan = Plan(
        name=name,
        problem=problem,
        metric=metric,
        shares=shares or Shares(selection=0.0, test=0.0),
        seed=seed,
        several_folds=several_folds,
        fewest=4,
        strict=False,
    )
    return image_task(from_pairs([(images, target)], "The array"), None, plan, most=most)


def read_pictures(
    source: Any, grid: Grid, column: str = ""
) -> tuple[Bytes, tuple[str, ...], tuple[str, ...]]:
    """Return images to predict, in a model's size and colours, a name for each, and what was changed for it.

    Args:
        source: A folder of images (at any depth), an image file, a table with a column of paths, an ``.npz`` or ``.npy``
            file, or an array.
        grid: What the model takes.
        column: Which column of a table held the paths in training; where there is none of this name, it is found as
            it is in training.

    Returns:
        ``(images, height, width, features)`` uint8; files named by their path in the folder, arrays by number; notes.

    Raises:
        DataError: An image cannot be read, or there are none.
    """
    if isinstance(source, str | Path):
        path = Path(source).expanduser()
        if not path.exists():
            raise DataError(f"There is no file or folder {path}. Check the path.")
        if path.suffix.lower() not in (".npz", ".npy"):
            return _decoded(_files(path, column), grid)
        source = _images_in(path)
    part, _ = part_of(source, "The array")
    stack = stack_of([part])
    pixels = stack.gather(grid)
    return pixels, tuple(str(number) for number in range(len(pixels))), unlike(stack, grid)


def _found(path: Path, target: str | None) -> tuple[Found, Found | None]:
    if path.is_dir():
        return read_folder(path, target or LABEL)
    if path.suffix.lower() in (".npz", ".npy"):
        return read_arrays(path, target)
    raise DataError(
        f"{path} must be a folder of class folders, or an .npz or .npy file of images. Check the path."
    )


def _held(path: Path, target: str | None) -> Found:
    """Return the images of an own test file or folder, of one with several splits the test images."""
    if is_images(path) and not path.is_dir():
        return read_test_arrays(path, target)
    own, test = _found(path, target)
    return own if test is None else test


def _said(found: Found, note: str) -> Found:
    return Found(found.pictures, found.labels, found.column, (*found.notes, note))


def _files(path: Path, column: str) -> Files:
    """Return the image files that a path means."""
    if path.is_dir():
        paths = image_files(path)
        names = tuple(str(one.relative_to(path)) for one in paths)
    elif path.suffix.lower() in SUFFIXES:
        paths, names = [path], (path.name,)
    else:
        return _listed(path, column)
    if not paths:
        raise DataError(f"{path} holds no images. Expected files such as .png or .jpg.")
    return Files(tuple(paths), names)


def _listed(path: Path, name: str) -> Files:
    """Return the image files that a table lists, in the column of a name if there is one."""
    source = read_file(path)
    columns = raw_columns(source.table, text=source.text, comma=source.comma, keep=[name])
    overrides: Mapping[str, Kind] = {}
    known = [one for one in columns if one.name == name and one.form is Form.STRING]
    column = known[0] if known else path_column(columns, overrides, path.parent)
    if column is None:
        raise DataError(
            f"{path} has no column of image files. Expected one with paths relative to {path.parent}."
        )
    return paths_of(column, path.parent)


def _images_in(path: Path) -> Any:
    """Return the images of a file of arrays.

    Raises:
        DataError: There are none, or several.
    """
    if not is_npz(path):
        return load_npy(path)
    arrays = {name: array for name, array in load_npz(path).items() if array.ndim >= 3}
    if len(arrays) != 1:
        raise DataError(
            f"{path} must hold one array of images to predict, got {sorted(arrays) or 'none'}. Save the one you mean."
        )
    return next(iter(arrays.values()))


def _decoded(files: Files, grid: Grid) -> tuple[Bytes, tuple[str, ...], tuple[str, ...]]:
    pixels, lost = decode(files.paths, grid)
    if lost:
        first = min(lost)
        raise DataError(
            f"{len(lost)} of {len(pixels)} images cannot be read; the first is {files.names[first]} ({lost[first]}). "
            "Mend or remove them."
        )
    return pixels, files.names, unlike(files, grid)
