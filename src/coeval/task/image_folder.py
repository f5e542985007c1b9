"""A folder of class folders: each image's class is the folder it lies in. Also with ``train``, ``validation`` and ``test`` above."""

from collections.abc import Sequence
from pathlib import Path

from coeval.errors import DataError
from coeval.task.image_decode import SUFFIXES
from coeval.task.image_found import Files, Found, label_column
from coeval.task.kinds import listed

_TRAIN = frozenset(("train", "training"))
_MORE = frozenset(("val", "valid", "validation", "dev"))
_TEST = frozenset(("test", "testing"))
LABEL = "class"


def read_folder(folder: Path, label: str = LABEL) -> tuple[Found, Found | None]:
    """Return the images of a folder, and those of its ``test`` folder if it has one.

    Args:
        folder: Holds a folder for each class, or a folder ``train`` that does. With ``train`` and ``test`` (or
            ``validation``), further folders are no classes.
        label: A name for what is predicted.

    Raises:
        DataError: There are no class folders, or only one of them holds images.
    """
    inside = {one.name.lower(): one for one in _folders(folder)}
    own, more, test = (
        [path for name, path in inside.items() if name in names] for names in (_TRAIN, _MORE, _TEST)
    )
    others = [_shown(path, folder) for path in inside.values() if path not in (*own, *more, *test)]
    if not own or (others and not more and not test):  # a train may be a class among vehicles
        return _classes((folder,), folder, label), None
    notes = []
    if others:
        notes.append(f"folders beside {own[0].name}/ are left out: {listed(others)}")
    if more:
        notes.append(
            f"the images of {more[0].name}/ join those of {own[0].name}/: coeval makes its own validation split"
        )
    found = _classes((*own, *more), folder, label, notes)
    return found, _classes(test, folder, label, least=1) if test else None


def image_files(folder: Path) -> list[Path]:
    """Return all image files in a folder and the folders in it, in order; hidden ones are left out."""
    found = sorted(one for one in folder.rglob("*") if one.suffix.lower() in SUFFIXES)
    return [one for one in found if not _is_hidden(one.relative_to(folder)) and one.is_file()]


def _classes(
    roots: Sequence[Path], base: Path, label: str, notes: Sequence[str] = (), *, least: int = 2
) -> Found:
    """Return the images of the class folders in some roots.

    Raises:
        DataError: There are fewer classes than there must be at least.
    """
    paths: list[Path] = []
    labels: list[str] = []
    said = list(notes)
    for root in roots:
        for one in _folders(root):
            files = image_files(one)
            if not files:
                said.append(f"folder {_shown(one, base)} holds no images and is left out")
            paths += files
            labels += [_shown(one, root)] * len(files)
        loose = _loose(root)
        if loose and paths:
            said.append(
                f"{len(loose)} images lie beside the class folders, without a class, and are left out "
                f"(the first: {_shown(loose[0], root)})"
            )
    if len(set(labels)) < least:
        raise DataError(_too_few(roots, sorted(set(labels)), least))
    said += _others(roots, base)
    names = tuple(_shown(one, base) for one in paths)
    return Found(Files(tuple(paths), names), label_column(label, labels), notes=tuple(said))


def _too_few(roots: Sequence[Path], classes: Sequence[str], least: int) -> str:
    loose = sum(len(_loose(root)) for root in roots)
    if classes:
        got = f"one folder with images ({classes[0]!r}), so there is nothing to tell apart"
    elif loose:
        got = f"{loose} images without class folders"
    else:
        got = "no images"
    wanted = "at least two classes" if least > 1 else "its classes"
    return (
        f"{roots[0]} must hold a folder of images for each of {wanted}, got {got}. Sort the images into such "
        "folders, or give a CSV of paths and labels with --target."
    )


def _others(roots: Sequence[Path], base: Path) -> list[str]:
    """Return a note on the files that are no images."""
    found = [
        one
        for root in roots
        for one in sorted(root.rglob("*"))
        if one.is_file() and one.suffix.lower() not in SUFFIXES
        if not _is_hidden(one.relative_to(root)) and one.name != "Thumbs.db"
    ]
    if not found:
        return []
    return [
        f"{len(found)} files are no images by their names and are left out (the first: {_shown(found[0], base)})"
    ]


def _loose(root: Path) -> list[Path]:
    files = (one for one in root.iterdir() if one.is_file() and one.suffix.lower() in SUFFIXES)
    return sorted(one for one in files if not _is_hidden(one.relative_to(root)))


def _folders(root: Path) -> list[Path]:
    return sorted(one for one in root.iterdir() if one.is_dir() and not _is_hidden(Path(one.name)))


def _shown(path: Path, base: Path) -> str:
    """Return a path below another as text; a name in an unknown encoding with marks for what cannot be read."""
    return str(path.relative_to(base)).encode("utf-8", "replace").decode()


def _is_hidden(path: Path) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in path.parts)
