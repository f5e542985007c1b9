"""Arrays of images and labels, in memory or in ``.npz`` and ``.npy`` files, of any usual shape and range."""

import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from coeval.errors import DataError, did_you_mean
from coeval.task.image_found import Found, label_column
from coeval.task.image_stack import AT_ONCE, DARK, Part, dark_note, stack_of
from coeval.task.kinds import listed

Array = npt.NDArray[Any]

_IMAGES = frozenset(("x", "images", "image", "data", "pixels"))
_LABELS = frozenset(("y", "labels", "label", "target", "targets", "classes"))
_SPLITS = {
    "train": "train", "training": "train", "test": "test", "testing": "test",
    "val": "val", "valid": "val", "validation": "val",
}  # fmt: skip
_AS_TEST = ("test", "", "val", "train")
"""Which split of an own test file is judged on: the first that is there."""
_NAMES = "x and y, x_train, y_train, x_test and y_test, or the same with 'images' and 'labels'"


def read_arrays(path: Path, target: str | None = None) -> tuple[Found, Found | None]:
    """Return the images of an ``.npz`` or ``.npy`` file, and those of its official test split if it has one.

    Args:
        path: An ``.npz`` with images and labels, or an ``.npy`` of images whose labels lie beside it.
        target: Which array holds the labels; for ``.npy``, which file.

    Raises:
        DataError: The file cannot be read, has no such arrays, or they do not fit together.
    """
    arrays = load_npz(path) if is_npz(path) else _beside(path, target)
    return pick(arrays, str(path), None if not is_npz(path) else target)


def read_test_arrays(path: Path, target: str | None = None) -> Found:
    """Return the images of an own test file: of several splits in an ``.npz`` the test images; of an ``.npy`` its own.

    Args:
        path: As in ``read_arrays``.
        target: Which array of an ``.npz`` holds the labels. Those of an ``.npy`` lie beside it.

    Raises:
        DataError: As in ``read_arrays``.
    """
    arrays = load_npz(path) if is_npz(path) else _beside(path, None, is_alone=True)
    named = target if is_npz(path) else None  # else it names the file of the other images' labels
    images, labels = _by_split(arrays, str(path), named)
    own = next((one for one in _AS_TEST if one in images and one in labels), None)
    if own is None:
        raise DataError(_unnamed(arrays, str(path), named))
    pair = (arrays[images[own]], arrays[labels[own]])
    return from_pairs([pair], str(path), _base(labels[own]))


def pick(
    arrays: Mapping[str, Array], where: str, target: str | None = None
) -> tuple[Found, Found | None]:
    """Return the images and labels among named arrays, and those of an official test split.

    Raises:
        DataError: There are none, or they do not fit together.
    """
    images, labels = _by_split(arrays, where, target)
    own = "train" if "train" in images else ""
    if own not in images or own not in labels:
        raise DataError(_unnamed(arrays, where, target))
    parts = [own] + (["val"] if own and "val" in images and "val" in labels else [])
    said = (
        ["the official validation images join the training ones: coeval makes its own split"]
        if len(parts) > 1
        else []
    )
    name = _base(labels[own])
    pairs = [(arrays[images[one]], arrays[labels[one]]) for one in parts]
    found = from_pairs(pairs, where, name, said)
    if not ("test" in images and "test" in labels):
        return found, None
    held = (arrays[images["test"]], arrays[labels["test"]])
    return found, from_pairs([held], f"{where} (test)", name)


def from_pairs(
    pairs: Sequence[tuple[Any, Any]], where: str, name: str = "y", notes: Sequence[str] = ()
) -> Found:
    """Return images and labels that are given as arrays.

    Args:
        pairs: Images ``(images, height, width)``, with features last or first, and labels ``(images,)``.
        where: What to call them in an error.
        name: Of the labels.
        notes: What was decided on the way here.

    Raises:
        DataError: Shapes, channels or values are none of images, or the labels do not fit.
    """
    said = list(notes)
    parts, labels = [], []
    for images, target in pairs:
        part, told = part_of(images, where)
        parts.append(part)
        said += [one for one in told if one not in said]
        labels.append(_labels(np.asarray(target), len(part.values), where, said))
    features = {part.grid.features for part in parts}
    if len(features) > 1:
        said.append("grey images get three equal colours, like the others")
    return Found(stack_of(parts), label_column(name, np.concatenate(labels)), notes=tuple(said))


def part_of(images: Any, where: str) -> tuple[Part, list[str]]:
    """Return an array of images with what makes it bytes, and what was decided.

    Raises:
        DataError: The shape, the number of channels or the range is none of images.
    """
    try:
        values = np.asarray(images)
    except ValueError as error:  # NumPy's word for it is 'inhomogeneous'
        raise DataError(
            f"{where} must hold images of one size, got several. Resize them, or save them as files, which coeval resizes."
        ) from error
    if values.ndim not in (3, 4) or 0 in values.shape:
        flat = " Rows of pixels must be reshaped first: x.reshape(-1, height, width)."
        raise DataError(
            f"{where} must hold images of shape (images, height, width) or (images, height, width, channels), got "
            f"{values.shape}.{flat if values.ndim == 2 else ''}"
        )
    notes = []
    first = values.ndim == 4 and values.shape[3] not in (1, 3) and values.shape[1] in (1, 3)
    if first:
        notes.append(
            f"arrays of shape {values.shape} are read as (images, channels, height, width)"
        )
    elif values.ndim == 4 and values.shape[3] not in (1, 3):
        cure = " Drop the fourth with x[..., :3]." if values.shape[3] == 4 else ""
        raise DataError(
            f"{where} must hold images of 1 or 3 channels (grey or colour), got {values.shape[3]} in the last axis of "
            f"{values.shape}.{cure}"
        )
    factor, note = _factor(values, where)
    return Part(values, first, factor), notes + ([note] if note else [])


def load_npz(path: Path) -> dict[str, Array]:
    """Return the arrays of an ``.npz`` file.

    Raises:
        DataError: It cannot be read, or holds pickled objects.
    """
    return dict(_loaded(path, None))


def load_npy(path: Path) -> Array:
    """Return the array of an ``.npy`` file, mapped.

    Raises:
        DataError: It cannot be read, or holds pickled objects.
    """
    return np.asarray(_loaded(path, "r"))


def is_npz(path: Path) -> bool:
    """Return whether a file is a zip of arrays, by its name."""
    return path.suffix.lower() == ".npz"


def _loaded(path: Path, mode: Any) -> Any:
    try:
        found = np.load(path, mmap_mode=mode, allow_pickle=False)
        return {name: found[name] for name in found.files} if is_npz(path) else found
    except FileNotFoundError as error:
        raise DataError(f"There is no file {path}. Check the path.") from error
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        pickled = any(one in str(error) for one in ("Object arrays", "Python objects"))
        cure = (
            "It holds Python objects, which coeval never unpickles: save plain arrays."
            if pickled
            else f"It is damaged or no NumPy file ({str(error)[:80]}). Copy or write it again."
        )
        raise DataError(f"{path} cannot be read. {cure}") from error


def _beside(path: Path, target: str | None, *, is_alone: bool = False) -> dict[str, Array]:
    """Return an ``.npy`` file of images with the labels (and, unless alone, further splits) beside it, by their names.

    Raises:
        DataError: There are no labels.
    """
    own = _split_of(path.stem)
    name = path.stem if _is(path.stem, _IMAGES) else "_".join(one for one in ("x", own) if one)
    found = {name: load_npy(path)}
    if target is not None:
        file = next((one for one in (Path(target), path.parent / target) if one.is_file()), None)
        if file is None:
            raise DataError(
                f"--target must name the file of labels for {path}, but there is no {target!r}."
            )
        return {**found, "_".join(one for one in ("y", own) if one): load_npy(file)}
    for one in sorted(path.parent.glob("*.npy")):
        split = _split_of(one.stem)
        is_kin = one != path and (split == own if is_alone else bool(split) == bool(own))
        more = own and split != own and not is_alone and _is(one.stem, _IMAGES)
        if is_kin and (_is(one.stem, _LABELS) or more):
            found[one.stem] = load_npy(one)
    if not any(_is(one, _LABELS) for one in found):
        raise DataError(
            f"{path} holds images, but there are no labels beside it. Save them in {path.parent} as "
            f"{'y_' + own if own else 'y'}.npy{'' if is_alone else ', or name their file with --target'}."
        )
    return found


def _tokens(name: str) -> list[str]:
    return [one for one in re.split(r"[^a-z]+", name.lower()) if one]


def _is(name: str, words: frozenset[str]) -> bool:
    """Return whether a name says what an array holds; 'x_labels' are labels, not images."""
    found = set(_tokens(name))
    return bool(found & words) and not (words is _IMAGES and found & _LABELS)


def _split_of(name: str) -> str:
    return next((_SPLITS[one] for one in _tokens(name) if one in _SPLITS), "")


def _base(name: str) -> str:
    """Return a name without its split."""
    kept = [one for one in re.split(r"_", name) if one.lower() not in _SPLITS]
    return "_".join(kept) or name


def _by_split(
    arrays: Mapping[str, Array], where: str, target: str | None
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the names of images and of labels by their split.

    Raises:
        DataError: A split has several arrays of images or of labels.
    """
    images = _images_by_split(arrays, where)
    if target is not None:
        return images, {_split_of(one): one for one in arrays if target in (one, _base(one))}
    labels = {_split_of(name): name for name in arrays if _is(name, _LABELS)}
    if sum(_is(name, _LABELS) for name in arrays) > len(labels):
        shapes = _shapes(arrays)
        raise DataError(f"{where} has several arrays of labels: {shapes}. Name one with --target.")
    return images, labels


def _images_by_split(arrays: Mapping[str, Array], where: str) -> dict[str, str]:
    """Return the names of images by their split; beside others that of the plain name counts, x beside x_mask.

    Raises:
        DataError: A split has several.
    """
    named = [one for one in arrays if _is(one, _IMAGES)]
    found = {}
    for split in dict.fromkeys(map(_split_of, named)):
        own = [one for one in named if _split_of(one) == split]
        own = [one for one in own if set(_tokens(one)) <= _IMAGES | set(_SPLITS)] or own
        shaped = [one for one in own if arrays[one].ndim >= 3]
        if len(shaped) > 1:
            raise DataError(
                f"{where} has several arrays of images: {listed(shaped)}. Save one of them with its labels."
            )
        found[split] = (shaped or own)[0]
    return found


def _shapes(arrays: Mapping[str, Array]) -> str:
    return listed([f"{name} {array.shape}" for name, array in arrays.items()]) or "none"


def _unnamed(arrays: Mapping[str, Array], where: str, target: str | None) -> str:
    shapes = _shapes(arrays)
    if target is not None and not any(target in (name, _base(name)) for name in arrays):
        return f"{where} has no array {target!r}.{did_you_mean(target, arrays)} It has {shapes}."
    return (
        f"{where} must hold images and labels as arrays named {_NAMES}; got {shapes}. Rename them, or name the labels "
        "with --target."
    )


def _labels(labels: Array, count: int, where: str, said: list[str]) -> Array:
    """Return labels ``(images,)``.

    Raises:
        DataError: They are of another shape, number or type.
    """
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim == 2 and labels.dtype.kind in "biuf" and _is_one_hot(labels):
        said.append(f"labels of shape {labels.shape} have a single 1 a row: the class is its place")
        labels = labels.argmax(axis=1)
    if labels.ndim != 1 or len(labels) != count:
        raise DataError(
            f"{where} must hold one label for each of {count} images, got labels of shape {labels.shape}. Leave out "
            "images without a label, and labels without an image."
        )
    if labels.dtype.kind in "cV":
        raise DataError(
            f"{where} must hold labels that are numbers or text, got labels of type {labels.dtype}. Save plain ones."
        )
    return _as_text(labels, where) if labels.dtype.kind == "S" else labels


def _as_text(labels: Array, where: str) -> Array:
    """Return labels of bytes as text.

    Raises:
        DataError: They are no UTF-8.
    """
    try:
        return np.char.decode(labels, "utf-8")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{where} must hold labels in UTF-8, got {error.object!r}. Save them as text, in an array of type str."
        ) from error


def _is_one_hot(labels: Array) -> bool:
    return bool(np.isin(labels, (0, 1)).all() and (labels.sum(axis=1) == 1).all())


def _factor(values: Array, where: str) -> tuple[float, str]:
    """Return what makes values 0..255, and a note where they were not.

    Raises:
        DataError: They are no numbers, not finite, or out of range.
    """
    if values.dtype == np.bool_:
        return 255.0, "pixels of False and True are read as black and white"
    if values.dtype.kind not in "iuf":
        raise DataError(f"{where} must hold numbers, got images of type {values.dtype}.")
    low, high = _range(values, where)
    if low < 0 or high > 255:
        raise DataError(
            f"Pixels of {where} must be 0..255, or 0..1 as real numbers, got {low:.6g}..{high:.6g}. Undo their scaling, "
            "such as (x - x.min()) / (x.max() - x.min())."
        )
    if values.dtype.kind == "f" and high <= 1:
        return 255.0, "pixels of 0..1 are kept as bytes, 0..255"
    if high < DARK:
        return 1.0, dark_note(low, high)
    return 1.0, "pixels of real numbers are rounded to bytes" if values.dtype.kind == "f" else ""


def _range(values: Array, where: str) -> tuple[float, float]:
    """Return the least and the largest value."""
    step = max(1, AT_ONCE // max(1, values[0].size))
    low, high = np.inf, -np.inf
    for start in range(0, len(values), step):
        part = values[start : start + step]
        least, most = float(part.min()), float(part.max())  # both NaN if any value is
        low, high = min(low, least), max(high, most)
        if not (np.isfinite(least) and np.isfinite(most)):
            row = start + int(np.argmin(np.isfinite(part).reshape(len(part), -1).all(axis=1)))
            raise DataError(
                f"Pixels of {where} must be finite numbers, got NaN or infinity in image {row}. Mend or remove it."
            )
    return low, high
