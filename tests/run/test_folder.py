import json
import os

import pytest

from coeval.errors import RunError
from coeval.run.folder import create, open_folder
from coeval.store.lock import WriterLock


def used(path):
    folder = create(path)
    folder.write_capsule({"coeval": "0.1.0", "seed": 3})
    folder.report.write_text("report")
    return folder


def test_a_new_folder_has_its_rooms_and_opens_again(tmp_path):
    folder = used(tmp_path / "a" / "run")
    assert folder.weights.is_dir()
    assert folder.cache.is_dir()
    assert open_folder(tmp_path / "a" / "run") == folder
    assert folder.capsule() == {"format": 1, "coeval": "0.1.0", "seed": 3}
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
    create(tmp_path / "run")
    create(tmp_path / "run")


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


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": "x"}', "\ufffe"])
def test_a_damaged_capsule_is_reported(tmp_path, text):
    (tmp_path / "capsule.json").write_text(text, encoding="utf-8")
    with pytest.raises(RunError, match=r"capsule\.json is damaged"):
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
        folder.write_capsule({"coeval": "new"})
    assert folder.capsule()["coeval"] == "0.1.0"
    assert not [p for p in folder.path.iterdir() if p.name.startswith(".")]
