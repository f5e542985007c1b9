"""Files of any size, colour and health become bytes of one size."""

import numpy as np
import pytest
from PIL import Image

from coeval.architecture.types import Grid
from coeval.errors import DataError
from coeval.task import image_decode, image_stack
from coeval.task.image_decode import decode
from coeval.task.read import read
from tests.task.image_files import class_folders, images_of, write_image

GREY = Grid(8, 8, 1)


def noise(height, width, features, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, features)).astype(np.uint8)


def only(path, grid):
    found, lost = decode([path], grid)
    assert not lost
    return found[0]


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".gif", ".tiff", ".webp", ".pgm"])
def test_bytes_in_a_file_without_loss_stay_as_they_are(tmp_path, suffix):
    pixels = noise(8, 8, 1)
    options = {"lossless": True} if suffix == ".webp" else {}
    write_image(tmp_path / f"a{suffix}", pixels, **options)
    assert (only(tmp_path / f"a{suffix}", GREY) == pixels).all()


def test_a_photograph_is_nearly_what_it_was(tmp_path):
    pixels = np.broadcast_to(np.arange(0, 256, 16, np.uint8)[:, None, None], (16, 16, 3)).copy()
    write_image(tmp_path / "a.jpg", pixels, quality=95)
    found = only(tmp_path / "a.jpg", Grid(16, 16, 3))
    assert np.abs(found.astype(int) - pixels).max() < 12


def test_sixteen_bits_lose_the_lower_ones(tmp_path):
    values = np.arange(64, dtype=np.uint16).reshape(8, 8) * 1000
    Image.fromarray(values).save(tmp_path / "a.png")
    assert (only(tmp_path / "a.png", GREY)[..., 0] == values >> 8).all()


@pytest.mark.parametrize("values", [np.arange(64) * 2000, np.arange(64) - 9])
def test_pixels_of_more_than_sixteen_bits_are_refused(tmp_path, values):
    Image.fromarray(values.astype(np.int32).reshape(8, 8)).save(tmp_path / "a.tif")
    _, lost = decode([tmp_path / "a.tif"], GREY)
    assert lost == {0: f"its pixels are {values[0]}..{values[-1]}, not 0..65535"}


def test_twelve_bits_in_files_of_sixteen_are_told_to_be_nearly_black(tmp_path):
    for path, pixels in class_folders(tmp_path).items():
        Image.fromarray(pixels[..., 0].astype(np.uint16) * 16).save(path)
    (note,) = read(tmp_path).notes
    assert "of 255, nearly black: stretch them if 15 means white" in note


def test_what_is_transparent_lies_on_white(tmp_path):
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[:4, :, 3] = 255
    Image.fromarray(pixels).save(tmp_path / "a.png")
    found = only(tmp_path / "a.png", Grid(8, 8, 3))
    assert (found[:4] == 0).all()
    assert (found[4:] == 255).all()


def test_a_photograph_is_turned_as_its_camera_says(tmp_path):
    pixels = noise(8, 6, 1)
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by a quarter, clockwise
    Image.fromarray(pixels[..., 0]).save(tmp_path / "a.png", exif=exif)
    found = only(tmp_path / "a.png", Grid(6, 8, 1))
    assert (found[..., 0] == np.rot90(pixels[..., 0], -1)).all()


def test_mixed_sizes_are_resized_to_the_median_and_that_is_said(tmp_path):
    class_folders(tmp_path)
    write_image(tmp_path / "down" / "tall.png", noise(30, 9, 1))
    write_image(tmp_path / "chess" / "wide.png", noise(7, 20, 1))
    task = read(tmp_path)
    assert images_of(task).shape == (38, 8, 8, 1)
    (note,) = task.notes
    assert note == (
        "images have 3 sizes, 7 to 30 high and 8 to 20 wide: all are resized to 8 x 8 (height x width)"
    )


def test_large_images_are_resized_to_the_most_that_is_taken(tmp_path):
    class_folders(tmp_path, side=96)
    for path in tmp_path.rglob("*.png"):
        with Image.open(path) as image:
            image.resize((128, 96)).save(path)
    task = read(tmp_path)
    assert images_of(task).shape[1:] == (48, 64, 1)
    assert task.notes == (
        "images of 96 x 128 are resized to 48 x 64 (height x width): at most 64 pixels a side are taken",
    )


def test_grey_images_among_coloured_ones_get_three_colours(tmp_path):
    class_folders(tmp_path, features=3)
    grey = noise(8, 8, 1)
    write_image(tmp_path / "down" / "grey.png", grey)
    task = read(tmp_path)
    assert images_of(task).shape == (37, 8, 8, 3)
    assert any((one == grey).all() for one in images_of(task))
    assert task.notes == (
        "1 grey images among 36 in colour: the grey ones get three equal colours",
    )


def damaged(path, how):
    if how == "truncated":
        path.write_bytes(path.read_bytes()[:-40])
    elif how == "text":
        path.write_text("no image at all")
    else:
        path.write_bytes(b"")


@pytest.mark.parametrize(
    ("how", "why"), [("truncated", "truncated"), ("text", "no image"), ("empty", "no image")]
)
def test_a_damaged_file_is_left_out_and_named(tmp_path, how, why):
    damaged(next(iter(class_folders(tmp_path))), how)
    task = read(tmp_path)
    assert len(images_of(task)) == len(task.target.values) == 35
    (note,) = task.notes
    assert note.startswith("1 of 36 images cannot be read and are left out: across/0000.png (")
    assert why in note


def test_too_many_damaged_files_are_an_error_that_names_them(tmp_path):
    for path in list(class_folders(tmp_path))[:7]:
        damaged(path, "text")
    with pytest.raises(
        DataError, match=r"7 of 36 images cannot be read, and at most 1 .* and 2 more"
    ):
        read(tmp_path)


def test_a_folder_without_a_single_readable_image_is_refused(tmp_path):
    for path in class_folders(tmp_path):
        damaged(path, "text")
    with pytest.raises(DataError, match="36 of 36 images cannot be read"):
        read(tmp_path)


def test_large_sets_lie_in_a_file_and_not_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(image_stack, "IN_MEMORY", 0)
    class_folders(tmp_path)
    on_disk = read(tmp_path)
    values = images_of(on_disk)
    while isinstance(values.base, np.ndarray):
        values = values.base
    assert isinstance(values, np.memmap)
    monkeypatch.undo()
    assert on_disk.fingerprint == read(tmp_path).fingerprint


def test_a_full_disk_is_explained(monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(image_stack, "IN_MEMORY", 0)
    monkeypatch.setattr("os.posix_fallocate", full)
    with pytest.raises(
        DataError, match=r"No space left on device. Free some space there, or set TMPDIR"
    ):
        image_stack.scratch((3, 4, 4, 1))


def test_tiny_images_are_refused(tmp_path):
    class_folders(tmp_path, side=3)
    with pytest.raises(DataError, match=r"3 x 3 pixels .* too small: expected at least 4"):
        read(tmp_path)


def test_a_file_that_claims_too_many_pixels_is_not_decoded(tmp_path, monkeypatch):
    class_folders(tmp_path)
    write_image(tmp_path / "down" / "vast.png", noise(40, 30, 1))
    monkeypatch.setattr(image_decode, "MOST_PIXELS", 1000)
    task = read(tmp_path)
    assert images_of(task).shape == (36, 8, 8, 1)
    assert any("vast.png (30 x 40 pixels are too many)" in one for one in task.notes)


def test_odd_metadata_is_no_warning_to_the_user(tmp_path):
    class_folders(tmp_path, suffix=".jpg")
    odd = tmp_path / "down" / "odd.jpg"
    write_image(odd, noise(8, 8, 1), exif=b"Exif\0\0II*\0\x08\0\0\0\x05\0" + b"\xff" * 9)
    assert len(images_of(read(tmp_path))) == 37


def test_many_files_are_decoded_in_their_order(tmp_path, monkeypatch):
    written = class_folders(tmp_path)
    paths = sorted(written)
    monkeypatch.setattr(image_decode, "AT_ONCE", 7)
    found, _ = decode(paths, GREY)
    assert (found == np.stack([written[path] for path in paths])).all()
