"""An old run put aside inside its folder, until the new one that replaces it is safe.

Files are only renamed, so it costs nothing, and every step can be repeated after a crash:
``.replacing`` holds files on their way (out or back); ``.replaced`` holds the whole old run. As long as
the folder has no new capsule, the old run can come back; then it is deleted.
"""

import shutil
from pathlib import Path

MOVING = ".replacing"
ASIDE = ".replaced"


def set_aside(folder: Path) -> None:
    """Move all that a folder holds aside.

    Raises:
        OSError: As the file system says; ``put_back`` then mends the folder.
    """
    found = list(folder.iterdir())
    (folder / MOVING).mkdir()
    for one in found:
        one.rename(folder / MOVING / one.name)
    (folder / MOVING).rename(folder / ASIDE)


def put_back(folder: Path, capsule: Path) -> None:
    """Give back a run that was put aside if the one that was to replace it never started; else do nothing.

    Args:
        folder: The run's.
        capsule: The file that says that a run has started.

    Raises:
        OSError: As the file system says; call it again.
    """
    moving, aside = folder / MOVING, folder / ASIDE
    if aside.is_dir() and not moving.exists():
        if capsule.exists():
            discard(folder)
            return
        for one in folder.iterdir():
            if one != aside:
                remove(one)
        aside.rename(moving)
    if moving.is_dir():
        for one in moving.iterdir():
            one.rename(folder / one.name)
        moving.rmdir()


def discard(folder: Path) -> None:
    """Delete a run that was put aside, when the new one is safe; what cannot be deleted now goes with ``put_back``."""
    shutil.rmtree(folder / ASIDE, ignore_errors=True)


def remove(path: Path) -> None:
    """Delete a file, a link, or a folder with all that is in it.

    Raises:
        OSError: As the file system says.
    """
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
