import dataclasses
import json

import numpy as np
import pytest

from coeval.errors import DataError
from coeval.task import memory
from coeval.task.assemble import seal
from coeval.task.fingerprint import fingerprint
from coeval.task.frame import from_arrays, from_frame
from tests.task.pictures import picture_task

pd = pytest.importorskip("pandas")
rng = np.random.default_rng(0)


def task(**options):
    data = pd.DataFrame(
        {
            "a": rng.normal(size=50),
            "b": ["é", "日本", None, "x", '"'] * 10,
            "c": pd.date_range("2020", periods=50),
            "y": np.arange(50) % 3,
        }
    )
    return from_frame(data, "y", **options)


@pytest.mark.parametrize("weights", [None, np.ones(50)])
def test_a_saved_task_is_the_same_when_loaded(tmp_path, weights):
    one = task(weights=weights)
    memory.save(one, tmp_path / "cache")
    other = memory.load(tmp_path / "cache")
    assert other.fingerprint == one.fingerprint == fingerprint(other)
    assert (other.schema, other.notes, other.metric) == (one.schema, one.notes, one.metric)
    assert other.target.classes == one.target.classes
    assert [column.levels for column in other.table.columns] == [
        column.levels for column in one.table.columns
    ]
    assert len(other.folds) == 5


def test_groups_are_saved_and_leave_the_fingerprint_as_it_is(tmp_path):
    one = task(group=np.arange(50) // 5)
    assert one.groups.tolist() == (np.arange(50) // 5).tolist()
    assert dataclasses.replace(one, groups=None).fingerprint == fingerprint(one)
    memory.save(one, tmp_path)
    assert memory.load(tmp_path).groups.tolist() == one.groups.tolist()
    memory.save(task(), tmp_path)
    assert memory.load(tmp_path).groups is None


def test_a_folder_that_was_written_before_groups_were_is_read(tmp_path):
    memory.save(task(), tmp_path)
    facts = tmp_path / "task.json"
    known = json.loads(facts.read_text())
    facts.write_text(json.dumps({name: known[name] for name in known if name != "grouped"}))
    assert memory.load(tmp_path).groups is None


def test_a_table_of_numbers_alone_is_saved(tmp_path):
    one = from_arrays(rng.normal(size=(30, 2)), rng.normal(size=30))
    memory.save(one, tmp_path)
    assert fingerprint(memory.load(tmp_path)) == one.fingerprint


def test_loaded_arrays_are_mapped_and_cannot_be_written(tmp_path):
    memory.save(task(), tmp_path)
    values = memory.load(tmp_path).table.columns[0].values
    assert not values.flags.writeable
    assert not values.flags.owndata


def test_a_loaded_task_may_be_saved_over_itself(tmp_path):
    memory.save(task(), tmp_path)
    one = memory.load(tmp_path)
    memory.save(one, tmp_path)
    assert fingerprint(memory.load(tmp_path)) == fingerprint(one) == one.fingerprint


def test_a_metric_of_the_users_own_must_be_handed_over(tmp_path):
    one = task(metric=lambda y, p: 0.0)
    memory.save(one, tmp_path)
    with pytest.raises(DataError, match="'own_metric' is a function"):
        memory.load(tmp_path)
    assert memory.load(tmp_path, one.metric).metric is one.metric


@pytest.mark.parametrize("damage", ["missing", "text", "array", "version"])
def test_a_damaged_folder_is_explained(tmp_path, damage):
    memory.save(task(), tmp_path)
    facts = tmp_path / "task.json"
    if damage == "missing":
        facts.unlink()
    elif damage == "text":
        facts.write_text("{")
    elif damage == "array":
        (tmp_path / "codes.npy").write_bytes(b"nothing")
    else:
        facts.write_text(json.dumps(json.loads(facts.read_text()) | {"format": 99}))
    with pytest.raises(DataError, match=r"[Rr]ead the data again with coeval fit"):
        memory.load(tmp_path)


def test_a_folder_and_a_task_are_both_sources(tmp_path):
    one = task()
    memory.save(one, tmp_path)
    assert memory.load_task(one) is one
    assert memory.load_task(tmp_path).fingerprint == one.fingerprint


def test_a_folder_is_mapped_once_until_it_is_written_again(tmp_path):
    memory.save(task(), tmp_path)
    first = memory.load_task(tmp_path)
    assert memory.load_task(tmp_path) is first
    memory.save(task(seed=1), tmp_path)
    assert memory.load_task(tmp_path).fingerprint != first.fingerprint


def test_a_source_that_is_gone_is_a_data_error(tmp_path):
    with pytest.raises(DataError, match="missing or damaged"):
        memory.load_task(tmp_path / "nothing")


def test_a_task_of_images_is_the_same_when_loaded(tmp_path):
    one = seal(picture_task(30, side=5, features=3))
    memory.save(one, tmp_path)
    other = memory.load(tmp_path)
    assert fingerprint(other) == other.fingerprint == one.fingerprint
    assert (other.table.columns[0].values == one.table.columns[0].values).all()
    memory.save(other, tmp_path)
    assert fingerprint(memory.load(tmp_path)) == one.fingerprint


def test_loaded_images_are_mapped_and_writing_to_them_changes_no_file(tmp_path):
    memory.save(picture_task(30), tmp_path)
    before = (tmp_path / "images0.npy").read_bytes()
    values = memory.load(tmp_path).table.columns[0].values
    assert not values.flags.owndata
    values[:] = 7
    assert (tmp_path / "images0.npy").read_bytes() == before
