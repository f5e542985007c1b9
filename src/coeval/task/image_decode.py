"""Image files as bytes of one size: what a file holds is looked up first, then each is decoded once, several at a time."""

import os
import warnings
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from coeval.architecture.types import Grid
from coeval.errors import DataError
from coeval.task.image_stack import Bytes, scratch

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = frozenset(
    (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm")
)
LOST_SHARE = 0.05
"""Share of the files that may be unreadable; one may be in any case."""
MOST_PIXELS = 10**8
AT_ONCE = 512
"""Files whose pixels wait at most to be put in place."""
_ORIENTATION = 0x0112
_SIDEWAYS = 5  # orientations from here on swap height and width
_NAMED = 5
_MOST_WIDE = 2**16 - 1

R = TypeVar("R")
Given = TypeVar("Given")


@dataclass(frozen=True, slots=True)
class Header:
    """What an image file says of itself.

    Attributes:
        height: In pixels, as it is shown.
        width: Likewise.
        is_grey: Whether it has no colours.
        is_clear: Whether some of it may be transparent.
        why: Why the file cannot be read; empty if it can.
    """

    height: int = 0
    width: int = 0
    is_grey: bool = True
    is_clear: bool = False
    why: str = ""


def headers(paths: Sequence[Path]) -> list[Header]:
    """Return what each file says of itself, without decoding its pixels."""
    with warnings.catch_warnings(action="ignore"):  # of odd metadata; for all threads
        return list(_mapped(_header, paths))


def decode(paths: Sequence[Path], grid: Grid) -> tuple[Bytes, dict[int, str]]:
    """Return the pixels of files ``(files, height, width, features)``, and why some could not be read.

    Transparent parts are laid on white, pictures of 16 bits lose their lower ones, others than the grid's colours or
    size are converted, and a photograph is turned as its camera says. Pixels of an unreadable file are undefined.

    Args:
        paths: The files.
        grid: Size and colours of the result.
    """
    found = scratch((len(paths), grid.height, grid.width, grid.features))
    lost: dict[int, str] = {}
    with warnings.catch_warnings(action="ignore"):
        for place, pixels in enumerate(_mapped(_decoded, paths, repeat(grid))):
            if isinstance(pixels, str):
                lost[place] = pixels
            else:
                found[place] = pixels
    return found, lost


def report_lost(
    names: Sequence[str],
    lost: dict[int, str],
    what: str = "images cannot be read",
    cure: str = "Mend these files",
) -> list[str]:
    """Return a note that lists the files that are left out; none where all can be read.

    Raises:
        DataError: They are too many.
    """
    if not lost:
        return []
    listed = ", ".join(f"{names[place]} ({lost[place]})" for place in sorted(lost)[:_NAMED])
    more = f" and {len(lost) - _NAMED} more" if len(lost) > _NAMED else ""
    most = max(1, int(LOST_SHARE * len(names)))
    if len(lost) > most:
        raise DataError(
            f"{len(lost)} of {len(names)} {what}, and at most {most} may be left out: {listed}{more}. "
            f"{cure}, or remove them."
        )
    return [f"{len(lost)} of {len(names)} {what} and are left out: {listed}{more}"]


def _mapped(call: Callable[..., R], given: Sequence[Given], *others: Iterable[Any]) -> Iterable[R]:
    """Yield results in order: Pillow decodes without Python's lock, and few results wait at a time."""
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for start in range(0, len(given), AT_ONCE):
            yield from pool.map(call, given[start : start + AT_ONCE], *others)


def _header(path: Path) -> Header:
    from PIL import Image  # noqa: PLC0415 - not for tables

    try:
        with Image.open(path) as image:
            width, height = _checked_size(image)
            if image.format == "JPEG" and image.getexif().get(_ORIENTATION, 1) >= _SIDEWAYS:
                width, height = height, width
            grey = image.mode in ("1", "L", "LA", "La", "I") or image.mode.startswith("I;16")
            return Header(height, width, grey, image.has_transparency_data)
    except Exception as error:  # noqa: BLE001 - Pillow's decoders raise what they like
        return Header(why=_reason(error))


def _decoded(path: Path, grid: Grid) -> npt.NDArray[np.uint8] | str:
    """Return the pixels of a file, or why it has none."""
    from PIL import Image, ImageOps  # noqa: PLC0415

    try:
        with Image.open(path) as image:
            _checked_size(image)
            # Large photographs are decoded coarsely: in a tenth of the time.
            image.draft(None, (2 * grid.width, 2 * grid.height))
            turned = _plain(ImageOps.exif_transpose(image), grid.features)
            if turned.size != (grid.width, grid.height):
                turned = turned.resize((grid.width, grid.height), Image.Resampling.BILINEAR)
            return np.asarray(turned).reshape(grid.height, grid.width, grid.features)
    except Exception as error:  # noqa: BLE001 - as above
        return _reason(error)


def _checked_size(image: "Image") -> tuple[int, int]:
    """Return width and height, before anything is decoded.

    Raises:
        ValueError: A file of a few bytes claims to hold more than memory does.
    """
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise ValueError(f"{width} x {height} pixels are too many")
    return width, height


def _plain(image: "Image", features: int) -> "Image":
    """Return an image of bytes in grey or in three colours."""
    from PIL import Image  # noqa: PLC0415

    if image.mode == "F":
        raise ValueError("its pixels are real numbers")
    if image.mode.startswith("I"):
        values = np.asarray(image)
        if values.min() < 0 or values.max() > _MOST_WIDE:
            raise ValueError(f"its pixels are {values.min()}..{values.max()}, not 0..{_MOST_WIDE}")
        wide = image.mode != "I" or values.max() > 255
        image = Image.fromarray((values >> 8 if wide else values).astype(np.uint8))
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA"))
    return image.convert("L" if features == 1 else "RGB")


def _reason(error: Exception) -> str:
    """Return why a file cannot be read, in few words."""
    if isinstance(error, FileNotFoundError):
        return "no such file"
    if type(error).__name__ == "UnidentifiedImageError":
        return "no image"
    return (str(error).splitlines() or [type(error).__name__])[0][:80]
