"""A trained model as plain values: all that a model folder says, before it is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coeval.architecture.step import Architecture
from coeval.architecture.types import Grid
from coeval.task.preparation_image import ImagePreparation
from coeval.task.prepare import Prepared
from coeval.task.raw import EXACT
from coeval.task.table import Kind, Schema
from coeval.task.task import Problem


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A trained model.

    Attributes:
        architecture: Its only input is the preparation's, ``Columns`` or a ``Grid``.
        weights: As ``coeval.build.weights.arrays`` returns them.
        preparation: Fitted on the rows that the weights were trained on.
        schema: The columns that a user gives, dropped ones included.
        problem: Decides what the outputs mean.
        target: Name of the target column.
        classes: Class labels as text, in index order; empty for regression.
        number: The labels are numbers.
        mean: Of the target's training rows, for regression; else 0.
        std: Likewise; else 1.
        metric: Name of the metric that was optimised.
    """

    architecture: Architecture
    weights: Mapping[str, np.ndarray]
    preparation: Prepared
    schema: Schema
    problem: Problem
    target: str
    classes: tuple[str, ...] = ()
    number: bool = False
    mean: float = 0.0
    std: float = 1.0
    metric: str = ""

    @property
    def image(self) -> Grid | None:
        """Return the type of the images that a user gives; ``None`` for a table."""
        return self.preparation.source if isinstance(self.preparation, ImagePreparation) else None


@dataclass(frozen=True, slots=True)
class RawInput:
    """One input of the ONNX graph.

    Attributes:
        column: Whose values it takes.
        name: Its name in the graph.
        number: Whether it takes doubles; else strings, or bytes where the kind is that of images.
        kind: The column's.
        shape: Of one row's value.
    """

    column: str
    name: str
    number: bool
    kind: Kind
    shape: tuple[int, ...] = (1,)

    @property
    def element(self) -> str:
        """Return the type of its numbers as a person reads it."""
        if self.kind is Kind.IMAGE:
            return "uint8"
        return "double" if self.number else "string"


def raw_inputs(schema: Schema, image: Grid | None = None) -> tuple[RawInput, ...]:
    """Return the graph's inputs, one for each column that is not dropped.

    A column keeps its name; only a nameless one gets one, since ONNX reads an empty name as "no input".

    Args:
        schema: The columns that a user gives.
        image: The type of the images where the column holds images.
    """
    size = (1,) if image is None else (image.height, image.width, image.features)
    taken = {column.name for column in schema.columns}
    inputs = []
    for position, column in enumerate(schema.columns):
        if column.kind is Kind.DROP:
            continue
        name = column.name or free_name(f"column_{position}", taken)
        number = column.kind is Kind.NUMERIC or (column.kind is Kind.CATEGORICAL and column.number)
        shape = size if column.kind is Kind.IMAGE else (1,)
        inputs.append(RawInput(column.name, name, number, column.kind, shape))
    return tuple(inputs)


def label_numbers(labels: Sequence[str]) -> npt.NDArray[np.int64] | npt.NDArray[np.float64]:
    """Return labels that are numbers as such: whole ones as integers, unless one is so large that a double would not tell it from the next.

    Example:
        >>> label_numbers(["0", "3"]).tolist(), label_numbers(["0", "1e20"]).tolist()
        ([0, 3], [0.0, 1e+20])
    """
    numbers = np.array([float(label) for label in labels])
    is_whole = np.all(numbers == np.rint(numbers)) and np.all(np.abs(numbers) < EXACT)
    return numbers.astype(np.int64) if is_whole else numbers


def free_name(wanted: str, taken: set[str]) -> str:
    """Return the wanted name, with underscores behind it until it is not taken."""
    while wanted in taken:
        wanted += "_"
    return wanted
