import os
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from coeval.errors import RunError
from coeval.store.artifacts import FileArtifacts, MemoryArtifacts, digest_of

TYPES = [np.float32, np.float64, np.float16, np.int64, np.int8, np.uint8, np.bool_]
arrays = st.dictionaries(
    st.text(min_size=1, max_size=8),
    hnp.arrays(
        st.sampled_from(TYPES), hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)
    ),
    max_size=3,
)


@pytest.fixture(params=["files", "memory"])
def store(request, tmp_path):
    return FileArtifacts(tmp_path / "weights") if request.param == "files" else MemoryArtifacts()


def equal(first, second):
    return first.keys() == second.keys() and all(
        first[n].dtype == second[n].dtype
        and first[n].shape == second[n].shape
        and first[n].tobytes() == second[n].tobytes()
        for n in first
    )


@given(arrays)
@settings(max_examples=40, deadline=None)
def test_what_is_put_is_got(tmp_path_factory, given_arrays):
    for store in (FileArtifacts(tmp_path_factory.getbasetemp() / "shared"), MemoryArtifacts()):
        digest = store.put(given_arrays)
        assert digest == digest_of(given_arrays)
        assert equal(store.get(digest), given_arrays)


def test_a_view_is_stored_as_it_reads(store):
    view = np.arange(12.0, dtype=">f8").reshape(3, 4).T[::2]
    assert (store.get(store.put({"w": view}))["w"] == view).all()


def test_equal_content_is_stored_once(tmp_path):
    store = FileArtifacts(tmp_path)
    assert store.put({"a": np.ones(3)}) == store.put({"a": np.ones(3)})
    assert len(list(tmp_path.iterdir())) == 1


def test_names_types_and_shapes_tell_artifacts_apart():
    variants = [
        {"a": np.zeros(4)},
        {"b": np.zeros(4)},
        {"a": np.zeros((2, 2))},
        {"a": np.zeros(4, dtype=np.int64)},
        {"a": np.zeros(2), "b": np.zeros(2)},
    ]
    assert len({digest_of(one) for one in variants}) == len(variants)


def test_what_is_got_may_be_changed(store):
    digest = store.put({"a": np.zeros(3)})
    store.get(digest)["a"][:] = 1
    assert (store.get(digest)["a"] == 0).all()


def test_an_unknown_digest_is_a_key_error(store):
    for digest in ("0" * 40, "../secret"):
        with pytest.raises(KeyError):
            store.get(digest)


def test_text_is_no_artifact(store):
    with pytest.raises(TypeError, match="numbers and booleans"):
        store.put({"a": np.array(["text"])})


def test_pruning_keeps_what_is_named(store):
    kept, gone = store.put({"a": np.zeros(1)}), store.put({"a": np.ones(1)})
    assert store.prune({kept}) == 1
    assert store.get(kept)
    with pytest.raises(KeyError):
        store.get(gone)


def test_pruning_spares_what_may_not_have_reached_the_journal(tmp_path):
    store = FileArtifacts(tmp_path)
    digest = store.put({"a": np.zeros(1)})
    assert store.prune((), spare_seconds=60) == 0
    assert store.get(digest)


def test_pruning_removes_what_killed_workers_left_and_nothing_else(tmp_path):
    store = FileArtifacts(tmp_path)
    old, young, foreign = (tmp_path / n for n in ("old.tmp", "young.tmp", "readme.txt"))
    for file in (old, young, foreign):
        file.write_text("")
    os.utime(old, (time.time() - 1e5,) * 2)
    assert store.prune(()) == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["readme.txt", "young.tmp"]


@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_a_damaged_file_is_reported(tmp_path, damage):
    store = FileArtifacts(tmp_path)
    digest = store.put({"a": np.arange(100.0)})
    file = tmp_path / f"{digest}.safetensors"
    content = file.read_bytes()
    file.write_bytes(content[:50] if damage == "cut" else content[:-1] + b"\x7f")
    with pytest.raises(RunError, match="undamaged weights"):
        store.get(digest)


def test_a_folder_that_cannot_be_made_is_reported(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="Cannot write weights"):
        FileArtifacts(tmp_path / "file").put({"a": np.zeros(1)})
