"""Arrays by content: the same arrays have the same digest and are stored once.

Files are safetensors, never pickle. Workers write a temporary file and rename it, so a killed worker
leaves no half-written artifact; only the driver prunes.
"""

import contextlib
import hashlib
import os
import tempfile
import time
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from coeval.errors import RunError, typed

_SUFFIX = ".safetensors"
_ABANDONED = 3600.0  # seconds after which a temporary file cannot belong to a living worker's write


def digest_of(arrays: Mapping[str, np.ndarray]) -> str:
    """Return the digest of arrays: 40 hexadecimal digits over names, types, shapes and bytes.

    Example:
        >>> a, b = np.zeros(2), np.ones(3)
        >>> digest_of({"a": a, "b": b}) == digest_of({"b": b, "a": a}) != digest_of({"a": b, "b": a})
        True
    """
    state = hashlib.blake2b(digest_size=20)
    for name in sorted(arrays):
        array = canonical(arrays[name])
        state.update(f"{len(name)}:{name}:{array.dtype.str}:{array.shape}:".encode())
        state.update(array.tobytes())
    return state.hexdigest()


def canonical(array: np.ndarray) -> np.ndarray:
    """Return the array contiguous and little-endian (safetensors writes other layouts wrongly)."""
    array = np.asarray(array, order="C")
    if array.dtype.kind not in "biuf":
        raise TypeError(f"Artifacts hold numbers and booleans, got an array of {array.dtype}.")
    return array.astype(array.dtype.newbyteorder("<"), copy=False)


def write_whole(target: Path, content: bytes) -> None:
    """Write a file whole or not at all, and its folder where there is none.

    Raises:
        OSError: The folder cannot be written, or the disk is full.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=target.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


class FileArtifacts:
    """``Artifacts`` as files ``<digest>.safetensors`` in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = Path(folder)

    def put(self, arrays: Mapping[str, np.ndarray]) -> str:
        """Store arrays by name and return their digest.

        Raises:
            RunError: The folder cannot be written, or the disk is full.
            TypeError: An array holds something else than numbers.
        """
        digest = digest_of(arrays)
        target = self._path(digest)
        if target.exists():
            return digest
        content = save({name: canonical(array) for name, array in arrays.items()})
        try:
            write_whole(target, content)
        except OSError as error:
            raise RunError(
                f"Cannot write weights to {self._folder}: {error.strerror}. Free some space or mend "
                f"the permissions, then continue with: coeval resume {typed(self._folder.parent)}"
            ) from error
        return digest

    def get(self, digest: str) -> dict[str, np.ndarray]:
        """Return the arrays of a digest.

        Raises:
            KeyError: Nothing is stored under this digest.
            RunError: The file is damaged.
        """
        path = self._path(digest)
        try:
            arrays: dict[str, np.ndarray] = load(path.read_bytes())
        except FileNotFoundError:
            raise KeyError(f"no artifact {digest} in {self._folder}") from None
        except SafetensorError as error:
            raise _damaged(path, str(error)) from error
        if digest_of(arrays) != digest:
            raise _damaged(path, "its content does not have the digest in its name")
        return arrays

    def prune(self, keep: Collection[str], *, spare_seconds: float = 0.0) -> int:
        """Delete every artifact but those of ``keep``, and temporary files of killed workers.

        Args:
            keep: Digests that stay.
            spare_seconds: Younger files stay too: a worker may have written one whose digest has not
                reached the journal yet.

        Returns:
            The number of artifacts deleted.
        """
        now, deleted = time.time(), 0
        for path in sorted(self._folder.glob("*")):
            spared = spare_seconds if path.suffix == _SUFFIX else _ABANDONED
            known = path.suffix == _SUFFIX and path.stem in keep
            if known or path.suffix not in (_SUFFIX, ".tmp"):
                continue
            with contextlib.suppress(OSError):
                if now - path.stat().st_mtime >= spared:
                    path.unlink()
                    deleted += path.suffix == _SUFFIX
        return deleted

    def delete(self, digests: Collection[str]) -> None:
        """Delete some artifacts; those that are gone already are no error."""
        for digest in digests:
            with contextlib.suppress(OSError):
                self._path(digest).unlink()

    def size(self, digest: str) -> int:
        """Return an artifact's bytes; 0 if there is none."""
        try:
            return self._path(digest).stat().st_size
        except OSError:
            return 0

    def _path(self, digest: str) -> Path:
        if not digest.isalnum():
            raise KeyError(f"{digest!r} is not a digest")
        return self._folder / f"{digest}{_SUFFIX}"


def _damaged(path: Path, trouble: str) -> RunError:
    return RunError(
        f"Expected undamaged weights in {path}, found: {trouble}. Restore the file from a copy, or "
        "delete it and train that candidate again."
    )


class MemoryArtifacts:
    """``Artifacts`` that live as long as the process."""

    def __init__(self) -> None:
        self._arrays: dict[str, dict[str, np.ndarray]] = {}

    def put(self, arrays: Mapping[str, np.ndarray]) -> str:
        """Keep copies of arrays by name and return their digest.

        Raises:
            TypeError: An array holds something else than numbers.
        """
        digest = digest_of(arrays)
        if digest not in self._arrays:
            self._arrays[digest] = {name: canonical(a).copy() for name, a in arrays.items()}
        return digest

    def get(self, digest: str) -> dict[str, np.ndarray]:
        """Return the arrays of a digest.

        Raises:
            KeyError: Nothing is stored under this digest.
        """
        return {name: array.copy() for name, array in self._arrays[digest].items()}

    def prune(self, keep: Collection[str]) -> int:
        """Forget every artifact but those of ``keep`` and return how many went."""
        gone = [digest for digest in self._arrays if digest not in keep]
        for digest in gone:
            del self._arrays[digest]
        return len(gone)

    def delete(self, digests: Collection[str]) -> None:
        """Forget some artifacts; those that are gone already are no error."""
        for digest in digests:
            self._arrays.pop(digest, None)

    def size(self, digest: str) -> int:
        """Return an artifact's bytes; 0 if there is none."""
        return sum(array.nbytes for array in self._arrays.get(digest, {}).values())
