"""Folders of class folders as tasks."""

import os
from pathlib import Path

import numpy as np
import pytest

from coeval.errors import DataError
from coeval.task import memory
from coeval.task.fingerprint import fingerprint
from coeval.task.read import read
from coeval.task.task import Problem
from tests.task.image_files import as_set, class_folders, images_of, write_image
from tests.task.pictures import CLASSES


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("shapes")
    return root, class_folders(root)


def bytes_and_classes(written):
    return {(pixels.tobytes(), path.parent.name) for path, pixels in written.items()}


def test_every_image_has_the_class_of_its_folder(folder):
    root, written = folder
    task = read(root)
    assert images_of(task).shape == (36, 8, 8, 1)
    assert as_set(task) == bytes_and_classes(written)
    assert (task.problem, task.target.name, task.target.classes) == (
        Problem.MULTICLASS,
        "class",
        CLASSES,
    )
    assert task.notes == ()


def test_splits_hold_each_class_and_lie_side_by_side(folder):
    splits = read(folder[0]).splits
    parts = [splits.train, splits.validation, splits.selection, splits.test]
    assert np.concatenate(parts).tolist() == list(range(36))
    classes = read(folder[0]).target.values
    assert all(set(classes[part].tolist()) == {0, 1, 2} for part in parts)


def test_folds_cover_the_rows_of_train_and_validation_once(folder):
    task = read(folder[0])
    judged = np.sort(np.concatenate([one for _, one in task.folds]))
    assert judged.tolist() == list(range(len(task.splits.train) + len(task.splits.validation)))
    assert all(not set(train) & set(judged) for train, judged in task.folds)


def test_the_same_folder_and_seed_are_the_same_task(folder, tmp_path):
    one, other, third = read(folder[0]), read(folder[0]), read(folder[0], seed=1)
    assert one.fingerprint == other.fingerprint != third.fingerprint
    memory.save(one, tmp_path)
    assert fingerprint(memory.load(tmp_path)) == one.fingerprint


def test_folders_named_by_numbers_are_these_numbers(tmp_path):
    for number, path in enumerate(class_folders(tmp_path / "text")):
        path.parent.parent.parent.joinpath("n", str(9 + number % 3)).mkdir(
            parents=True, exist_ok=True
        )
        path.rename(tmp_path / "n" / str(9 + number % 3) / path.name)
    target = read(tmp_path / "n").target
    assert target.classes == ("9", "10", "11")
    assert target.number


def test_folders_of_splits_give_the_locked_test_split(tmp_path):
    class_folders(tmp_path / "train", 30)
    class_folders(tmp_path / "val", 15, seed=1)
    test = class_folders(tmp_path / "test", 9, seed=2)
    task = read(tmp_path)
    held = task.splits.test
    assert len(images_of(task)) == 54
    assert {one.tobytes() for one in images_of(task)[held]} == {p.tobytes() for p in test.values()}
    assert any("val/ join those of train/" in one for one in task.notes)
    none = read(tmp_path, test="none")
    assert (len(images_of(none)), len(none.splits.test)) == (45, 0)
    assert any("test images that come with the data are left out" in one for one in none.notes)


def test_further_folders_beside_those_of_splits_are_no_classes(tmp_path):
    class_folders(tmp_path / "train", 30)
    class_folders(tmp_path / "runs", 9, seed=1)
    (tmp_path / "val").mkdir()
    test = class_folders(tmp_path / "test", 9, seed=2)
    task = read(tmp_path)
    assert task.target.classes == CLASSES
    assert {one.tobytes() for one in images_of(task)[task.splits.test]} == {
        one.tobytes() for one in test.values()
    }
    assert "folders beside train/ are left out: runs" in task.notes


def test_a_train_among_other_classes_is_a_class(tmp_path):
    class_folders(tmp_path)
    (tmp_path / "down").rename(tmp_path / "train")
    assert read(tmp_path).target.classes == ("across", "chess", "train")


def test_folders_whose_names_mean_missing_in_a_table_are_classes(tmp_path):
    class_folders(tmp_path)
    (tmp_path / "down").rename(tmp_path / "None")
    (tmp_path / "chess").rename(tmp_path / "NA")
    task = read(tmp_path)
    assert task.target.classes == ("NA", "None", "across")
    assert len(images_of(task)) == 36


def test_a_test_folder_of_one_class_is_enough_and_of_none_too_little(tmp_path):
    class_folders(tmp_path / "train", 30)
    for path in class_folders(tmp_path / "test", 9, seed=2):
        if path.parent.name != "down":
            path.unlink()
    assert len(read(tmp_path).splits.test) == 3
    for path in (tmp_path / "test").rglob("*.png"):
        path.unlink()
    with pytest.raises(
        DataError, match="test must hold a folder of images for each of its classes"
    ):
        read(tmp_path)


def test_names_in_an_unknown_encoding_are_shown_with_marks(tmp_path):
    written = class_folders(tmp_path)
    (tmp_path / "down").rename(os.fsdecode(os.fsencode(tmp_path) + b"/d\xffwn"))
    odd = os.fsdecode(os.fsencode(tmp_path) + b"/d\xffwn/odd\xff.png")
    Path(odd).write_text("no image")
    task = read(tmp_path)
    assert "d?wn" in task.target.classes
    assert any("d?wn/odd?.png (no image)" in one for one in task.notes)
    memory.save(task, tmp_path / "kept")
    assert len(images_of(memory.load(tmp_path / "kept"))) == len(written)


def test_another_folder_may_be_the_test_split(folder, tmp_path):
    class_folders(tmp_path, 9, seed=3)
    task = read(folder[0], test=tmp_path)
    assert len(task.splits.test) == 9
    assert len(images_of(task)) == 45


def test_a_test_folder_with_a_new_class_is_refused(folder, tmp_path):
    class_folders(tmp_path, 9, seed=3)
    (tmp_path / "down").rename(tmp_path / "dawn")
    with pytest.raises(DataError, match="class 'dawn', which the training data lacks"):
        read(folder[0], test=tmp_path)


def test_what_is_no_image_is_told(tmp_path):
    written = class_folders(tmp_path)
    (tmp_path / "down" / "notes.txt").write_text("hello")
    (tmp_path / "down" / ".DS_Store").write_text("")
    (tmp_path / "empty").mkdir()
    write_image(tmp_path / "loose.png", next(iter(written.values())))
    notes = " | ".join(read(tmp_path).notes)
    assert (
        "1 files are no images by their names and are left out (the first: down/notes.txt)" in notes
    )
    assert "folder empty holds no images" in notes
    assert "1 images lie beside the class folders, without a class" in notes


def test_images_in_folders_of_a_class_folder_have_its_class(tmp_path):
    written = class_folders(tmp_path)
    for number, path in enumerate(list(written)):
        deeper = path.parent / f"batch {number % 2}"
        deeper.mkdir(exist_ok=True)
        path.rename(deeper / path.name)
    assert as_set(read(tmp_path)) == bytes_and_classes(written)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda root: None, "at least two classes, got no images"),
        (lambda root: class_folders(root / "only"), "one folder with images \\('only'\\)"),
        (
            lambda root: [
                write_image(root / f"{n}.png", np.zeros((8, 8, 1), np.uint8)) for n in "ab"
            ],
            "got 2 images without class folders",
        ),
        (lambda root: class_folders(root, 12), "at least 30 rows .* got 12"),
    ],
)
def test_folders_that_cannot_be_learnt_from_are_refused(tmp_path, make, message):
    make(tmp_path)
    with pytest.raises(DataError, match=message):
        read(tmp_path)


def test_a_class_of_a_single_image_is_left_out(tmp_path):
    class_folders(tmp_path)
    before = read(tmp_path)
    write_image(tmp_path / "a_odd" / "one.png", np.zeros((8, 8, 1), np.uint8))
    task = read(tmp_path)
    assert task.target.classes == before.target.classes
    assert (task.table.columns[0].values == before.table.columns[0].values).all()
    assert "a row is left out, the only one of its class ('a_odd')" in "; ".join(task.notes)


@pytest.mark.parametrize("option", ["kinds", "group", "time", "weights"])
def test_options_about_columns_are_refused(folder, option):
    with pytest.raises(DataError, match=f"{option} is about columns of a table"):
        read(folder[0], **{option: "x"})
