"""Preparation of images: their resolution. What turns bytes into numbers is the same for all (``train.data.numbers``).

A coarser image has the mean of each block of pixels, rounded half up to a byte again: whole numbers throughout, so
that a graph of ONNX operators repeats it exactly.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coeval.architecture.component import Setting, Settings, Value
from coeval.architecture.types import Grid, ValueType, describe
from coeval.errors import DataError, SpaceError, did_you_mean
from coeval.task.table import Column, Kind, Pixels, Table

FACTORS: Mapping[str, int] = {"full": 1, "half": 2, "quarter": 4}
"""By how much each side shrinks."""
RESOLUTION = Setting("resolution", tuple(FACTORS), "full")
LEAST_SIDE = 12
"""Pixels below which a coarser image is not offered: 28 may become 14, but not 7."""
_AT_ONCE = 2**22  # bytes of images whose sums are held at once

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class ImagePreparation:
    """How images reach a network.

    Attributes:
        settings: All settings with their values, in declared order.
        name: Of the table's column.
        source: The images as the table holds them.
    """

    settings: Settings
    name: str
    source: Grid

    @property
    def factor(self) -> int:
        """Return the side of the blocks of pixels that become one."""
        return FACTORS[str(dict(self.settings)["resolution"])]

    @property
    def grid(self) -> Grid:
        """Return the type of a prepared image; rows and columns that fill no block are cut off, right and below."""
        source, factor = self.source, self.factor
        return Grid(source.height // factor, source.width // factor, source.features)

    @property
    def inputs(self) -> tuple[ValueType, ...]:
        """Return the types of a network's inputs."""
        return (self.grid,)

    def transform(self, table: Table) -> Pixels:
        """Prepare all images of a table.

        Returns:
            ``(rows, height, width, features)`` uint8; at full resolution the table's own array.

        Raises:
            DataError: The table has no such images, or of another size.
        """
        column = next((one for one in table.columns if one.name == self.name), None)
        got = "no such column" if column is None else _described(column)
        if column is None or got != describe(self.source):
            raise DataError(
                f"Column {self.name!r} must hold images of {describe(self.source)} as in training, got {got}. "
                "Resize the images, or train on these."
            )
        return (shrunk(np.asarray(column.values, np.uint8), self.factor),)


def fit_images(settings: Mapping[str, Value], table: Table) -> ImagePreparation:
    """Return the preparation of a table's images; nothing of it depends on the rows.

    Args:
        settings: ``resolution``; full by default.
        table: Its only column holds images.

    Raises:
        SpaceError: A setting is unknown, its value is not allowed, or no pixel would be left.
    """
    for name in settings:
        if name != RESOLUTION.name:
            raise SpaceError(
                f"A preparation of images has the setting {RESOLUTION.name!r}, got {name!r}."
                f"{did_you_mean(name, [RESOLUTION.name])}"
            )
    value = settings.get(RESOLUTION.name, RESOLUTION.default)
    if not RESOLUTION.allows(value):
        raise SpaceError(
            f"The preparation's resolution must be one of {list(RESOLUTION.choices)}, got {value!r}."
        )
    (column,) = table.columns
    found = ImagePreparation(((RESOLUTION.name, value),), column.name, _grid(column))
    if min(found.grid.height, found.grid.width) < 1:
        raise SpaceError(
            f"Images of {describe(found.source)} are too small for resolution={value!r}. Choose a finer one."
        )
    return found


def image_settings(table: Table) -> tuple[Setting, ...]:
    """Return the choices that make sense for a table's images; none for small ones."""
    (column,) = table.columns
    side = min(column.values.shape[1:3])
    choices = tuple(name for name, factor in FACTORS.items() if side // factor >= LEAST_SIDE)
    if len(choices) < 2:
        return ()
    return (Setting(RESOLUTION.name, choices, RESOLUTION.default),)


def shrunk(images: Bytes, factor: int) -> Bytes:
    """Return images with the mean of each block of ``factor`` x ``factor`` pixels, rounded half up.

    Args:
        images: ``(rows, height, width, features)``.
        factor: 1 returns the images themselves.
    """
    if factor == 1:
        return images
    rows, height, width, features = images.shape
    height, width = height // factor, width // factor
    whole = images[:, : height * factor, : width * factor]
    found = np.empty((rows, height, width, features), np.uint8)
    area, step = factor * factor, max(1, _AT_ONCE // max(1, whole[:1].size))
    for start in range(0, rows, step):
        part = whole[start : start + step]
        blocks = part.reshape(len(part), height, factor, width, factor, features)
        sums = blocks.sum(axis=(2, 4), dtype=np.int32)
        found[start : start + step] = (2 * sums + area) // (2 * area)
    return found


def _grid(column: Column) -> Grid:
    _, height, width, features = column.values.shape
    return Grid(height, width, features)


def _described(column: Column) -> str:
    return describe(_grid(column)) if column.kind is Kind.IMAGE else f"a {column.kind} column"
