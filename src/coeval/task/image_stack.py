"""Images as arrays of any usual form, turned into bytes of one size a few at a time: never all of them twice in memory."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from coeval.architecture.types import Grid
from coeval.errors import DataError
from coeval.task.task import Index

Bytes = npt.NDArray[np.uint8]

AT_ONCE = 2**22
"""Values that are converted at once; in between they are real numbers of eight times the size."""
DARK = 32
"""Where the lightest of all pixels lies below it, they may have been meant for another scale."""
IN_MEMORY = 2**25
"""Smaller arrays need no file."""
_LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601, as Pillow and JPEG have it


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """An array of images.

    Attributes:
        values: ``(images, height, width)`` or ``(images, height, width, features)``, or features before height.
        channels_first: Whether features stand before height.
        factor: What makes the values 0..255.
    """

    values: npt.NDArray[Any]
    channels_first: bool = False
    factor: float = 1.0

    @property
    def grid(self) -> Grid:
        """Return the type of an image."""
        shape = self.values.shape[1:]
        if len(shape) == 2:
            return Grid(shape[0], shape[1], 1)
        return Grid(shape[1], shape[2], shape[0]) if self.channels_first else Grid(*shape)

    def convert(self, rows: Index, grid: Grid) -> Bytes:
        """Return some of the images ``(rows, height, width, features)`` in the size and colours of a grid."""
        found = self.values[rows].reshape(len(rows), *self.values.shape[1:])
        if found.ndim == 3:
            found = found[..., None]
        elif self.channels_first:
            found = np.moveaxis(found, 1, -1)
        if found.dtype != np.uint8 or self.factor != 1:
            found = np.clip(np.rint(found * self.factor), 0, 255).astype(np.uint8)
        return _resized(_coloured(found, grid.features), grid)


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """Images of one or several arrays, in some order.

    Attributes:
        parts: The arrays.
        rows: ``(images,)`` places in the parts, counted through.
    """

    parts: tuple[Part, ...]
    rows: Index

    def take(self, places: npt.NDArray[Any]) -> "Stack":
        """Return some of the images (indices or a mask)."""
        return replace(self, rows=self.rows[places])

    def joined(self, other: "Stack") -> "Stack":
        """Return the images of both."""
        offset = sum(len(part.values) for part in self.parts)
        return Stack(self.parts + other.parts, np.concatenate([self.rows, other.rows + offset]))

    def convert(self, grid: Grid) -> Iterator[tuple[slice, Bytes]]:
        """Yield all images in the size and colours of a grid, some at a time with their places."""
        largest = max(int(np.prod(part.values.shape[1:])) for part in self.parts)
        step = max(1, AT_ONCE // max(1, largest))
        for start in range(0, len(self.rows), step):
            rows = self.rows[start : start + step]
            found = np.empty((len(rows), grid.height, grid.width, grid.features), np.uint8)
            offset = 0
            for part in self.parts:
                inside = (rows >= offset) & (rows < offset + len(part.values))
                if inside.any():
                    found[inside] = part.convert(rows[inside] - offset, grid)
                offset += len(part.values)
            yield slice(start, start + len(rows)), found

    def gather(self, grid: Grid) -> Bytes:
        """Return all images in order as one array, which a file holds if it is large."""
        if self._is_plain(grid):
            return np.asarray(self.parts[0].values)
        found = scratch((len(self.rows), grid.height, grid.width, grid.features))
        for places, part in self.convert(grid):
            found[places] = part
        return found

    def _is_plain(self, grid: Grid) -> bool:
        """Return whether the only array is the result already."""
        first, *others = self.parts
        shape = (len(self.rows), grid.height, grid.width, grid.features)
        same = first.values.shape == shape and first.values.dtype == np.uint8 and first.factor == 1
        in_order = np.array_equal(self.rows, np.arange(len(self.rows)))
        return not others and same and not first.channels_first and in_order


def stack_of(parts: Sequence[Part]) -> Stack:
    """Return all images of some arrays, in order."""
    return Stack(tuple(parts), np.arange(sum(len(part.values) for part in parts)))


def dark_note(low: float, high: float) -> str:
    """Return what is said of pixels from ``low`` to ``high`` that are all nearly black."""
    return (
        f"pixels are {low:g}..{high:g} of 255, nearly black: stretch them if {high:g} means white"
    )


def scratch(shape: tuple[int, ...]) -> Bytes:
    """Return an array for bytes; a large one lies in a temporary file that is gone with it.

    Raises:
        DataError: The disk has no room for it.
    """
    size = int(np.prod(shape))
    if size <= IN_MEMORY:
        return np.empty(shape, np.uint8)
    try:
        with tempfile.TemporaryFile(prefix="coeval-images-") as file:
            if hasattr(
                os, "posix_fallocate"
            ):  # a hole in a file would kill the process once the disk is full
                os.posix_fallocate(file.fileno(), 0, size)
            file.truncate(size)
            return np.asarray(np.memmap(file, np.uint8, "r+", shape=shape))
    except OSError as error:
        raise DataError(
            f"The decoded images need {size / 2**20:,.0f} MB in {tempfile.gettempdir()}, which failed: "
            f"{error.strerror or error}. Free some space there, or set TMPDIR to another folder."
        ) from error


def _coloured(images: Bytes, features: int) -> Bytes:
    """Return images with one feature or three: grey in all three colours, or the luma of colours."""
    if images.shape[-1] == features:
        return images
    if features == 3:
        return np.repeat(images, 3, axis=-1)
    grey: Bytes = np.rint(images @ _LUMA).astype(np.uint8)
    return grey[..., None]


def _resized(images: Bytes, grid: Grid) -> Bytes:
    if images.shape[1:3] == (grid.height, grid.width):
        return images
    from PIL import Image  # noqa: PLC0415 - not for tables

    found = np.empty((len(images), grid.height, grid.width, grid.features), np.uint8)
    for number, pixels in enumerate(images):
        image = Image.fromarray(pixels[..., 0] if grid.features == 1 else pixels)
        small = image.resize((grid.width, grid.height), Image.Resampling.BILINEAR)
        found[number] = np.asarray(small).reshape(found.shape[1:])
    return found
