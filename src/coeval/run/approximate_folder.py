"""The folder of an approximation: its result, its architecture, and the journal of its coevolution.

Nothing is ever replaced silently: what lies there is refused, or with ``overwrite`` put aside until the new
result is safe.
"""

import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from coeval.architecture.serial import to_json as architecture_to_json
from coeval.errors import RunError
from coeval.run.approximate_components import Material
from coeval.run.approximate_plan import Plan
from coeval.run.approximate_result import Approximation
from coeval.run.approximate_search import candidates
from coeval.run.folder import write_atomically
from coeval.run.replace import ASIDE, MOVING, discard, put_back, remove, set_aside
from coeval.store.journal import SqliteStore, open_reader
from coeval.store.lock import WriterLock
from coeval.task.points import Points

RESULT, ARCHITECTURE, JOURNAL = "result.json", "architecture.json", "run.sqlite"
LOCK = f"{JOURNAL}.lock"


def prepare(folder: Path, *, overwrite: bool = False) -> None:
    """Make a folder ready for a result, before anything is searched.

    Args:
        folder: Made as needed.
        overwrite: Put an earlier approximation aside, which ``keep`` deletes; it comes back where that is never reached.

    Raises:
        RunError: It is a file, cannot be written, is being written, holds an approximation already, or anything
            else.
    """
    with _writing(folder):
        if folder.exists() and not folder.is_dir():
            raise RunError(f"Expected a folder at {folder}, found a file. Name another with --out.")
        folder.mkdir(parents=True, exist_ok=True)
        strange = [one for one in _names(folder) if not _is_ours(one)]
        if strange:
            raise RunError(
                f"Expected {folder} to be empty or an approximation, found {strange[0]!r} in it, which is not deleted. "
                "Name another folder with --out."
            )
        lock = WriterLock(folder / JOURNAL)
        try:
            _clear(folder, overwrite=overwrite)
        finally:
            lock.release()


@contextlib.contextmanager
def journal(folder: Path, points: Points, made: Material, plan: Plan) -> Iterator[SqliteStore]:
    """Open the journal of the coevolution in a prepared folder.

    An error inside leaves the folder as it was before ``prepare``; trials stay where they replace nothing.

    Args:
        folder: As ``prepare`` left it.
        points: What is approximated.
        made: What sequences are made of.
        plan: What is asked for.

    Raises:
        RunError: It cannot be written.
    """
    try:
        space = candidates(points, made, plan)
        store = SqliteStore(folder / JOURNAL, space.to_json, space.from_json)
        with contextlib.closing(store):
            yield store
    except BaseException:
        with contextlib.suppress(OSError, RunError):
            _undo(folder)
        raise


def keep(folder: Path, found: Approximation) -> None:
    """Write a result into a prepared folder; then what it replaces is gone.

    Raises:
        RunError: It cannot be written.
    """
    files: Mapping[str, Any] = {
        ARCHITECTURE: architecture_to_json(found.architecture),
        RESULT: found.to_json(),
    }
    with _writing(folder):
        for name, content in files.items():
            write_atomically(folder / name, json.dumps(content, indent=2).encode() + b"\n")
    discard(folder)


def _clear(folder: Path, *, overwrite: bool) -> None:
    """Put aside what lies there, if that is wanted."""
    put_back(folder, folder / RESULT)
    found = [one for one in _names(folder) if one != LOCK]
    if found and not overwrite:
        raise RunError(
            f"{folder} already holds {found[0]} of an approximation. Replace it with --overwrite, or name another "
            "folder with --out."
        )
    if found:
        set_aside(folder)
    write_atomically(folder / JOURNAL, b"")  # a full or forbidden disk is told of now


def _undo(folder: Path) -> None:
    """Give back what was put aside; where nothing was, delete a journal without trials."""
    lock = WriterLock(folder / JOURNAL)
    try:
        if (folder / ASIDE).exists():
            put_back(folder, folder / RESULT)
        elif not _is_begun(folder / JOURNAL):
            for one in folder.glob(f"{JOURNAL}*"):
                remove(one)
    finally:
        lock.release()


def _is_begun(path: Path) -> bool:
    """Return whether a journal holds anything; one of no bytes was never opened."""
    if not path.stat().st_size:
        return False
    with contextlib.closing(open_reader(path)) as store:
        return any(True for _ in store.events())


def _names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def _is_ours(name: str) -> bool:
    return name in (RESULT, ARCHITECTURE, ASIDE, MOVING) or name.startswith(
        (JOURNAL, f".{JOURNAL}")
    )


@contextlib.contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RunError(
            f"Cannot write to {folder}: {error.strerror or error}. Name another folder with --out."
        ) from error
