"""Arrays of images in files and in memory."""

import numpy as np
import pytest

from coeval.errors import DataError
from coeval.task.images import from_images
from coeval.task.read import read
from coeval.task.task import Problem
from tests.task.image_files import as_set, images_of
from tests.task.pictures import CLASSES, pictures

X, Y = pictures(60)
COLOUR, _ = pictures(60, features=3, seed=1)


def saved(tmp_path, **arrays):
    path = tmp_path / "data.npz"
    np.savez(path, **arrays)
    return path


def pairs(images, labels):
    return {
        (np.asarray(one).tobytes(), str(label)) for one, label in zip(images, labels, strict=True)
    }


@pytest.mark.parametrize(
    "names",
    [("x", "y"), ("X", "y"), ("images", "labels"), ("x_train", "y_train"), ("data", "target")],
)
def test_images_and_labels_are_found_by_usual_names(tmp_path, names):
    task = read(saved(tmp_path, **dict(zip(names, (X, Y), strict=True))))
    assert as_set(task) == pairs(X, Y)
    assert len(task.splits.test) == 12


def test_an_official_test_split_is_the_locked_one(tmp_path):
    held, answers = pictures(15, seed=5)
    path = saved(tmp_path, x_train=X, y_train=Y, x_test=held, y_test=answers)
    task = read(path)
    assert (images_of(task)[task.splits.test] == held).all()
    assert (task.target.values[task.splits.test] == answers).all()
    assert "the test images that come with the data are the locked test split" in task.notes
    assert len(read(path, test="none").splits.test) == 0


def test_official_validation_images_join_the_training_ones(tmp_path):
    more, labels = pictures(9, seed=6)
    path = saved(
        tmp_path, train_images=X, train_labels=Y, val_images=more, val_labels=labels[:, None]
    )
    task = read(path)
    assert as_set(task) == pairs(X, Y) | pairs(more, labels)
    assert any("validation images join" in one for one in task.notes)


def test_the_labels_to_predict_can_be_named(tmp_path):
    path = saved(tmp_path, x=X, coarse=Y // 2, fine=Y)
    assert read(path, target="fine").target.classes == ("0", "1", "2")
    assert read(path, target="coarse").target.name == "coarse"
    with pytest.raises(DataError, match=r"no array 'finer'. Did you mean 'fine'"):
        read(path, target="finer")
    with pytest.raises(DataError, match=r"arrays named x and y, .* name the labels with --target"):
        read(path)


def test_several_arrays_of_labels_are_refused(tmp_path):
    with pytest.raises(DataError, match="several arrays of labels"):
        read(saved(tmp_path, x=X, y=Y, labels=Y))


def test_of_several_arrays_of_images_the_plain_name_counts_or_none(tmp_path):
    path = saved(tmp_path, x=X, x_mask=X[:, :5], x_mean=X.mean(axis=0), y=Y)
    assert as_set(read(path)) == pairs(X, Y)
    with pytest.raises(DataError, match=r"several arrays of images: x, images. Save one"):
        read(saved(tmp_path, x=X, images=X, y=Y))
    flat = X.reshape(60, -1)
    with pytest.raises(DataError, match=r"got \(60, 64\). Rows of pixels must be reshaped"):
        read(saved(tmp_path, x_left=flat, x_right=flat, y=Y))


def test_labels_of_an_npy_file_lie_beside_it(tmp_path):
    np.save(tmp_path / "digits.npy", X)
    with pytest.raises(DataError, match=r"no labels beside it. Save them in .* as y.npy"):
        read(tmp_path / "digits.npy")
    np.save(tmp_path / "labels.npy", Y)
    assert as_set(read(tmp_path / "digits.npy")) == pairs(X, Y)
    (tmp_path / "labels.npy").rename(tmp_path / "other.npy")
    assert as_set(read(tmp_path / "digits.npy", target="other.npy")) == pairs(X, Y)
    with pytest.raises(DataError, match=r"there is no 'gone.npy'"):
        read(tmp_path / "digits.npy", target="gone.npy")


def test_an_npy_file_of_training_images_finds_its_test_images(tmp_path):
    held, answers = pictures(15, seed=5)
    for name, array in {"x_train": X, "y_train": Y, "x_test": held, "y_test": answers}.items():
        np.save(tmp_path / f"{name}.npy", array)
    task = read(tmp_path / "x_train.npy")
    assert (images_of(task)[task.splits.test] == held).all()


def test_an_own_test_file_of_several_splits_is_judged_on_its_test_images(tmp_path):
    held, answers = pictures(15, seed=5)
    splits = {"x_train": X, "y_train": Y, "x_test": held, "y_test": answers}
    path = saved(tmp_path, **splits)
    assert (images_of(read(path, test=path))[-15:] == held).all()
    np.savez(tmp_path / "test.npz", x_test=held, y_test=answers)
    assert (images_of(read(path, test=tmp_path / "test.npz"))[-15:] == held).all()
    for name, array in splits.items():
        np.save(tmp_path / f"{name}.npy", array)
    task = read(tmp_path / "x_train.npy", test=tmp_path / "x_test.npy")
    assert len(task.splits.test) == 15
    assert (images_of(task)[task.splits.test] == held).all()


def test_an_own_test_file_of_npy_has_its_own_labels(tmp_path):
    held, answers = pictures(60, seed=5)
    for name, array in {"digits": X, "known": Y, "more_test": held}.items():
        np.save(tmp_path / f"{name}.npy", array)
    given = {"target": "known.npy", "test": tmp_path / "more_test.npy"}
    with pytest.raises(DataError, match=r"Save them in .* as y_test.npy\.$"):
        read(tmp_path / "digits.npy", **given)
    np.save(tmp_path / "y_test.npy", answers[::-1])
    task = read(tmp_path / "digits.npy", **given)
    assert (task.target.values[task.splits.test] == answers[::-1]).all()


@pytest.mark.parametrize(
    ("images", "note"),
    [
        (X[..., 0], None),
        (X, None),
        (X.astype(np.int64), None),
        (X / 255, "0..1 are kept as bytes"),
        (X.astype(np.float32), "rounded to bytes"),
    ],
    ids=["flat", "bytes", "integers", "unit", "reals"],
)
def test_arrays_of_any_usual_form_become_the_same_bytes(images, note):
    task = from_images(images, Y)
    assert as_set(task) == pairs(X, Y)
    told = " ".join(task.notes)
    assert note in told if note else "bytes" not in told


def test_channels_before_height_are_found_and_said():
    task = from_images(np.moveaxis(COLOUR, -1, 1), Y)
    assert as_set(task) == pairs(COLOUR, Y)
    assert any("(images, channels, height, width)" in one for one in task.notes)


def test_black_and_white_becomes_0_and_255():
    task = from_images(X > 128, Y)
    assert set(np.unique(images_of(task))) == {0, 255}


def test_nearly_black_images_are_told():
    notes = from_images(X // 16, Y).notes
    assert "pixels are 0..15 of 255, nearly black: stretch them if 15 means white" in notes


def test_images_of_several_sizes_in_memory_are_refused():
    with pytest.raises(DataError, match="images of one size, got several"):
        from_images([X[0], X[0][:5]] * 20, Y[:40])


def test_labels_of_one_1_a_row_are_classes_and_text_too():
    assert as_set(from_images(X, np.eye(3)[Y])) == pairs(X, Y)
    named = from_images(X, np.array(CLASSES)[Y])
    assert named.target.classes == CLASSES


def test_labels_of_bytes_are_text_in_utf_8():
    names = np.array([one.encode() for one in ("bar", "größe", "square")])
    assert from_images(X, names[Y]).target.classes == ("bar", "größe", "square")


def test_numbers_with_fractions_are_a_regression():
    task = from_images(X, Y + np.linspace(0, 0.5, 60))
    assert task.problem is Problem.REGRESSION
    assert len(task.splits.test) == len(task.splits.selection) == 0


def test_an_estimator_locks_no_test_and_no_selection_split():
    splits = from_images(X, Y).splits
    assert [len(splits.train), len(splits.validation)] == [51, 9]
    assert len(splits.selection) == len(splits.test) == 0


def test_images_without_a_label_are_left_out():
    labels = [None if n % 10 == 0 else CLASSES[k] for n, k in enumerate(Y)]
    task = from_images(X, np.array(labels, dtype=object))
    assert len(images_of(task)) == 54
    assert "6 rows without a target are left out" in task.notes


def test_copies_across_splits_are_told():
    twice = np.concatenate([X, X])
    task = from_images(twice, np.concatenate([Y, Y]))
    assert any("validation images are exact copies of training images" in one for one in task.notes)


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (np.zeros((60, 64)), Y, r"got \(60, 64\). Rows of pixels must be reshaped"),
        (
            np.zeros((60, 8, 8, 4)),
            Y,
            r"1 or 3 channels .* got 4 .*Drop the fourth with x\[..., :3\]",
        ),
        (np.zeros((60, 8, 8, 2)), Y, "1 or 3 channels .* got 2"),
        (np.zeros((0, 8, 8)), Y[:0], r"got \(0, 8, 8\)"),
        (X - 300.0, Y, r"0..255, or 0..1 as real numbers, got -"),
        (X * np.float64(7), Y, "0..255, or 0..1"),
        (np.where(X[3, 0, 0, 0] == X, np.nan, X.astype(float)), Y, "NaN or infinity in image"),
        (X.astype(str), Y, "must hold numbers"),
        (X, Y[:-1], r"one label for each of 60 images, got labels of shape \(59,\)"),
        (X, Y + 1j, "labels that are numbers or text, got labels of type complex128"),
        (X, np.array([b"a", b"\xff"])[Y // 2], r"labels in UTF-8, got b'\\xff'"),
        (X, np.zeros(60, int), "constant"),
        (X[:, :3, :3], Y, "too small"),
    ],
)
def test_arrays_that_are_no_images_are_refused(images, labels, message):
    with pytest.raises(DataError, match=message):
        from_images(images, labels)


@pytest.mark.parametrize("suffix", [".npz", ".npy"])
def test_damaged_and_pickled_files_are_explained(tmp_path, suffix):
    path = tmp_path / f"data{suffix}"
    path.write_bytes(b"nothing")
    with pytest.raises(DataError, match="damaged or no NumPy file"):
        read(path, target="y")
    objects = np.array([{}, None], dtype=object)
    np.savez(path, x=objects) if suffix == ".npz" else np.save(path, objects)
    with pytest.raises(DataError, match="never unpickles"):
        read(path, target="y")
    with pytest.raises(DataError, match="There is no file"):
        read(tmp_path / f"gone{suffix}", target="y")
