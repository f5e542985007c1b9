"""The journal's tables, how older files become current ones, and what SQLite's errors mean to a user."""

import sqlite3
from pathlib import Path

from coeval.errors import RunError, typed

MIGRATIONS: tuple[str, ...] = (
    # 0 -> 1: an empty file becomes a journal
    """
    CREATE TABLE format (version INTEGER NOT NULL);
    INSERT INTO format VALUES (0);
    CREATE TABLE event (
        position INTEGER PRIMARY KEY,
        time REAL NOT NULL,      -- Unix time of writing
        kind TEXT NOT NULL,      -- a trial's state, or a note's kind
        number INTEGER,          -- the trial; NULL for notes
        body TEXT NOT NULL       -- JSON
    );
    CREATE UNIQUE INDEX started ON event (number) WHERE number IS NOT NULL AND kind = 'running';
    CREATE UNIQUE INDEX finished ON event (number) WHERE number IS NOT NULL AND kind <> 'running';
    CREATE TRIGGER event_stays BEFORE UPDATE ON event
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
    CREATE TRIGGER event_remains BEFORE DELETE ON event
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
    """,
)
"""``MIGRATIONS[v]`` turns format ``v`` into ``v + 1``; a change of format appends one and edits none."""

FORMAT = len(MIGRATIONS)


def open_connection(path: Path, *, read_only: bool) -> sqlite3.Connection:
    """Open the file.

    Raises:
        RunError: It is to be read and does not exist.
        sqlite3.Error: SQLite cannot open it.
    """
    if not read_only:
        connection = sqlite3.connect(path, timeout=10)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
        except BaseException:
            connection.close()
            raise
        return connection
    if not path.is_file():
        raise RunError(f"Expected a journal at {path}, found none. Check the run's folder.")
    location = path.resolve().as_uri()
    connection = sqlite3.connect(f"{location}?mode=ro", uri=True, timeout=10)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        connection.close()
        # A folder without write permission: WAL mode cannot make its side files there. Without a
        # log beside it, the file is complete and nobody is writing it, so it may be read as it is.
        if path.with_name(path.name + "-wal").exists():
            raise
        connection = sqlite3.connect(f"{location}?immutable=1", uri=True)
    except BaseException:
        connection.close()
        raise
    return connection


def migrate(connection: sqlite3.Connection, path: Path, *, read_only: bool) -> None:
    """Check the file and bring it to the current format.

    Raises:
        RunError: The file is damaged, is no journal, or its format is newer, or older where it may only be read.
        sqlite3.Error: SQLite cannot read or write it.
    """
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    if tables and "format" not in tables:
        raise RunError(
            f"{path} is an SQLite file but no journal of coeval (its tables: {sorted(tables)}). "
            "Name the folder of a run, or start a new one in another folder."
        )
    version = connection.execute("SELECT version FROM format").fetchone()[0] if tables else 0
    if version > FORMAT:
        raise RunError(
            f"{path} has format {version}, written by a newer coeval; this one reads formats up to "
            f"{FORMAT}. Upgrade with: pip install --upgrade coeval"
        )
    if not read_only:
        trouble = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if trouble != "ok":
            raise _damaged(path, trouble)
    elif version < FORMAT:
        raise RunError(
            f"{path} has format {version}, this coeval reads {FORMAT}. "
            f"Bring it up to date with: coeval resume {typed(path.parent)}"
        )
    for step in range(version, FORMAT):
        connection.executescript(
            f"BEGIN IMMEDIATE; {MIGRATIONS[step]} UPDATE format SET version = {step + 1}; COMMIT;"
        )


def explain(error: sqlite3.Error, path: Path) -> RunError:
    """Return what an SQLite error means to the user of a run."""
    text = str(error)
    if "full" in text:
        return RunError(
            f"The disk that holds {path} is full ({text}). Everything recorded so far is kept. "
            f"Free some space, then continue with: coeval resume {typed(path.parent)}"
        )
    if isinstance(error, sqlite3.OperationalError | sqlite3.IntegrityError):
        return RunError(
            f"{path} cannot be used: {text}. Everything recorded so far is kept. Check the disk, the "
            f"file's permissions and that no other program holds it, then: coeval resume {typed(path.parent)}"
        )
    return _damaged(path, text)


def _damaged(path: Path, trouble: str) -> RunError:
    return RunError(
        f"Expected an undamaged SQLite journal at {path}, found: {trouble}. Restore the file from a copy; "
        f"or save what is readable with: sqlite3 {path} .recover | sqlite3 mended.sqlite, and put "
        f"mended.sqlite in its place (delete {path.name}-wal and {path.name}-shm); or start again with "
        "--overwrite."
    )
