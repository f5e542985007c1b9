import pytest

from coeval.errors import RunError
from coeval.space.protocol import Candidate
from coeval.store.journal import SqliteStore
from coeval.store.memory import MemoryStore
from coeval.testing.stores import check_store


def to_json(candidate):
    return {name: [list(pair) for pair in part] for name, part in candidate.parts}


def from_json(value):
    return Candidate(tuple((name, tuple((k, v) for k, v in part)) for name, part in value.items()))


def test_the_store_in_memory_keeps_the_contract():
    check_store(MemoryStore)


def test_the_store_on_disk_keeps_the_contract(tmp_path):
    paths = []

    def make():
        paths.append(tmp_path / f"{len(paths)}.sqlite")
        return SqliteStore(paths[-1], to_json, from_json)

    check_store(make, lambda: SqliteStore(paths[-1], to_json, from_json))


class Forgiving(MemoryStore):
    """Lets finished trials change."""

    def append(self, records):
        try:
            super().append(records)
        except RunError:
            return


class Backwards(MemoryStore):
    def events(self, after=0):
        return reversed(list(super().events(after)))


class Deaf(MemoryStore):
    def events(self, after=0):
        return super().events(0)


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        (Forgiving, "A finished trial was appended again"),
        (Backwards, "Positions must count"),
        (Deaf, r"events\(after=1\) yields"),
    ],
)
def test_a_broken_promise_is_named(broken, sentence):
    with pytest.raises(AssertionError, match=sentence):
        check_store(broken)
