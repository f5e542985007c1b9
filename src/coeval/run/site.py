"""What the stages of one sitting share: the run's folder, its task and space, its clock."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from coeval.run.budget import Budget
from coeval.run.demands import Demands
from coeval.run.folder import RunFolder
from coeval.run.levers import Levers
from coeval.run.memory_limit import MemoryPlan
from coeval.run.options import Options
from coeval.space.product import ProductSpace
from coeval.store.artifacts import FileArtifacts
from coeval.store.protocol import Note, Store
from coeval.task.task import Task
from coeval.trial import Objective, Trial


class Watcher(Protocol):
    """Follows a run, for a display."""

    def begin(self, site: "Site", spent: float, earlier: Sequence[Trial | Note]) -> None:
        """Take note of what is searched for, the seconds spent so far, and the records of earlier sittings."""
        ...

    def record(self, record: Trial | Note) -> None:
        """Take note of a record that was written."""
        ...


@dataclass(frozen=True, slots=True)
class Site:
    """Where a sitting works.

    Attributes:
        folder: The run's.
        options: What the user asked for.
        levers: What makes evaluations cheaper.
        budget: Over all sittings.
        seconds: What of it this sitting had when it began, of which its stages take their shares; infinity without a limit.
        task: Its arrays mapped from the folder's cache.
        space: What is searched.
        objective: What is optimised.
        store: The journal, open for writing.
        artifacts: The weights.
        workers: Processes that train.
        demands: Limits and objectives beyond the score.
        memory: How a limit on memory is shared out; ``None`` without one.
        end: ``time.monotonic()`` seconds at which the process should be gone; infinity without a limit.
        watcher: Is told of every record.
    """

    folder: RunFolder
    options: Options
    levers: Levers
    budget: Budget
    seconds: float
    task: Task
    space: ProductSpace
    objective: Objective
    store: Store
    artifacts: FileArtifacts
    workers: int
    end: float
    watcher: Watcher
    demands: Demands
    memory: MemoryPlan | None = None

    @property
    def worker_bytes(self) -> int | None:
        """Return by how much a training process may grow; ``None`` without a limit."""
        return None if self.memory is None else self.memory.worker_bytes

    def record(self, *notes: Note) -> None:
        """Write notes, then show them."""
        self.store.append(notes)
        for note in notes:
            self.watcher.record(note)


def process_age() -> float:
    """Return the seconds since this process began, so that a budget counts from where the user's clock did."""
    stat = Path("/proc/self/stat")
    if not stat.exists():
        return time.process_time()  # a lower bound: what was spent on the CPU
    ticks = float(stat.read_text().rpartition(")")[2].split()[19])
    return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK"))
