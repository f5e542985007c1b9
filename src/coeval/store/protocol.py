"""The contract of the journal: append-only events, one writer, readers never blocked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from coeval.trial import Trial


@dataclass(frozen=True, slots=True)
class Note:
    """Anything recorded beside trials, as plain JSON.

    Kinds in use: ``"sitting"`` (a process started or resumed the run), ``"baseline"`` (name and scores),
    ``"stopped"`` (why the search ended), ``"ended_early"`` (with what was to be expected),
    ``"memory"`` (a limit, shared out), ``"latency"`` (how its prediction was calibrated), ``"over_limit"`` (a
    finalist whose model measured over a limit), ``"front"`` (its points), ``"one_shot"`` (what
    the ticks of a supernet came to), ``"compiling"`` and ``"compiled"`` (training loops, once on a machine),
    ``"finalist"``, ``"test_opened"``, ``"final"`` (the result).
    """

    kind: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Event:
    """One record of the journal: its position (from 1), the Unix time of its writing, and what happened."""

    position: int
    time: float
    body: Trial | Note


class Store(Protocol):
    """What has happened, in order."""

    def append(self, records: Sequence[Trial | Note]) -> None:
        """Write records in one transaction; when it returns, they survive a SIGKILL.

        Raises:
            RunError: The disk is full, or a finished trial would change.
            TypeError: A record holds something that JSON cannot carry; nothing is written then.
        """
        ...

    def events(self, after: int = 0) -> Iterator[Event]:
        """Yield the events behind a position, in order."""
        ...

    def close(self) -> None:
        """Release the file. Closing twice is allowed."""
        ...
