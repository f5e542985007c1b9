import json
import os
from pathlib import Path

import pytest

from coeval.errors import RunError
from coeval.run.folder import check_journal, create, open_folder
from coeval.store.lock import WriterLock

CAPSULE = {
    "coeval": "0.1.0",
    "seed": 3,
    "options": {"target": "y"},
    "budget": {"seconds": 60.0, "trials": None},
    "task": {"name": "a task"},
}


def used(path):
    folder = create(path)
    folder.write_capsule(CAPSULE)
    folder.report.write_text("report")
    return folder


def test_a_new_folder_has_its_rooms_and_opens_again(tmp_path):
    folder = used(tmp_path / "a" / "run")
    assert folder.weights.is_dir()
    assert folder.cache.is_dir()
    assert open_folder(tmp_path / "a" / "run") == folder
    assert folder.capsule() == {"format": 1} | CAPSULE
    assert sorted(p.name for p in folder.path.iterdir()) == [
        "cache",
        "capsule.json",
        "report.html",
        "weights",
    ]


def test_a_run_is_not_overwritten_unasked(tmp_path):
    used(tmp_path / "run")
    with pytest.raises(RunError, match=r"coeval resume .*run; or replace it with --overwrite"):
        create(tmp_path / "run")
    assert open_folder(tmp_path / "run").report.read_text() == "report"


def test_overwriting_begins_anew(tmp_path):
    old = used(tmp_path / "run")
    old.journal.write_text("journal")
    (old.weights / "w.safetensors").write_text("weights")
    folder = create(tmp_path / "run", overwrite=True)
    assert list(folder.weights.iterdir()) == []
    assert not folder.journal.exists()
    assert not folder.capsule_file.exists()
    folder.write_capsule(CAPSULE | {"seed": 4})
    assert folder.capsule()["seed"] == 4
    assert sorted(p.name for p in folder.path.iterdir()) == ["cache", "capsule.json", "weights"]


def listing(path):
    return {p.relative_to(path): p.is_file() and p.read_bytes() for p in path.rglob("*")}


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_run_is_kept_until_the_one_that_replaces_it_has_started(tmp_path, overwrite):
    old = used(tmp_path)
    (old.weights / "w.safetensors").write_text("weights")
    old.journal.write_text("journal")
    new = create(tmp_path, overwrite=True)
    (new.cache / "target.npy").write_text("the new run's")  # killed here
    with pytest.raises(RunError, match=r"never started, and the older run .* is kept"):
        open_folder(tmp_path)
    if overwrite:
        create(tmp_path, overwrite=True)
    with pytest.raises(RunError, match="already holds a run"):
        create(tmp_path)
    assert open_folder(tmp_path).capsule()["seed"] == 3
    assert (old.weights / "w.safetensors").read_text() == "weights"
    assert old.journal.read_text() == "journal"
    assert list(old.cache.iterdir()) == []
    assert not [p.name for p in tmp_path.iterdir() if p.name.startswith(".")]


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("crash", range(12))
def test_a_crash_anywhere_while_a_run_is_replaced_loses_nothing(
    tmp_path, monkeypatch, crash, overwrite
):
    old = used(tmp_path)
    (old.weights / "w.safetensors").write_text("weights")
    before = listing(tmp_path)
    rename, left = Path.rename, [crash]

    def crashing(self, target):
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", crashing)
    try:
        create(tmp_path, overwrite=True)
        create(tmp_path, overwrite=overwrite)
    except (KeyboardInterrupt, RunError):
        pass
    monkeypatch.undo()
    with pytest.raises(RunError, match="already holds a run"):
        create(tmp_path)
    after = listing(tmp_path)
    after.pop(Path("run.sqlite.lock"), None)
    assert after == before


def test_what_was_put_aside_is_deleted_if_the_new_run_could_not(tmp_path):
    used(tmp_path)
    folder = create(tmp_path, overwrite=True)
    folder.capsule_file.write_text(json.dumps({"format": 1} | CAPSULE | {"seed": 4}))  # killed here
    assert open_folder(tmp_path).capsule()["seed"] == 4
    with pytest.raises(RunError, match="already holds a run"):
        create(tmp_path)
    assert folder.capsule()["seed"] == 4
    assert not [p.name for p in tmp_path.iterdir() if p.name.startswith(".")]


def test_a_folder_that_cannot_be_made_anew_keeps_its_run(tmp_path, monkeypatch):
    used(tmp_path)
    before = listing(tmp_path)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("coeval.run.folder.write_atomically", full)
    with pytest.raises(RunError, match="No space left"):
        create(tmp_path, overwrite=True)
    after = listing(tmp_path)
    after.pop(Path("run.sqlite.lock"), None)
    assert after == before


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_is_not_a_runs_is_never_deleted(tmp_path, overwrite):
    used(tmp_path)
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(RunError, match=r"'thesis\.tex'.*is not deleted"):
        create(tmp_path, overwrite=overwrite)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_a_run_that_is_being_written_is_not_overwritten(tmp_path):
    folder = used(tmp_path / "run")
    lock = WriterLock(folder.journal)
    with pytest.raises(RunError, match="already being written by process"):
        create(tmp_path / "run", overwrite=True)
    assert folder.report.exists()
    lock.release()
    create(tmp_path / "run", overwrite=True)


def test_a_start_that_was_killed_before_its_capsule_is_no_obstacle(tmp_path):
    folder = create(tmp_path / "run")
    (folder.cache / "target.npy").write_text("half")
    folder.journal.write_text("")
    (folder.path / ".capsule.json-x").write_text("{")
    with pytest.raises(RunError, match=r"never started.*Call coeval fit again"):
        open_folder(folder.path)
    create(tmp_path / "run")
    assert list(folder.cache.iterdir()) == []
    assert sorted(p.name for p in folder.path.iterdir()) == ["cache", "weights"]


def test_the_results_of_a_run_that_lost_its_capsule_are_not_deleted_unasked(tmp_path):
    folder = used(tmp_path)
    folder.capsule_file.unlink()
    with pytest.raises(RunError, match=r"holds report\.html of a run that has lost its capsule"):
        create(tmp_path)
    with pytest.raises(RunError, match=r"has lost its capsule\.json. Restore it from a copy"):
        open_folder(tmp_path)
    create(tmp_path, overwrite=True)
    assert not folder.report.exists()


def test_a_run_with_results_that_lost_its_journal_does_not_begin_anew(tmp_path):
    folder = used(tmp_path)
    with pytest.raises(
        RunError, match=r"holds report\.html of a run that has lost its run\.sqlite"
    ):
        check_journal(folder)
    folder.journal.touch()
    check_journal(folder)
    folder.journal.unlink()
    folder.report.unlink()  # ended before it had recorded anything
    check_journal(folder)


def test_a_file_in_the_way_is_named(tmp_path):
    (tmp_path / "run").write_text("")
    with pytest.raises(RunError, match="found a file"):
        create(tmp_path / "run")
    with pytest.raises(RunError, match="found a file"):
        open_folder(tmp_path / "run")


def test_a_parent_that_is_a_file_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="Cannot write the run's folder"):
        create(tmp_path / "file" / "run")


def test_missing_permission_is_an_error_before_anything_starts(tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    tmp_path.chmod(0o500)
    try:
        for path in (tmp_path, tmp_path / "run"):
            with pytest.raises(RunError, match="Check permissions"):
                create(path)
    finally:
        tmp_path.chmod(0o700)


def test_a_missing_run_names_the_nearest(tmp_path):
    used(tmp_path / "adult")
    with pytest.raises(RunError, match=r"found nothing\. Did you mean 'adult'"):
        open_folder(tmp_path / "adlut")


def test_a_folder_without_a_capsule_is_no_run(tmp_path):
    with pytest.raises(RunError, match=r"no capsule\.json"):
        open_folder(tmp_path)


def test_the_result_of_another_command_is_no_run(tmp_path):
    for name in ("result.json", "run.sqlite"):
        (tmp_path / name).write_text("{}")
    with pytest.raises(RunError, match=r"found result\.json of coeval approximate or coeval bench"):
        open_folder(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": "x"}', "\ufffe"])
def test_a_damaged_capsule_is_reported(tmp_path, text):
    (tmp_path / "capsule.json").write_text(text, encoding="utf-8")
    with pytest.raises(RunError, match=r"capsule\.json is damaged"):
        open_folder(tmp_path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"options": None}, "options"),
        ({"task": []}, "task"),
        ({"seed": "3", "task": None}, "task, seed"),
        ({"budget": {}}, r"budget\.seconds, budget\.trials"),
    ],
)
def test_a_capsule_that_lacks_something_is_damaged(tmp_path, change, said):
    (tmp_path / "capsule.json").write_text(json.dumps({"format": 1} | CAPSULE | change))
    with pytest.raises(RunError, match=rf"is damaged: it does not say {said}\. Restore it"):
        open_folder(tmp_path)


def test_bytes_that_are_no_text_are_a_damaged_capsule(tmp_path):
    (tmp_path / "capsule.json").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(RunError, match="damaged"):
        open_folder(tmp_path)


@pytest.mark.parametrize(("number", "mend"), [(2, "Upgrade coeval"), (0, "coeval of that version")])
def test_another_format_is_refused_with_what_to_do(tmp_path, number, mend):
    content = json.dumps({"format": number, "coeval": "9.9"})
    (tmp_path / "capsule.json").write_text(content)
    with pytest.raises(RunError, match=f"format {number}, written by coeval 9.9.*{mend}"):
        open_folder(tmp_path)


def test_a_capsule_is_replaced_as_a_whole_or_not_at_all(tmp_path, monkeypatch):
    folder = used(tmp_path / "run")

    def full(file):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("coeval.run.folder.os.fsync", full)
    with pytest.raises(RunError, match="No space left on device"):
        folder.write_capsule(CAPSULE | {"coeval": "new"})
    assert folder.capsule()["coeval"] == "0.1.0"
    assert not [p for p in folder.path.iterdir() if p.name.startswith(".")]
