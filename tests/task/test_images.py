"""Images to predict, in a model's size and colours."""

import numpy as np
import pytest
from PIL import Image

from coeval.architecture.types import Grid
from coeval.errors import DataError
from coeval.task.images import is_images, read_pictures
from coeval.task.read import read
from coeval.task.summary import summary
from tests.task.image_files import class_folders, images_of
from tests.task.pictures import pictures

GRID = Grid(8, 8, 1)


def test_a_folder_of_images_is_read_at_any_depth(tmp_path):
    written = class_folders(tmp_path / "in")
    found, names, _ = read_pictures(tmp_path / "in", GRID)
    expected = {str(path.relative_to(tmp_path / "in")): pixels for path, pixels in written.items()}
    assert set(names) == set(expected)
    assert all((one == expected[name]).all() for one, name in zip(found, names, strict=True))


def test_what_a_task_reads_is_what_a_model_is_asked(tmp_path):
    """Size, colours and range are brought about by the same code."""
    class_folders(tmp_path, side=80, features=3, suffix=".jpg")
    task = read(tmp_path)
    asked, *_ = read_pictures(tmp_path, Grid(*images_of(task).shape[1:]))
    assert {one.tobytes() for one in asked} == {
        np.ascontiguousarray(one).tobytes() for one in images_of(task)
    }


def test_one_file_a_list_and_arrays_are_read_too(tmp_path):
    written = class_folders(tmp_path)
    path, pixels = next(iter(written.items()))
    found, names, _ = read_pictures(path, GRID)
    assert (found[0] == pixels).all()
    assert names == (path.name,)
    listed = tmp_path / "asked.csv"
    listed.write_text("\n".join(["file", *(str(one.relative_to(tmp_path)) for one in written)]))
    assert (read_pictures(listed, GRID)[0] == np.stack(list(written.values()))).all()
    images, _ = pictures(5)
    for given in (images, images[..., 0], images / 255.0):
        assert (read_pictures(given, GRID)[0] == images).all()
    np.save(tmp_path / "a.npy", images)
    np.savez(tmp_path / "a.npz", anything=images, ids=np.arange(5))
    for name in ("a.npy", "a.npz"):
        found, names, _ = read_pictures(tmp_path / name, GRID)
        assert (found == images).all()
        assert names == ("0", "1", "2", "3", "4")


def test_a_table_s_column_of_paths_is_found_by_its_name_in_training(tmp_path):
    images, _ = pictures(2)
    for name, pixels in zip(("photo.png", "mask.png"), images, strict=True):
        Image.fromarray(pixels[..., 0]).save(tmp_path / name)
    (tmp_path / "photo.png").rename(tmp_path / "001")
    listed = tmp_path / "asked.csv"
    listed.write_text("mask,photo\nmask.png,001\n")
    assert (read_pictures(listed, GRID, "photo")[0] == images[:1]).all()
    assert (read_pictures(listed, GRID, "image")[0] == images[1:]).all()


def test_images_of_another_size_and_colour_are_converted():
    images, _ = pictures(5, features=3)
    found, *_ = read_pictures(images, Grid(4, 6, 1))
    assert found.shape == (5, 4, 6, 1)
    grey, _ = pictures(5)
    assert (read_pictures(grey, Grid(8, 8, 3))[0] == grey).all()


def test_what_cannot_be_predicted_is_explained(tmp_path):
    with pytest.raises(DataError, match="There is no file or folder"):
        read_pictures(tmp_path / "gone", GRID)
    with pytest.raises(DataError, match="holds no images"):
        read_pictures(tmp_path, GRID)
    (tmp_path / "a.png").write_text("no")
    with pytest.raises(
        DataError, match=r"1 of 1 images cannot be read; the first is a.png \(no image\)"
    ):
        read_pictures(tmp_path, GRID)
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="no column of image files"):
        read_pictures(tmp_path / "a.csv", GRID)
    np.savez(tmp_path / "a.npz", one=np.zeros((2, 8, 8)), two=np.zeros((2, 8, 8)))
    with pytest.raises(
        DataError, match=r"must hold one array of images to predict, got \['one', 'two'\]"
    ):
        read_pictures(tmp_path / "a.npz", GRID)


def test_a_path_says_whether_it_holds_images(tmp_path):
    assert is_images(tmp_path)
    assert is_images("a.npz")
    assert not is_images("a.csv")


def test_a_summary_tells_of_images(tmp_path):
    class_folders(tmp_path)
    first, *_ = summary(read(tmp_path))
    assert first == f"data: {tmp_path.name}, 36 images of 8 x 8, grey"


def test_what_was_changed_for_a_model_is_said(tmp_path):
    grey, colour = np.zeros((3, 8, 8), np.uint8), np.zeros((2, 8, 8, 3), np.uint8)
    assert read_pictures(grey, Grid(8, 8, 1))[2] == ()
    assert read_pictures(colour, Grid(8, 8, 1))[2] == (
        "2 images are in colour and the model knows grey ones: colours are lost",
    )
    size, colours = read_pictures(grey, Grid(9, 8, 3))[2]
    assert size == "3 images are resized to 9 x 8, the model's"
    assert colours == "3 images are grey and the model knows colours: they get three equal ones"
    Image.fromarray(grey[0]).save(tmp_path / "a.png")
    Image.fromarray(colour[0]).save(tmp_path / "b.png")
    assert read_pictures(tmp_path, Grid(8, 8, 1))[2] == (
        "1 images are in colour and the model knows grey ones: colours are lost",
    )
