"""Where training happens: the device, and how many threads it may use."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from coeval.train.devices import DEVICES


def resolve(name: str = "auto") -> torch.device:
    """Return the device of a name; ``"auto"`` takes the first of CUDA, MPS and CPU that is there.

    Args:
        name: ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"``.

    Raises:
        ValueError: The name is unknown, or this machine has no such device.

    Example:
        >>> resolve("cpu")
        device(type='cpu')
    """
    kind = name.partition(":")[0]
    if kind not in DEVICES:
        raise ValueError(f"device must be one of {', '.join(DEVICES)}, got {name!r}.")
    if kind == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    present = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if not present[kind]:
        raise ValueError(f"device {name!r} was asked for, but this machine has none. Use 'auto'.")
    found = torch.device(name)
    if kind == "cuda" and (found.index or 0) >= torch.cuda.device_count():
        raise ValueError(
            f"device {name!r} was asked for, but this machine has {torch.cuda.device_count()}, counted from cuda:0."
        )
    return found


def configure(threads: int) -> None:
    """Set the number of threads that one operation may use in this process.

    One thread a worker is the default everywhere: two threads make a small network 8 % faster on a
    quiet machine and 3 to 14 times slower beside other work (threads that wait keep spinning).

    Raises:
        ValueError: ``threads`` is less than 1.
    """
    if threads < 1:
        raise ValueError(f"threads must be at least 1, got {threads}.")
    torch.set_num_threads(threads)


@contextmanager
def limited(threads: int = 1) -> Iterator[None]:
    """Use so many threads inside the block, and afterwards as many as before: a library's guest leaves no trace.

    Whatever ``configure`` sets inside is undone too.

    Raises:
        ValueError: ``threads`` is less than 1.
    """
    before = torch.get_num_threads()
    configure(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
