"""How ``network.py`` is called: what its inputs are, in words and as code."""

import textwrap
from dataclasses import dataclass

from coeval.architecture.types import Columns, Grid, ValueType, describe
from coeval.errors import ExportError


@dataclass(frozen=True, slots=True)
class Given:
    """The inputs of an exported network.

    Attributes:
        words: Lines of the header: what the inputs are.
        parameters: Of ``forward`` and ``predict``, with their types.
        names: The arguments of ``predict``.
        joined: The statement that makes the region's only input of the parameters; empty where the parameter is it.
        value: Name of that input.
        call: The arguments with which ``predict`` calls the network.
    """

    words: tuple[str, ...]
    parameters: str
    names: str
    joined: str
    value: str
    call: str


def given(value: ValueType) -> Given:
    """Return how a network is called that takes this type.

    Raises:
        ExportError: It is neither a table's row nor an image.
    """
    if isinstance(value, Columns):
        return _rows(value)
    if isinstance(value, Grid):
        return _images(value)
    raise ExportError(
        f"the network must take Columns (a table's row) or a Grid (an image), got {describe(value)}."
    )


def _rows(columns: Columns) -> Given:
    lengths = sum(text.length for text in columns.texts)
    names = ("numeric", "codes", "tokens")
    return Given(
        words=(
            "Its inputs are prepared rows; the preparation of raw columns is in model.onnx.",
            "",
            f"- numeric: (rows, {columns.numeric}) float32, scaled as in training, without missing values",
            f"- codes: (rows, {len(columns.categories)}) int64, a category's code, 0 = rare or unseen",
            *_sizes(columns),
            f"- tokens: (rows, {lengths}) int64, hashed words of the text columns side by side, 0 = padding",
        ),
        parameters=", ".join(f"{name}: torch.Tensor" for name in names),
        names=", ".join(names),
        joined=f"row = ({', '.join(names)})",
        value="row",
        call=", ".join(names),
    )


def _images(grid: Grid) -> Given:
    return Given(
        words=(
            "Its inputs are images as model.onnx takes them, or reduced where architecture.json says so.",
            "",
            f"- images: (rows, {grid.height}, {grid.width}, {grid.features}) uint8, 0 = dark",
        ),
        parameters="images: torch.Tensor",
        names="images",
        joined="",
        value="images",
        call="images.float() / 127.5 - 1",  # as ``train.data.numbers`` turns bytes into numbers
    )


def _sizes(columns: Columns) -> list[str]:
    if not columns.categories:
        return []
    sizes = ", ".join(str(one) for one in columns.categories)
    return textwrap.wrap(
        f"(codes a column: {sizes})", 96, initial_indent="  ", subsequent_indent="  "
    )
