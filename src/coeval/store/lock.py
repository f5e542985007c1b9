"""One writer: a lock that the operating system releases when the process ends, however it ends."""

import contextlib
import os
from pathlib import Path

from coeval.errors import RunError


class WriterLock:
    """Holds ``<path>.lock`` while a journal is open for writing.

    The lock belongs to the open file and not to its existence, so a killed process leaves nothing to
    clean up. The holder's process number is written into the file, for the message to a second writer.
    """

    def __init__(self, path: Path) -> None:
        """Take the lock.

        Raises:
            RunError: Another writer holds it, or the folder cannot be written.
        """
        self._path = path.with_name(path.name + ".lock")
        try:
            self._file: int | None = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise RunError(
                f"Cannot write {self._path}: {error.strerror}. Check the folder's permissions, "
                "or choose another folder with --out."
            ) from error
        if not _try_lock(self._file):
            holder = os.pread(self._file, 32, 1).decode("ascii", "replace").strip() or "unknown"
            os.close(self._file)
            self._file = None
            raise RunError(
                f"{path} is already being written by process {holder}; a run has one writer. "
                "Wait until that process ends or stop it, then try again. Reading is possible meanwhile."
            )
        os.ftruncate(self._file, 1)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 1)

    def release(self) -> None:
        """Let the next writer in. Releasing twice is allowed."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                os.close(self._file)
            self._file = None


def _try_lock(file: int) -> bool:
    """Lock an open file without waiting; return whether it worked.

    ``flock`` rather than ``lockf``: it also refuses a second writer inside the same process.
    """
    try:
        import fcntl  # noqa: PLC0415 - absent on Windows
    except ImportError:
        import msvcrt  # noqa: PLC0415

        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        except OSError:
            return False
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
