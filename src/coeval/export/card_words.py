"""What a model card says differently about a table's model and an image's: nouns, limits, how to call it."""

from collections.abc import Sequence
from dataclasses import dataclass

RUNTIME = "1.21 or newer"
"""Versions of ONNX Runtime that read ``model.onnx``, as ``pyproject.toml`` asks for."""


@dataclass(frozen=True, slots=True)
class Wording:
    """The words that depend on what a model takes.

    Attributes:
        given: What a prediction is made from.
        one: What a prediction is made for.
        each: The same, as in "so many for each".
        limits: What is known about unusual inputs, a sentence or two.
        raw: What ``model.onnx`` begins with.
        takes: How it is called, as Markdown.
        prepared: What ``network.py`` takes.
        arguments: Of its ``predict``.
        data: What ``coeval predict`` is given.
    """

    given: str
    one: str
    each: str
    limits: str
    raw: str
    takes: str
    prepared: str
    arguments: str
    data: str


def wording(
    inputs: Sequence[tuple[str, str]], image: tuple[int, int, int] | None, *, has_classes: bool
) -> Wording:
    """Return the words for a model.

    Args:
        inputs: Name and type of each input of ``model.onnx``.
        image: Height, width and features of the images it takes; ``None`` for a table's model.
        has_classes: Whether classes are predicted, and not a number.
    """
    if image is None:
        return _table()
    return _images(inputs[0][0], image, has_classes=has_classes)


def size(image: tuple[int, int, int]) -> str:
    """Return an image's size in words.

    Example:
        >>> size((28, 28, 1)), size((32, 48, 3))
        ('28 by 28 pixels, grey', '32 by 48 pixels, in colour')
    """
    height, width, features = image
    tone = {1: "grey", 3: "in colour"}.get(features, f"{features} features each")
    return f"{height} by {width} pixels, {tone}"


def _table() -> Wording:
    return Wording(
        given="a table's row",
        one="row",
        each="a row",
        limits="Missing values are expected everywhere; categories never seen in training count as rare ones.",
        raw="raw columns",
        takes="""`model.onnx` takes one array of shape (rows, 1) for each column: doubles for numbers (NaN = missing), strings for the rest \
('' = missing; dates as YYYY-MM-DD, with or without a time of day).

```python
import onnxruntime
import pandas as pd

session = onnxruntime.InferenceSession("model.onnx")
table = pd.read_csv("data.csv", dtype=str)
columns = {}
for one in session.get_inputs():
    column = table[[one.name]]
    is_number = one.type == "tensor(double)"
    columns[one.name] = column.to_numpy(float) if is_number else column.fillna("").to_numpy(object)
result = session.run(None, columns)
```""",
        prepared="prepared rows",
        arguments="numeric, codes, tokens",
        data="data.csv",
    )


def _images(name: str, image: tuple[int, int, int], *, has_classes: bool) -> Wording:
    height, width, features = image
    odd = (
        "shows none of the classes is still given one"
        if has_classes
        else "shows anything else is still given a number"
    )
    return Wording(
        given=f"an image of {size(image)}",
        one="image",
        each="an image",
        limits="Images of another size are resized by `coeval predict`, which costs accuracy where training had none such; "
        f"an image that {odd}.",
        raw="bytes of images",
        takes=f"""`model.onnx` takes one array of shape (rows, {height}, {width}, {features}), bytes from 0 (dark) to 255.

```python
import numpy as np
import onnxruntime

session = onnxruntime.InferenceSession("model.onnx")
images = np.zeros((1, {height}, {width}, {features}), np.uint8)
result = session.run(None, {{{name!r}: images}})
```""",
        prepared="images as bytes",
        arguments="images",
        data="FOLDER",
    )
