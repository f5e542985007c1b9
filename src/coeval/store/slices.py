"""States of running trials in files: one a trial and fold, replaced as a whole each time.

They lie in a folder of their own and are not content-addressed: nobody but the trial itself, in a later
sitting, ever asks for them.
"""

import contextlib
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from coeval.errors import RunError
from coeval.store.artifacts import canonical, digest_of, write_whole

_SUFFIX = ".safetensors"
_OWNER, _CONTENT = "slice/owner", "slice/content"


class FileSlices:
    """States as files ``<trial>-<fold>.safetensors`` in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = Path(folder)

    def put(self, number: int, fold: int, identity: str, state: Mapping[str, np.ndarray]) -> None:
        """Keep a trial's state on a fold instead of the one before, whole or not at all.

        Raises:
            RunError: The folder cannot be written, or the disk is full.
        """
        arrays = {name: canonical(array) for name, array in state.items()}
        marks = {_OWNER: _bytes(identity), _CONTENT: _bytes(digest_of(arrays))}
        content = save(arrays | marks)
        try:
            write_whole(self._path(number, fold), content)
        except OSError as error:
            raise RunError(
                f"Cannot write the state of trial {number} to {self._folder}: {error.strerror}. Free some space."
            ) from error

    def get(self, number: int, fold: int, identity: str) -> dict[str, np.ndarray] | None:
        """Return the state that was kept under this identity; ``None`` if there is none, or it is damaged."""
        try:
            arrays: dict[str, np.ndarray] = load(self._path(number, fold).read_bytes())
        except (OSError, SafetensorError):
            return None
        owner, content = (arrays.pop(name, np.zeros(0)).tobytes() for name in (_OWNER, _CONTENT))
        whole = owner == identity.encode() and content == digest_of(arrays).encode()
        return arrays if whole else None

    def drop(self, number: int) -> None:
        """Delete the states of a trial, which is finished."""
        for path in self._folder.glob(f"{number}-*{_SUFFIX}"):
            path.unlink(missing_ok=True)

    def keep_only(self, numbers: Collection[int]) -> None:
        """Delete the states of all trials but these, and what killed workers left half-written.

        Only before workers start.
        """
        for path in self._folder.glob("*"):
            first = path.name.partition("-")[0]
            if not (path.suffix == _SUFFIX and first.isdigit() and int(first) in numbers):
                path.unlink(missing_ok=True)

    @property
    def size(self) -> int:
        """Return the bytes of all states."""
        total = 0
        for path in self._folder.glob("*"):
            with contextlib.suppress(OSError):  # replaced meanwhile
                total += path.stat().st_size
        return total

    def _path(self, number: int, fold: int) -> Path:
        return self._folder / f"{number}-{fold}{_SUFFIX}"


def _bytes(text: str) -> np.ndarray:
    return np.frombuffer(text.encode(), dtype=np.uint8)
