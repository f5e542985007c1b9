"""A run's folder: where everything of one run lies.

capsule.json   what was asked: task, space, configuration, versions, seeds
run.sqlite     the journal            weights/   arrays by content
cache/         task data for workers  model/     the exported model     report.html

A run has started when its capsule is written; until then its folder is as good as empty.
"""

import contextlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coeval.errors import RunError, did_you_mean, typed
from coeval.run.replace import ASIDE, MOVING, discard, put_back, remove, set_aside
from coeval.store.lock import WriterLock

FORMAT = 1
"""Of the folder and its capsule."""

_OURS = (
    "capsule.json",
    "run.sqlite",
    "run.sqlite-wal",
    "run.sqlite-shm",
    "run.sqlite.lock",
    "weights",
    "cache",
    "model",
    "points",
    "report.html",
    ASIDE,
    MOVING,
)
_RESULT = "result.json"
"""What ``coeval approximate`` and ``coeval bench`` leave, and no run."""
_OUR_TEMPORARY = (".capsule.json-", ".report.", ".model-")
"""Beginnings of files that a killed process may leave."""

_NEEDED = {"options": dict, "budget": dict, "task": dict, "seed": int}
"""What a capsule must say for a run to go on, and as what."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The paths inside a run's folder; make one with ``create`` or ``open_folder``."""

    path: Path

    @property
    def capsule_file(self) -> Path:
        """Return the path of ``capsule.json``."""
        return self.path / "capsule.json"

    @property
    def journal(self) -> Path:
        """Return the path of ``run.sqlite``."""
        return self.path / "run.sqlite"

    @property
    def weights(self) -> Path:
        """Return the folder of arrays by content."""
        return self.path / "weights"

    @property
    def cache(self) -> Path:
        """Return the folder of task data that workers map."""
        return self.path / "cache"

    @property
    def model(self) -> Path:
        """Return the folder of the exported model."""
        return self.path / "model"

    @property
    def report(self) -> Path:
        """Return the path of ``report.html``."""
        return self.path / "report.html"

    def write_capsule(self, content: Mapping[str, Any]) -> None:
        """Write ``capsule.json`` as a whole or not at all, with the folder's format added: the run has started.

        A run that this one replaces is deleted only then.

        Raises:
            RunError: The folder cannot be written, or the disk is full.
            ValueError: The content holds a NaN or an infinity.
        """
        text = json.dumps({"format": FORMAT} | dict(content), indent=2, allow_nan=False) + "\n"
        try:
            write_atomically(self.capsule_file, text.encode())
        except OSError as error:
            raise _cannot_write(self.path, error) from error
        discard(self.path)

    def capsule(self) -> dict[str, Any]:
        """Return what ``write_capsule`` wrote.

        Raises:
            RunError: It is missing, damaged, or of another format.
        """
        file = self.capsule_file
        again = "Restore it from a copy, or start again with --overwrite."
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise RunError(_without_capsule(self)) from None
        except OSError as error:
            raise RunError(
                f"Cannot read {file}: {error.strerror}. Check its permissions."
            ) from error
        except ValueError as error:
            raise RunError(f"{file} is damaged: {error}. {again}") from error
        if not isinstance(content, dict) or not isinstance(content.get("format"), int):
            raise RunError(f"{file} is damaged: it names no format. {again}")
        if content["format"] != FORMAT:
            newer = content["format"] > FORMAT
            mend = "Upgrade coeval" if newer else "Use the coeval of that version"
            raise RunError(
                f"{self.path} has format {content['format']}, written by coeval "
                f"{content.get('coeval', 'of an unknown version')}; this one reads format {FORMAT}. {mend}, "
                "or start a new run in another folder."
            )
        wrong = [name for name, kind in _NEEDED.items() if not isinstance(content.get(name), kind)]
        if not wrong:
            wrong = [
                f"budget.{one}" for one in ("seconds", "trials") if one not in content["budget"]
            ]
        if wrong:
            raise RunError(f"{file} is damaged: it does not say {', '.join(wrong)}. {again}")
        return content


def create(path: Path, *, overwrite: bool = False) -> RunFolder:
    """Make the folder of a new run.

    Args:
        path: Where; parents are made as needed.
        overwrite: Replace a run that lies there. It is put aside, deleted when the new run's capsule is
            written, and put back by the next call if that never happens. Only a run's own files are
            ever deleted.

    Raises:
        RunError: There is something else, a run that is not to be overwritten or is being written, or no
            permission to write.
    """
    folder = RunFolder(Path(path))
    try:
        if folder.path.exists() and not folder.path.is_dir():
            raise RunError(f"Expected a folder at {path}, found a file. Name another with --out.")
        _clear(folder, overwrite=overwrite)
        for one in (folder.path, folder.weights, folder.cache):
            one.mkdir(parents=True, exist_ok=True)
        write_atomically(folder.cache / "probe", b"")  # mkdir says nothing about an existing folder
        (folder.cache / "probe").unlink()
    except OSError as error:
        with contextlib.suppress(OSError):
            put_back(folder.path, folder.capsule_file)
        raise _cannot_write(folder.path, error) from error
    return folder


def open_folder(path: Path) -> RunFolder:
    """Return the folder of an existing run, its capsule checked.

    Raises:
        RunError: There is no run, it never started, its capsule is damaged, or it is from another version.
    """
    folder = RunFolder(Path(path))
    if not folder.path.is_dir():
        nearby: list[str] = []
        with contextlib.suppress(OSError):
            parent = folder.path.parent
            nearby = [p.name for p in parent.iterdir() if (p / "capsule.json").is_file()]
        raise RunError(
            f"Expected a run's folder at {path}, found {'a file' if folder.path.exists() else 'nothing'}."
            f"{did_you_mean(folder.path.name, nearby)}"
        )
    if (folder.path / MOVING).exists():
        raise RunError(_without_capsule(folder))
    folder.capsule()
    return folder


def check_journal(folder: RunFolder) -> None:
    """Check that a run with results has its journal: a new one would forget that the test split was opened.

    Raises:
        RunError: The journal is gone.
    """
    results = _results(folder)
    if results and not folder.journal.exists():
        raise RunError(
            f"{folder.path} holds {results[0]} of a run that has lost its {folder.journal.name}. Restore that from "
            "a copy, or start again with --overwrite."
        )


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file by a temporary one beside it, so that no reader and no crash ever meets half of it.

    Raises:
        OSError: As the file system says.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _clear(folder: RunFolder, *, overwrite: bool) -> None:
    """Make sure that nothing is in the way."""
    if not folder.path.exists():
        return
    found = sorted(folder.path.iterdir())
    if not any(_holds_something(one) for one in found):
        return
    strange = [one.name for one in found if not _is_ours(one.name)]
    if strange:
        raise RunError(
            f"Expected {folder.path} to be empty or a run, found {strange[0]!r} in it, which is not a run's "
            "and is not deleted. Name another folder with --out."
        )
    put_back(folder.path, folder.capsule_file)
    is_run = folder.capsule_file.exists()
    results = _results(folder)
    if not overwrite and (is_run or results):
        what = "already holds a run. Continue it with: coeval resume " + typed(folder.path)
        if not is_run:
            what = f"holds {results[0]} of a run that has lost its capsule.json. Restore that from a copy"
        raise RunError(
            f"{folder.path} {what}; or replace it with --overwrite; or name another folder with --out."
        )
    lock = WriterLock(folder.journal)
    try:
        if is_run:
            set_aside(folder.path)
        else:
            for one in folder.path.iterdir():
                remove(one)
    finally:
        lock.release()


def _is_ours(name: str) -> bool:
    return name in _OURS or name.startswith(_OUR_TEMPORARY)


def _results(folder: RunFolder) -> list[str]:
    """Return which results lie in a folder: there are none before a run has started."""
    return [
        one.name
        for one in (folder.model, folder.report, folder.weights)
        if one.exists() and _holds_something(one)
    ]


def _without_capsule(folder: RunFolder) -> str:
    """Return what to say of a folder that holds no whole run."""
    names = [one.name for one in folder.path.iterdir()]
    if ASIDE in names or MOVING in names:
        return (
            f"The run at {folder.path} never started, and the older run that it was to replace is kept. Call "
            "coeval fit again: without --overwrite to get the older run back, with it to replace it."
        )
    if _RESULT in names:
        return (
            f"Expected a run of coeval fit at {folder.path}, found {_RESULT} of coeval approximate or coeval bench, "
            "which this command does not read. Name the folder that 'coeval fit --out' was given."
        )
    results = _results(folder)
    if results:
        return (
            f"{folder.path} holds {results[0]} of a run that has lost its capsule.json. Restore it from a copy, or "
            "start again with --overwrite."
        )
    if any(_is_ours(name) for name in names):
        return (
            f"The run at {folder.path} never started: it was ended before its capsule.json was written. "
            f"Call coeval fit again, with --out {typed(folder.path)}."
        )
    return (
        f"Expected a run at {folder.path}, but it has no capsule.json. Name the folder that "
        "'coeval fit --out' was given."
    )


def _holds_something(path: Path) -> bool:
    """Return whether it is a file, or a folder with something in it."""
    return not path.is_dir() or any(path.iterdir())


def _cannot_write(path: Path, error: OSError) -> RunError:
    return RunError(
        f"Cannot write the run's folder {path}: {error.strerror}. Check permissions and free space, or "
        "name another folder with --out."
    )
