"""How the memory that a user allows is shared out among a run's processes, and how each is held to its share.

The driver, the server that all workers are forked from and the process of the baselines need what they need; what is
left is the workers'. A share bounds the *growth* of a process (``RLIMIT_DATA``, Linux): an allocation beyond it fails
as one on a machine without memory does, so that a greedy candidate fails alone and its worker lives on.
"""

import math
import re
from dataclasses import dataclass
from pathlib import Path

from coeval.errors import BudgetError
from coeval.task.task import Task

DRIVER_BYTES = 130 * 10**6
"""Of the command itself while it searches. These are proportional set sizes, measured on tables of 180 to 49,000 rows and
rounded up."""
CLOSING_BYTES = 660 * 10**6
"""Of the command, torch and one process more at the end, when the model is exported and the report written."""
SERVER_BYTES = 200 * 10**6
"""Of the process that has imported torch; workers share its pages."""
WORKER_BYTES = 25 * 10**6
"""A worker's own when it was forked."""
WARM_BYTES = 90 * 10**6
"""By how much a worker grows in its first training, however small: libraries, kernels, the task."""
RIVAL_BYTES = 190 * 10**6
"""Of the process that fits the baselines, tables aside."""
RIVAL_TABLES = 6
"""How often it holds the table, encoded and in copies."""
TRIAL_BYTES = 64 * 10**6
"""With less, not even small networks could be trained."""
SAFETY = 0.95
"""Share of the limit that is planned with."""

_UNITS = {
    "": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12,
    "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40,
}  # fmt: skip
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]i?|)b?")


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """Who may take how much.

    Attributes:
        limit: Of all processes together, in bytes.
        workers: Processes that train.
        share_bytes: Of each for trainings.
        rival_bytes: By how much the baselines' process may grow.
        said: What the user should know; empty if the limit changes nothing.
    """

    limit: int
    workers: int
    share_bytes: int
    rival_bytes: int
    said: str = ""

    @property
    def worker_bytes(self) -> int:
        """Return by how much a worker may grow."""
        return WARM_BYTES + self.share_bytes

    @property
    def trial_bytes(self) -> int:
        """Return what one training may need by its estimate; the rest is the allocator's and the cache's."""
        return int(0.75 * self.share_bytes)

    @property
    def cache_bytes(self) -> int:
        """Return what a worker may keep of prepared rows."""
        return int(0.15 * self.share_bytes)


def parse_size(text: str, option: str = "--memory") -> int:
    """Return the bytes of ``"2GB"``, ``"800 MB"``, ``"1.5GiB"`` and the like.

    Args:
        text: What a user wrote.
        option: Its name, for the message.

    Raises:
        BudgetError: It is no size.

    Example:
        >>> parse_size("1.5GB"), parse_size("2 MiB")
        (1500000000, 2097152)
    """
    found = _SIZE.fullmatch(text.strip().lower())
    if found is None:
        raise BudgetError(
            f"{option} must be a size, got {text!r}. Write a number with its unit: 800MB, 2GB or 1.5GiB."
        )
    return round(float(found[1]) * _UNITS[found[2]])


def memory_plan(text: str | None, workers: int, task: Task) -> MemoryPlan | None:
    """Return how the limit that a user wrote is shared out; ``None`` for none.

    Raises:
        BudgetError: It is no size, or too little for one worker.
    """
    if text is None:
        return None
    return plan_memory(
        parse_size(text), workers, sum(one.values.nbytes for one in task.table.columns)
    )


def plan_memory(limit: int, workers: int, table_bytes: int) -> MemoryPlan:
    """Share out a limit; the number of workers is lowered as far as it must be.

    Args:
        limit: Bytes of all processes together.
        workers: Processes that the user wants to train.
        table_bytes: Of the task's arrays.

    Raises:
        BudgetError: Not even one worker fits; the message says what would do.
    """
    rival = RIVAL_BYTES + RIVAL_TABLES * table_bytes
    fixed = SERVER_BYTES + DRIVER_BYTES + rival
    own = WORKER_BYTES + WARM_BYTES + TRIAL_BYTES
    each = own + 2 * table_bytes
    room = SAFETY * limit - fixed
    fit = min(workers, int(room // each))
    needed = max(fixed + each, CLOSING_BYTES)
    if SAFETY * limit < needed:
        least = math.ceil(needed / SAFETY / 10**7) * 10**7
        raise BudgetError(
            f"--memory must be at least {size(least)} for one worker on this table, got {size(limit)}: the command, "
            f"torch and the baselines take about {size(fixed)} of it. Raise it, or leave it out."
        )
    share = (room - fit * own) / (fit + 1)  # one for the baselines
    said = ""
    if fit < workers:
        said = (
            f"{size(limit)} of memory are enough for {fit} of {workers} workers: each needs about {size(each)} beside "
            f"the {size(fixed)} of the command, torch and the baselines."
        )
    return MemoryPlan(limit, fit, int(TRIAL_BYTES + share), int(rival + share), said)


def limit_growth(most: int | None) -> None:
    """Let this process take ``most`` bytes more than it has now, where the system can; an allocation beyond fails."""
    now = _data_bytes()
    if most is None or now is None:
        return
    import resource  # noqa: PLC0415 - not on Windows

    resource.setrlimit(
        resource.RLIMIT_DATA, (now + most, resource.getrlimit(resource.RLIMIT_DATA)[1])
    )


def size(count: float) -> str:
    """Return bytes as ``parse_size`` reads them.

    Example:
        >>> size(730 * 10**6), size(2.5 * 10**9)
        ('730MB', '2.5GB')
    """
    return f"{count / 10**6:.0f}MB" if count < 10**9 else f"{round(count / 10**9, 2):.15g}GB"


def _data_bytes(status: Path = Path("/proc/self/status")) -> int | None:
    """Return the private writable memory of this process, which ``RLIMIT_DATA`` bounds; ``None`` where unknown."""
    try:
        lines = status.read_text().splitlines()
    except OSError:
        return None
    found = [line.split()[1] for line in lines if line.startswith("VmData:")]
    return int(found[0]) * 1024 if found else None
