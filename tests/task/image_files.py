"""Image files in folders and lists, as users have them."""

import numpy as np
from PIL import Image

from tests.task.pictures import CLASSES, pictures


def write_image(path, pixels, **options):
    """Write ``(height, width, features)`` bytes as an image file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(path, **options)


def class_folders(root, rows=36, *, suffix=".png", **shape):
    """Write pictures into a folder a class; return the pixels by path."""
    pixels, target = pictures(rows, **shape)
    found = {}
    for number, (one, label) in enumerate(zip(pixels, target, strict=True)):
        path = root / CLASSES[label] / f"{number:04d}{suffix}"
        write_image(path, one)
        found[path] = one
    return found


def images_of(task):
    return task.table.columns[0].values


def labels_of(task):
    return np.array(task.target.classes)[task.target.values]


def as_set(task):
    """The images with their labels, whatever their order."""
    pairs = zip(images_of(task), labels_of(task), strict=True)
    return {(np.asarray(pixels).tobytes(), str(label)) for pixels, label in pairs}
