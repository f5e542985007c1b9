"""What users call their classes, and targets that are missing."""

from dataclasses import replace
from typing import Any

import numpy.typing as npt

from coeval.export.ensemble import Ensemble, Trained
from coeval.task.frame import is_null
from coeval.task.numerals import number_text
from coeval.task.raw import EXACT


def refuse_missing(y: npt.NDArray[Any]) -> None:
    """Refuse targets that are missing, which neither compare with labels nor are numbers.

    Raises:
        ValueError: One is.
    """
    if y.dtype != object:
        return
    row = next((row for row, one in enumerate(y) if is_null(one)), None)
    if row is not None:
        raise ValueError(
            f"Input y contains {y[row]!r} in row {row}: every row needs a target. Leave such rows out of X and y, or fill them in."
        )


def refuse_times(y: npt.NDArray[Any]) -> None:
    """Refuse values that are dates or durations, of which NumPy would make numbers of a unit that nobody asked for.

    Raises:
        ValueError: They are.
    """
    if y.dtype.kind in "mM":
        raise ValueError(
            f"Input y holds {y.dtype} values, such as {y[0]}. Expected numbers: turn them into some, such as days from an event."
        )


def label_texts(labels: npt.NDArray[Any]) -> tuple[tuple[str, ...], bool]:
    """Return labels as a saved model names them, and whether they are numbers: integers that doubles cannot hold are names."""
    if labels.dtype.kind in "iu":
        integers = [int(one) for one in labels]
        return tuple(map(str, integers)), all(abs(one) < EXACT for one in integers)
    if labels.dtype.kind == "f":
        return tuple(number_text(float(one)) for one in labels), True
    return tuple(str(one) for one in labels), False


def labelled(model: Trained, labels: tuple[str, ...], number: bool) -> Trained:
    """Return a model that names its classes as the user does."""
    if isinstance(model, Ensemble):
        members = [replace(one, classes=labels, number=number) for one in model.members]
        return replace(model, members=tuple(members))
    return replace(model, classes=labels, number=number)
