"""The journal in memory, with the same rules as the one on disk."""

import time
from collections.abc import Iterator, Sequence

from coeval.errors import RunError
from coeval.store.order import check_order
from coeval.store.protocol import Event, Note
from coeval.store.serial import plain
from coeval.trial import Measurement, State, Trial


class MemoryStore:
    """A ``Store`` that lives as long as the process."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._states: dict[int, State] = {}
        self._closed = False

    def append(self, records: Sequence[Trial | Note]) -> None:
        """Keep records, all or none.

        Raises:
            RunError: The store is closed, or a finished trial would change.
            TypeError: A record holds something that JSON cannot carry.
        """
        if self._closed:
            raise RunError("This store is closed; make a new one.")
        states = check_order(self._states, records)
        now = time.time()
        kept = [_frozen(record) for record in records]
        self._states.update(states)
        first = len(self._events) + 1
        self._events += [Event(first + i, now, body) for i, body in enumerate(kept)]

    def events(self, after: int = 0) -> Iterator[Event]:
        """Yield the events behind a position, in order."""
        while after < len(self._events):
            yield self._events[after]
            after += 1

    def close(self) -> None:
        """Refuse further records; they can still be read. Closing twice is allowed."""
        self._closed = True


def _frozen(record: Trial | Note) -> Trial | Note:
    """Return the record with its free-form data copied to plain values, as a journal on disk returns it."""
    if isinstance(record, Note):
        return Note(record.kind, plain(record.data, mark=False))
    measurement = record.measurement
    if measurement is None:
        return record
    curve = {name: tuple(plain(list(v), mark=False)) for name, v in measurement.curve.items()}
    copy = Measurement(
        values=plain(measurement.values, mark=False),
        violations=plain(measurement.violations, mark=False),
        curve=curve,
        cost=plain(measurement.cost, mark=False),
        data=plain(measurement.data, mark=False),
        artifacts=dict(measurement.artifacts),
        cached_from=measurement.cached_from,
        failure=measurement.failure,
    )
    return Trial(record.number, record.proposal, record.state, copy)
