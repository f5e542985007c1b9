"""Whether this process may use the compiled loops. Apart, so that importing this loads no numba."""

from pathlib import Path

_COMPILING: list[bool] = []
_AWAITED: list[Path | None] = []


def mark_compiling() -> None:
    """Say that another process is compiling the loop: this one and its forks train without."""
    _COMPILING.append(True)


def is_compiled() -> bool:
    """Return whether the loops over rows are there; the first to ask on a machine sets another process to compile them."""
    from coeval.train.kernels import ready  # noqa: PLC0415, F401 - its import looks, and numba takes half a second

    return not _COMPILING


def await_pictures(mark: Path | None) -> None:
    """Say that another process compiles the loops of pictures: this one and its forks train without, until they are there.

    Args:
        mark: The file that will say so; ``None`` where nothing can be kept.
    """
    _AWAITED[:] = [mark]


def are_pictures_ready() -> bool:
    """Return whether trainings of pictures may use their loops: nobody else was said to compile them, or they are there."""
    if _AWAITED and _AWAITED[0] is not None and _AWAITED[0].exists():
        _AWAITED.clear()
    return not _AWAITED
