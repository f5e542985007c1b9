"""What the readers of images hand over: files or arrays with labels, nothing decoded yet; and the size that all will have."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from coeval.architecture.types import Grid
from coeval.errors import DataError
from coeval.task.image_decode import Header, decode, headers, report_lost
from coeval.task.image_stack import DARK, Part, Stack, dark_note, stack_of
from coeval.task.raw import RawColumn, raw_columns
from coeval.task.task import Index

MOST_SIDE = 64
"""Pixels of the longer side; larger images are resized."""
LEAST_SIDE = 4


@dataclass(frozen=True, slots=True, eq=False)
class Files:
    """Images in files.

    Attributes:
        paths: Of each image.
        names: The same for people.
    """

    paths: tuple[Path, ...]
    names: tuple[str, ...]

    def take(self, places: npt.NDArray[Any]) -> "Files":
        """Return some of the images (indices or a mask)."""
        chosen = np.arange(len(self.paths))[places].tolist()
        return Files(
            tuple(self.paths[one] for one in chosen), tuple(self.names[one] for one in chosen)
        )


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Images and their labels.

    Attributes:
        pictures: The images.
        labels: A label for each.
        column: Name of the images' column.
        notes: How they were read, where that was a decision.
    """

    pictures: Files | Stack
    labels: RawColumn
    column: str = "image"
    notes: tuple[str, ...] = ()

    def take(self, places: npt.NDArray[Any]) -> "Found":
        """Return some of the images with their labels (indices or a mask)."""
        return replace(self, pictures=self.pictures.take(places), labels=self.labels.take(places))


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """Images that could be read.

    Attributes:
        stack: Their pixels.
        kept: ``(images,)`` which of those asked for these are.
        notes: Which could not be read.
    """

    stack: Stack
    kept: Index
    notes: tuple[str, ...] = ()


def label_column(name: str, labels: Any) -> RawColumn:
    """Return labels as a column; folders named by whole numbers are these numbers, and one named ``None`` is a class."""
    import pyarrow as pa  # noqa: PLC0415

    (column,) = raw_columns(pa.table({name: pa.array(labels)}), undated=[name], target=name)
    numbered = column.levels and all(
        one.isdecimal() and str(int(one)) == one for one in column.levels
    )
    return replace(column, number=True) if numbered else column


def size_for(pictures: Files | Stack, most: int = MOST_SIDE) -> tuple[Grid, list[str]]:
    """Return the size and colours that all images will have, and what has to be done for it.

    That of the images, or the median of each side; not above ``most`` pixels in its longer side. One image with
    colours makes all have three.

    Args:
        pictures: At least one.
        most: Pixels of the longer side.

    Raises:
        DataError: The images are too small, or none can be read.
    """
    if isinstance(pictures, Files):
        heads = headers(pictures.paths)
        seen = [one for one in heads if not one.why]
        if not seen:
            report_lost(pictures.names, {place: one.why for place, one in enumerate(heads)})
            raise DataError(
                f"The only image, {pictures.names[0]}, cannot be read ({heads[0].why}). Add images."
            )
    else:
        seen = _headers(pictures)
    sizes = np.array([(one.height, one.width) for one in seen])
    middle = np.median(sizes, axis=0)
    shrink = min(1.0, most / middle.max())
    height, width = (max(1, round(side * shrink)) for side in middle.tolist())
    if min(height, width) < LEAST_SIDE:
        raise DataError(
            f"Images of {height} x {width} pixels (height x width) are too small: expected at least {LEAST_SIDE} "
            "on each side."
        )
    grid = Grid(height, width, 1 if all(one.is_grey for one in seen) else 3)
    return grid, [*_about_size(sizes, grid, most), *_about_colour(seen)]


def unlike(pictures: Files | Stack, grid: Grid) -> tuple[str, ...]:
    """Return how images to predict differ from those that a model was trained on, and what is done about it.

    Args:
        pictures: To predict.
        grid: What the model takes.
    """
    seen = headers(pictures.paths) if isinstance(pictures, Files) else _headers(pictures)
    counts = [1] * len(seen)
    if isinstance(pictures, Stack):
        counts = [len(part.values) for part in pictures.parts]
    known = [(one, count) for one, count in zip(seen, counts, strict=True) if not one.why]
    other = sum(
        count for one, count in known if (one.height, one.width) != (grid.height, grid.width)
    )
    odd = sum(count for one, count in known if one.is_grey != (grid.features == 1))
    notes = []
    if other:
        notes.append(f"{other:,} images are resized to {grid.height} x {grid.width}, the model's")
    if odd and grid.features == 1:
        notes.append(
            f"{odd:,} images are in colour and the model knows grey ones: colours are lost"
        )
    elif odd:
        notes.append(
            f"{odd:,} images are grey and the model knows colours: they get three equal ones"
        )
    return tuple(notes)


def _headers(pictures: Stack) -> list[Header]:
    """Return what each array says of its images."""
    grids = [part.grid for part in pictures.parts]
    return [Header(one.height, one.width, one.features == 1) for one in grids]


def decoded(pictures: Files | Stack, grid: Grid) -> Decoded:
    """Return the images that can be read; arrays are left for later.

    Raises:
        DataError: Too many files cannot be read.
    """
    if isinstance(pictures, Stack):
        return Decoded(pictures, np.arange(len(pictures.rows)))
    pixels, lost = decode(pictures.paths, grid)
    notes = report_lost(pictures.names, lost)
    kept = np.array([one for one in range(len(pixels)) if one not in lost], np.intp)
    if len(kept) and all(pixels[one].max() < DARK for one in kept):  # mostly the first tells
        dark = dark_note(int(pixels[kept].min()), int(pixels[kept].max()))
        notes.append(f"{dark} (of 16 bits the upper 8 are taken)")
    return Decoded(stack_of([Part(pixels)]).take(kept), kept, tuple(notes))


def _about_size(sizes: npt.NDArray[Any], grid: Grid, most: int) -> list[str]:
    distinct = np.unique(sizes, axis=0)
    size = f"{grid.height} x {grid.width} (height x width)"
    if len(distinct) > 1:
        (low, left), (high, right) = sizes.min(axis=0), sizes.max(axis=0)
        return [
            f"images have {len(distinct)} sizes, {low} to {high} high and {left} to {right} wide: all are resized to {size}"
        ]
    if (grid.height, grid.width) != tuple(distinct[0]):
        was = " x ".join(str(side) for side in distinct[0])
        return [f"images of {was} are resized to {size}: at most {most} pixels a side are taken"]
    return []


def _about_colour(seen: Sequence[Header]) -> list[str]:
    grey, clear = sum(one.is_grey for one in seen), sum(one.is_clear for one in seen)
    notes = []
    if 0 < grey < len(seen):
        notes.append(
            f"{grey} grey images among {len(seen) - grey} in colour: the grey ones get three equal colours"
        )
    if clear:
        notes.append(f"{clear} images may be transparent: they are laid on white")
    return notes
