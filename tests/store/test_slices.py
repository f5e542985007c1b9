"""States of running trials in files."""

import numpy as np
import pytest

from coeval.errors import RunError
from coeval.store.slices import FileSlices

STATE = {"weights/a": np.arange(6.0).reshape(2, 3), "epochs": np.array(4), "on": np.array([True])}


@pytest.fixture
def slices(tmp_path):
    return FileSlices(tmp_path / "running")


def equal(one, other):
    return one.keys() == other.keys() and all(np.array_equal(one[k], other[k]) for k in one)


def test_what_was_put_comes_back_and_the_newest_replaces_the_others(slices, tmp_path):
    slices.put(3, 0, "mine", {"epochs": np.array(1)})
    slices.put(3, 0, "mine", STATE)
    assert equal(slices.get(3, 0, "mine"), STATE)
    assert len(list((tmp_path / "running").iterdir())) == 1
    assert slices.size == sum(one.stat().st_size for one in (tmp_path / "running").iterdir())


def test_folds_and_trials_are_apart_and_another_identity_gets_nothing(slices):
    slices.put(3, 0, "mine", STATE)
    assert slices.get(3, 1, "mine") is None
    assert slices.get(1, 0, "mine") is None
    assert slices.get(3, 0, "yours") is None


def test_a_damaged_state_is_none(slices, tmp_path):
    slices.put(3, 0, "mine", STATE)
    (path,) = (tmp_path / "running").iterdir()
    content = bytearray(path.read_bytes())
    for broken in (content[:40], content[:-1] + bytes([content[-1] ^ 255]), b""):
        path.write_bytes(bytes(broken))
        assert slices.get(3, 0, "mine") is None


def test_dropping_a_trial_leaves_the_others(slices):
    for number in (1, 11, 12):
        slices.put(number, 0, "mine", STATE)
    slices.put(1, 1, "mine", STATE)
    slices.drop(1)
    slices.drop(5)
    assert [slices.get(number, 0, "mine") is None for number in (1, 11, 12)] == [True, False, False]
    assert slices.get(1, 1, "mine") is None


def test_a_new_sitting_keeps_only_what_runs(slices, tmp_path):
    for number in (1, 11, 12):
        slices.put(number, 0, "mine", STATE)
    (tmp_path / "running" / "abandoned.tmp").write_bytes(b"x")
    slices.keep_only({11})
    assert [one.name for one in (tmp_path / "running").iterdir()] == ["11-0.safetensors"]


def test_a_folder_that_cannot_be_written_is_an_error_that_says_so(tmp_path):
    (tmp_path / "running").write_text("a file")
    with pytest.raises(RunError, match="Cannot write the state of trial 2"):
        FileSlices(tmp_path / "running").put(2, 0, "mine", STATE)
    assert FileSlices(tmp_path / "running").get(2, 0, "mine") is None
