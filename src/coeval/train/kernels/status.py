"""Whether this process may use the compiled loop. Apart, so that asking loads no numba."""

_COMPILING: list[bool] = []


def mark_compiling() -> None:
    """Say that another process is compiling the loop: this one and its forks train without."""
    _COMPILING.append(True)


def is_compiling() -> bool:
    """Return whether the loop is being compiled elsewhere."""
    return bool(_COMPILING)
