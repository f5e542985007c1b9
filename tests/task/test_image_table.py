"""Tables of image paths and labels as tasks."""

import numpy as np
import pandas as pd
import pytest

from coeval.errors import DataError
from coeval.task.read import read
from coeval.task.table import Kind
from tests.task.image_files import as_set, class_folders, images_of, write_image


def listing(root, rows, header="file,shape", name="labels.csv"):
    path = root / name
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n")
    return path


@pytest.fixture
def files(tmp_path):
    """Pictures, and a row (path, label, number) for each."""
    written = class_folders(tmp_path / "pictures")
    rows = [
        (path.relative_to(tmp_path), path.parent.name, number)
        for number, path in enumerate(written)
    ]
    return tmp_path, written, rows


def test_a_list_of_paths_and_labels_is_a_task_of_images(files):
    root, written, rows = files
    task = read(listing(root, [row[:2] for row in rows]), target="shape")
    assert as_set(task) == {
        (pixels.tobytes(), path.parent.name) for path, pixels in written.items()
    }
    assert (task.schema.columns[0].name, task.schema.columns[0].kind) == ("file", Kind.IMAGE)
    assert task.target.name == "shape"
    assert task.notes == ()


def test_columns_beside_the_images_are_left_out_and_named(files):
    root, _, rows = files
    task = read(listing(root, rows, "file,shape,number"), target="shape")
    assert task.is_image
    assert any("left out: number" in one for one in task.notes)
    quiet = read(listing(root, rows, "file,shape,number"), target="shape", kinds="number=drop")
    assert quiet.notes == ()


def test_a_table_with_names_of_images_that_are_not_there_stays_a_table(tmp_path):
    rows = [(f"{n}.png", "ab"[n % 2], n * 37 % 61) for n in range(60)]
    task = read(listing(tmp_path, rows, "file,shape,number"), target="shape")
    assert not task.is_image


def test_labels_without_files_are_an_error_that_names_them(tmp_path):
    rows = [(f"{n}.png", "ab"[n % 2]) for n in range(60)]
    with pytest.raises(
        DataError, match=r"60 of 60 rows of 'file' name no file below .*0.png \(no such"
    ):
        read(listing(tmp_path, rows), target="shape")


def test_few_labels_without_files_are_left_out_and_named(files):
    root, _, rows = files
    given = [row[:2] for row in rows] + [("gone.png", "down")]
    task = read(listing(root, given), target="shape")
    assert len(images_of(task)) == 36
    assert any(
        "1 of 37 rows of 'file' name no file" in one and "gone.png" in one for one in task.notes
    )


def test_files_without_labels_are_told(files):
    root, _, rows = files
    write_image(root / "pictures" / "down" / "extra.png", np.zeros((8, 8, 1), np.uint8))
    task = read(listing(root, [row[:2] for row in rows]), target="shape")
    assert task.notes == (
        "1 image files have no row, and so no label, and are left out (the first: extra.png)",
    )


def test_files_without_a_suffix_are_images_if_the_user_says_so(files):
    root, written, _ = files
    rows = []
    for number, path in enumerate(written):
        (root / f"n{number}").write_bytes(path.read_bytes())
        rows.append((f"n{number}", path.parent.name))
    path = listing(root, rows)
    task = read(path, target="shape", kinds="file=image")
    assert images_of(task).shape == (36, 8, 8, 1)
    numbers = root / "numbers.parquet"
    pd.DataFrame({"file": range(60), "shape": ["a", "b"] * 30}).to_parquet(numbers)
    with pytest.raises(DataError, match="must hold paths of image files, got numbers"):
        read(numbers, target="shape", kinds="file=image")


def test_rows_of_a_group_stay_on_one_side(files):
    root, _, rows = files
    path = listing(root, [(*row[:2], row[2] % 12) for row in rows], "file,shape,person")
    task = read(path, target="shape", group="person")
    person = {pixels: row[2] % 12 for (_, pixels), row in zip(_by_path(files), rows, strict=True)}
    people = np.array([person[one.tobytes()] for one in images_of(task)])
    sides = [set(people[part].tolist()) for part in (task.splits.train, task.splits.test)]
    assert not sides[0] & sides[1]
    same = people[:, None] == people
    assert (same == (task.groups[:, None] == task.groups)).all()


def _by_path(files):
    return [(path, pixels.tobytes()) for path, pixels in files[1].items()]


def test_weights_go_with_their_images(files):
    root, _, rows = files
    path = listing(root, [(*row[:2], row[2] + 1) for row in rows], "file,shape,weight")
    task = read(path, target="shape", weights="weight")
    weight = {pixels: row[2] + 1 for (_, pixels), row in zip(_by_path(files), rows, strict=True)}
    assert task.weights.tolist() == [weight[one.tobytes()] for one in images_of(task)]


def test_another_list_may_be_the_test_split(files):
    root, _, rows = files
    own = listing(root, [row[:2] for row in rows[:30]])
    held = listing(root, [row[:2] for row in rows[30:]], name="test.csv")
    task = read(own, target="shape", test=held)
    assert len(task.splits.test) == 6
    other = listing(root, [row[:2] for row in rows[30:]], "path,shape", name="other.csv")
    with pytest.raises(DataError, match="lacks the column 'file'"):
        read(own, target="shape", test=other)


def test_classes_of_a_test_list_are_read_as_those_that_were_learnt(files):
    root, _, rows = files
    named = {"across": "1.0", "chess": "None", "down": "x"}
    given = [(path, named[label]) for path, label, _ in rows]
    held = listing(root, [one for one in given if one[1] == "1.0"], name="held.csv")
    task = read(listing(root, given), target="shape", test=held)
    assert task.target.classes == ("1.0", "None", "x")
    assert set(task.target.values[task.splits.test]) == {0}


def test_a_table_needs_a_target(files):
    root, _, rows = files
    with pytest.raises(DataError, match=r"--target .* are file, shape"):
        read(listing(root, [row[:2] for row in rows]))
