import json
import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coeval.errors import RunError, SpaceError
from coeval.space.protocol import Candidate, Move
from coeval.store import schema
from coeval.store.journal import SqliteStore, open_reader
from coeval.store.memory import MemoryStore
from coeval.store.protocol import Note
from coeval.testing.stores import check_store
from coeval.trial import (
    Failure,
    Fidelity,
    Measurement,
    Proposal,
    Reason,
    State,
    Trial,
    finish,
)
from tests.run.fakes import candidate, from_json, to_json

ROOT = Path(__file__).parents[2]
numbers = st.floats(allow_nan=False) | st.integers(-(2**40), 2**40)
names = st.text(min_size=1, max_size=8)
scores = st.dictionaries(names, numbers, max_size=3)
plain = st.recursive(
    st.none() | st.booleans() | numbers | names,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)
proposals = st.builds(
    Proposal,
    candidate=st.floats(allow_nan=False).map(candidate),
    fidelity=st.builds(Fidelity, *[st.floats(0.1, 1.0)] * 3),
    continues=st.none() | st.integers(0, 99),
    parent=st.none() | st.integers(0, 99),
    moves=st.lists(st.builds(Move, names, names, names, st.booleans(), names), max_size=2).map(
        tuple
    ),
    cases=st.none() | names,
    repeat=st.integers(0, 3),
    origin=names,
)
measurements = st.builds(
    Measurement,
    values=scores,
    violations=scores,
    curve=st.dictionaries(names, st.lists(numbers, max_size=3).map(tuple), max_size=2),
    cost=scores,
    data=st.dictionaries(names, plain, max_size=2),
    artifacts=st.dictionaries(names, names, max_size=2),
    cached_from=st.none() | st.integers(0, 99),
    failure=st.none() | st.builds(Failure, st.sampled_from(Reason), names),
)


def open_store(folder, **options) -> SqliteStore:
    return SqliteStore(folder / "run.sqlite", to_json, from_json, **options)


def running(number=0, x=1.0) -> Trial:
    return Trial(number, Proposal(candidate(x)))


def bodies(store):
    return [event.body for event in store.events()]


@pytest.fixture(params=["journal", "memory"])
def store(request, tmp_path):
    made = open_store(tmp_path) if request.param == "journal" else MemoryStore()
    yield made
    made.close()


def test_the_contract_of_stores_holds(tmp_path_factory):
    folders = []

    def make():
        folders.append(tmp_path_factory.mktemp("contract"))
        return open_store(folders[-1])

    check_store(make, lambda: open_store(folders[-1]))
    check_store(MemoryStore)


@given(st.lists(st.tuples(proposals, measurements), max_size=4), st.dictionaries(names, plain))
@settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_what_is_written_is_read(tmp_path_factory, pairs, data):
    folder = tmp_path_factory.mktemp("journal")
    trials = [Trial(number, proposal) for number, (proposal, _) in enumerate(pairs)]
    records = [*trials, *(finish(t, m) for t, (_, m) in zip(trials, pairs, strict=True))]
    records.append(Note("any", data))
    memory, journal = MemoryStore(), open_store(folder)
    for store in (memory, journal):
        store.append(records[:1])
        store.append(records[1:])
        assert bodies(store) == records
    journal.close()
    again = open_store(folder)
    assert bodies(again) == records
    assert [e.position for e in again.events()] == list(range(1, len(records) + 1))
    again.close()


def test_a_nan_and_infinities_are_kept_and_the_file_stays_plain_json(tmp_path):
    store = open_store(tmp_path)
    odd = {"loss": float("nan"), "low": float("-inf"), "high": float("inf")}
    store.append([running(), finish(running(), Measurement(odd, data={"deep": [odd]}))])
    store.close()
    texts = sqlite3.connect(tmp_path / "run.sqlite").execute("SELECT body FROM event").fetchall()
    for (text,) in texts:
        json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    store = open_store(tmp_path)
    values = bodies(store)[1].measurement.values
    assert values["loss"] != values["loss"]
    assert (values["low"], values["high"]) == (float("-inf"), float("inf"))
    store.close()


def test_reading_goes_on_from_a_position(store):
    store.append([running(0), Note("a", {}), running(1)])
    assert [e.position for e in store.events(after=1)] == [2, 3]
    assert list(store.events(after=3)) == []


def test_times_do_not_run_backwards(store):
    for number in range(3):
        store.append([running(number)])
    times = [event.time for event in store.events()]
    assert times == sorted(times)
    assert times[0] > 1.6e9


@pytest.mark.parametrize("state", list(State))
def test_a_finished_trial_never_changes(store, state):
    store.append([running(), finish(running(), Measurement({"loss": 1.0}))])
    with pytest.raises(RunError, match="a finished trial never changes"):
        store.append([Trial(0, running().proposal, state)])
    assert len(bodies(store)) == 2


def test_a_trial_starts_once(store):
    store.append([running()])
    with pytest.raises(RunError, match="already running"):
        store.append([running()])


def test_a_batch_is_written_as_a_whole_or_not_at_all(store):
    with pytest.raises(RunError):
        store.append([running(0), running(1), running(0)])
    assert bodies(store) == []
    with pytest.raises(TypeError, match="plain JSON"):
        store.append([running(0), Note("odd", {"set": {1, 2}})])
    assert bodies(store) == []
    store.append([running(0)])


def test_a_closed_store_takes_no_more(store):
    store.close()
    store.close()
    with pytest.raises(RunError, match="closed"):
        store.append([running()])


def test_the_file_itself_refuses_changes(tmp_path):
    store = open_store(tmp_path)
    store.append([running()])
    outsider = sqlite3.connect(tmp_path / "run.sqlite")
    for statement in ("UPDATE event SET body = ''", "DELETE FROM event"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            outsider.execute(statement)
    outsider.close()
    store.close()


def test_a_second_writer_is_told_who_writes(tmp_path):
    store = open_store(tmp_path)
    with pytest.raises(RunError, match=f"already being written by process {os.getpid()}"):
        open_store(tmp_path)
    store.close()
    open_store(tmp_path).close()


def test_readers_see_what_is_written_and_do_not_block(tmp_path):
    store = open_store(tmp_path)
    store.append([running(0)])
    reader = open_store(tmp_path, read_only=True)
    events = reader.events()
    assert next(events).body == running(0)
    store.append([running(1), finish(running(1), Measurement())])
    assert bodies(reader)[1:] == [running(1), finish(running(1), Measurement())]
    with pytest.raises(RunError, match="reading only"):
        reader.append([running(2)])
    reader.close()
    store.close()


def test_a_reader_without_the_space_gets_candidates_as_json(tmp_path):
    store = open_store(tmp_path)
    store.append([running(0, 2.5)])
    store.close()
    reader = open_reader(tmp_path / "run.sqlite")
    assert bodies(reader)[0].proposal.candidate == [["recipe", [["x", 2.5]]]]
    reader.close()


def test_a_journal_in_a_folder_that_cannot_be_written_can_be_read(tmp_path):
    store = open_store(tmp_path)
    store.append([running()])
    store.close()
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    tmp_path.chmod(0o500)
    try:
        reader = open_reader(tmp_path / "run.sqlite")
        assert len(bodies(reader)) == 1
        reader.close()
        with pytest.raises(RunError, match="Cannot write"):
            SqliteStore(tmp_path / "other.sqlite", to_json, from_json)
    finally:
        tmp_path.chmod(0o700)


def test_there_is_nothing_to_read_before_a_journal_exists(tmp_path):
    with pytest.raises(RunError, match="found none"):
        open_reader(tmp_path / "run.sqlite")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_refused_with_how_to_mend_it(tmp_path):
    (tmp_path / "run.sqlite").write_bytes(b"not a database" * 100)
    for options in ({}, {"read_only": True}):
        with pytest.raises(RunError, match=r"undamaged.*\.recover"):
            open_store(tmp_path, **options)
    (tmp_path / "run.sqlite").unlink()
    open_store(tmp_path).close()  # the failed attempts hold no lock


def test_a_damaged_page_is_found_when_the_journal_is_opened(tmp_path):
    store = open_store(tmp_path)
    store.append([Note("filler", {"text": "x" * 50_000})] * 4)
    store.close()
    file = tmp_path / "run.sqlite"
    content = bytearray(file.read_bytes())
    content[4096:] = bytes(len(content) - 4096)
    file.write_bytes(content)
    with pytest.raises(RunError, match="undamaged"):
        open_store(tmp_path)


def test_a_damaged_record_is_named(tmp_path):
    open_store(tmp_path).close()
    outsider = sqlite3.connect(tmp_path / "run.sqlite")
    outsider.execute("INSERT INTO event (time, kind, number, body) VALUES (0, 'done', 3, '{}')")
    outsider.execute("INSERT INTO event (time, kind, body) VALUES (0, 'note', '{')")
    outsider.commit()
    outsider.close()
    store = open_store(tmp_path)
    with pytest.raises(RunError, match=r"Event 1 .* trial 3 finished but was never started"):
        list(store.events())
    with pytest.raises(RunError, match="Event 2"):
        list(store.events(after=1))
    store.close()


def test_a_candidate_of_another_space_is_said_to_come_from_elsewhere(tmp_path):
    store = open_store(tmp_path)
    store.append([running()])
    store.close()

    def refuse(value):
        raise SpaceError("epochs must be one of [8, 16], got 32.")

    store = SqliteStore(tmp_path / "run.sqlite", to_json, refuse)
    with pytest.raises(RunError, match=r"epochs must be one of.*another version of coeval"):
        list(store.events())
    store.close()


def test_another_programs_database_is_left_alone(tmp_path):
    other = sqlite3.connect(tmp_path / "run.sqlite")
    other.execute("CREATE TABLE customers (name)")
    other.close()
    with pytest.raises(RunError, match="no journal of coeval"):
        open_store(tmp_path)


def test_a_newer_format_is_refused(tmp_path):
    open_store(tmp_path).close()
    outsider = sqlite3.connect(tmp_path / "run.sqlite")
    outsider.execute("UPDATE format SET version = 9")
    outsider.commit()
    outsider.close()
    with pytest.raises(RunError, match="format 9, written by a newer coeval"):
        open_store(tmp_path)


def test_an_older_format_is_brought_up_to_date_and_keeps_its_events(tmp_path, monkeypatch):
    store = open_store(tmp_path)
    store.append([running()])
    store.close()
    step = "CREATE INDEX kinds ON event (kind);"
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, step))
    monkeypatch.setattr(schema, "FORMAT", 2)
    with pytest.raises(RunError, match=r"format 1, this coeval reads 2.*coeval resume"):
        open_store(tmp_path, read_only=True)
    store = open_store(tmp_path)
    assert bodies(store) == [running()]
    store.close()
    open_store(tmp_path, read_only=True).close()


def test_a_full_disk_loses_nothing_that_was_recorded(tmp_path):
    store = open_store(tmp_path)
    store.append([running(0)])
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count = {pages + 1}")
    with pytest.raises(RunError, match=r"disk .* is full.*coeval resume"):
        store.append([running(1), Note("filler", {"text": "x" * 100_000})])
    assert bodies(store) == [running(0)]
    store._connection.execute("PRAGMA max_page_count = 100000")
    store.append([running(1)])  # space was freed: it goes on
    assert len(bodies(store)) == 2
    store.close()


WRITER = """
    import os, sys
    from pathlib import Path
    from coeval.store.journal import SqliteStore
    from coeval.store.protocol import Note
    from tests.run.fakes import from_json, to_json

    store = SqliteStore(Path(sys.argv[1]), to_json, from_json)
    for number in range(10**6):
        store.append([Note("step", {"number": number, "text": "x" * 500})])
        os.write(1, f"{number}\\n".encode())
"""


def test_everything_appended_survives_a_kill(tmp_path):
    file = tmp_path / "run.sqlite"
    command = [sys.executable, "-c", textwrap.dedent(WRITER), str(file)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    for _ in range(200):
        last = process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.wait()
    last = (process.stdout.read().splitlines() or [last])[-1]
    process.stdout.close()
    store = open_store(tmp_path)  # the lock went with the process
    numbers = [body.data["number"] for body in bodies(store)]
    assert numbers == list(range(len(numbers)))
    assert len(numbers) > int(last)
    store.close()


def test_the_lock_is_not_inherited_by_other_processes(tmp_path):
    store = open_store(tmp_path)
    waiting = multiprocessing.get_context("spawn").Event()
    child = multiprocessing.get_context("spawn").Process(target=waiting.wait, daemon=True)
    child.start()
    store.close()
    open_store(tmp_path).close()
    waiting.set()
    child.join()


def test_candidates_come_back_equal_in_type():
    assert isinstance(from_json(to_json(candidate(1.0))), Candidate)
