"""The journal on disk: append-only SQLite, one writer, readers never blocked.

Write-ahead logging lets readers look on while the search writes. ``synchronous=NORMAL`` is enough for
"nothing recorded is lost when the process is killed": a commit is in the operating system's hands when
``append`` returns. ``FULL`` would add one disk flush a trial (1 to 20 ms here, more than the whole rest
of a search's overhead) to survive a power cut as well; with NORMAL a power cut can cost the last seconds,
but in WAL mode it never damages the file.
"""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from coeval.errors import RunError, SpaceError
from coeval.store.lock import WriterLock
from coeval.store.order import check_order
from coeval.store.protocol import Event, Note
from coeval.store.schema import explain, migrate, open_connection
from coeval.store.serial import (
    FromJson,
    ToJson,
    dumps,
    loads,
    measurement_from_json,
    measurement_to_json,
    proposal_from_json,
    proposal_to_json,
)
from coeval.trial import Proposal, State, Trial

_PAGE = 500


class SqliteStore:
    """A ``Store`` in one SQLite file.

    Attributes:
        path: The file.
    """

    def __init__(
        self, path: Path, to_json: ToJson, from_json: FromJson, *, read_only: bool = False
    ) -> None:
        """Open or create the journal.

        Args:
            path: The file; its folder must exist.
            to_json: From a candidate to plain JSON (a space's ``to_json``).
            from_json: The way back.
            read_only: Open beside a writer, for reading only; the file must exist.

        Raises:
            RunError: Another process writes it, the file is damaged, comes from a newer coeval, or
                cannot be opened.
        """
        self.path = Path(path)
        self._to_json, self._from_json = to_json, from_json
        self._proposals: dict[int, Proposal] = {}
        self._states: dict[int, State] = {}
        self._lock = None if read_only else WriterLock(self.path)
        try:
            self._connection: sqlite3.Connection | None = open_connection(
                self.path, read_only=read_only
            )
            migrate(self._connection, self.path, read_only=read_only)
            if not read_only:
                self._states = _states(self._connection)
        except BaseException as error:
            self.close()
            if isinstance(error, sqlite3.Error):
                raise explain(error, self.path) from error
            raise

    def append(self, records: Sequence[Trial | Note]) -> None:
        """Write records in one transaction; when it returns, they survive a SIGKILL.

        Raises:
            RunError: The disk is full, the store is closed or read-only, or a finished trial would change.
            TypeError: A record holds something that JSON cannot carry.
        """
        if self._lock is None:
            raise RunError(f"{self.path} was opened for reading only; open it without read_only.")
        states = check_order(self._states, records)
        now = time.time()
        rows = [self._row(record, now) for record in records]
        connection = self._open()
        try:
            with connection:
                connection.executemany(
                    "INSERT INTO event (time, kind, number, body) VALUES (?, ?, ?, ?)", rows
                )
        except sqlite3.Error as error:
            raise explain(error, self.path) from error
        self._states.update(states)
        for record in records:
            if isinstance(record, Trial):
                self._proposals[record.number] = record.proposal

    def events(self, after: int = 0) -> Iterator[Event]:
        """Yield the events behind a position, in order.

        Raises:
            RunError: The file is damaged.
        """
        while True:
            try:
                rows = (
                    self._open()
                    .execute(
                        "SELECT position, time, kind, number, body FROM event "
                        "WHERE position > ? ORDER BY position LIMIT ?",
                        (after, _PAGE),
                    )
                    .fetchall()
                )
            except sqlite3.Error as error:
                raise explain(error, self.path) from error
            for position, when, kind, number, body in rows:
                yield Event(position, when, self._body(position, kind, number, body))
                after = position
            if len(rows) < _PAGE:
                return

    def close(self) -> None:
        """Release the file. Closing twice is allowed."""
        connection, self._connection = getattr(self, "_connection", None), None
        if connection is not None:
            connection.close()
        if self._lock is not None:
            self._lock.release()

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise RunError(f"{self.path} is closed; open the store again.")
        return self._connection

    def _row(self, record: Trial | Note, now: float) -> tuple[float, str, int | None, str]:
        if isinstance(record, Note):
            return now, record.kind, None, dumps(record.data)
        body: dict[str, Any] = {}
        if record.number not in self._states or record.state is State.RUNNING:
            body = proposal_to_json(record.proposal, self._to_json)
        if record.measurement is not None:
            body["measurement"] = measurement_to_json(record.measurement)
        return now, record.state.value, record.number, dumps(body)

    def _body(self, position: int, kind: str, number: int | None, text: str) -> Trial | Note:
        try:
            value = loads(text)
            if number is None:
                return Note(kind, value)
            measurement = value.get("measurement")
            return Trial(
                number,
                self._proposal(number, value),
                State(kind),
                None if measurement is None else measurement_from_json(measurement),
            )
        except SpaceError as error:
            raise RunError(
                f"Event {position} of {self.path} holds a candidate that the space does not know: {error} "
                "The run was begun by another version of coeval, or with other options. Continue it with "
                "those, or start again with --overwrite."
            ) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise RunError(
                f"Event {position} of {self.path} cannot be read: {error}. The journal is damaged, or "
                "was written by other software. Restore the file from a copy, or start again with --overwrite."
            ) from error

    def _proposal(self, number: int, value: dict[str, Any]) -> Proposal:
        if number not in self._proposals:
            if "candidate" not in value:
                row = (
                    self._open()
                    .execute(
                        "SELECT body FROM event WHERE number = ? AND kind = 'running'", [number]
                    )
                    .fetchone()
                )
                if row is None:
                    raise ValueError(f"trial {number} finished but was never started")
                value = loads(row[0])
            self._proposals[number] = proposal_from_json(value, self._from_json)
        return self._proposals[number]


def open_reader(path: Path) -> SqliteStore:
    """Open a journal for reading without its space: candidates stay plain JSON values.

    Raises:
        RunError: There is no such journal, it is damaged, or comes from a newer coeval.
    """
    return SqliteStore(path, _same, _same, read_only=True)


def _same(value: Any) -> Any:
    return value


def _states(connection: sqlite3.Connection) -> dict[int, State]:
    rows = connection.execute(
        "SELECT number, kind FROM event WHERE number IS NOT NULL ORDER BY position"
    )
    return {number: State(kind) for number, kind in rows}
