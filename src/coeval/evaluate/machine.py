"""What this process may take of the machine: memory, of which it also tells how much it took, and cores."""

import math
import os
from pathlib import Path

_MEMINFO = Path("/proc/meminfo")
_CGROUP = Path("/sys/fs/cgroup")


def available_memory(meminfo: Path = _MEMINFO, cgroup: Path = _CGROUP) -> int | None:
    """Return the bytes that are free or can be freed, within the container's limit; ``None`` if unknown.

    Args:
        meminfo: Where Linux tells it.
        cgroup: Where a container's limit stands (version 2).
    """
    found = [
        one
        for one in (_from_meminfo(meminfo), _from_cgroup(cgroup), physical_memory())
        if one is not None
    ]
    return min(found, default=None)


def cores(cgroup: Path = _CGROUP) -> int:
    """Return how many cores this process may use, a part of one in the container's share as a whole.

    Args:
        cgroup: Where a container's share of time stands (version 2 and 1).
    """
    has_affinity = hasattr(os, "sched_getaffinity")
    found = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    quota = _quota(cgroup)
    return found if quota is None else min(found, max(1, math.ceil(quota)))


class MemoryGauge:
    """Measures by how much this process grows at its peak; tells nothing where the system does not count (not on Linux).

    Args:
        process: The folder in which Linux tells of this process.
    """

    def __init__(self, process: Path = Path("/proc/self")) -> None:
        self._process = process
        self._base: int | None = None

    def start(self) -> None:
        """Begin anew: what is resident now is what growth is counted from."""
        try:
            (self._process / "clear_refs").write_text(
                "5"
            )  # the peak begins at the present, proc(5)
            self._base = self._field("VmRSS")
        except OSError:
            self._base = None

    def growth(self) -> int | None:
        """Return the bytes by which the peak since ``start`` lies above the beginning; ``None`` if unknown."""
        try:
            peak = None if self._base is None else self._field("VmHWM")
        except OSError:
            return None
        return None if peak is None or self._base is None else max(peak - self._base, 0)

    def _field(self, name: str) -> int | None:
        for line in (self._process / "status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
        return None


def _from_meminfo(path: Path) -> int | None:
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return None
    fields = {name: rest.split() for name, _, rest in (line.partition(":") for line in lines)}
    return int(fields["MemAvailable"][0]) * 1024 if "MemAvailable" in fields else None


def _from_cgroup(folder: Path) -> int | None:
    try:
        limit = (folder / "memory.max").read_text().strip()
        used = int((folder / "memory.current").read_text())
    except (OSError, ValueError):
        return None
    return max(int(limit) - used, 0) if limit.isdigit() else None


def _quota(folder: Path) -> float | None:
    """Return the cores' worth of time that a container has; ``None`` without a limit."""
    older = (folder / "cpu" / f"cpu.cfs_{name}_us" for name in ("quota", "period"))
    for files in ((folder / "cpu.max",), tuple(older)):
        try:
            quota, period = " ".join(one.read_text() for one in files).split()
            return int(quota) / int(period) if int(quota) > 0 else None
        except (OSError, ValueError, ZeroDivisionError):  # "max" among them
            continue
    return None


def physical_memory() -> int | None:
    """Return the bytes of memory that this machine has; ``None`` where it does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return None
