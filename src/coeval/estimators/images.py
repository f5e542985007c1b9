"""Images as the estimators take them: arrays ``(images, height, width, channels)`` in place of a table."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from coeval.export.ensemble import Trained
from coeval.task.image_arrays import part_of
from coeval.task.image_stack import stack_of
from coeval.task.images import from_images
from coeval.task.metric import Metric
from coeval.task.own_metric import Own
from coeval.task.table import Column, Kind, Table
from coeval.task.task import Task


@dataclass(frozen=True, slots=True)
class Form:
    """How the images of ``fit`` were given, so that those of ``predict`` are read alike.

    Attributes:
        shape: Of one image.
        factor: What makes real numbers bytes; ``None`` where whole numbers were given, so that the range decides.
    """

    shape: tuple[int, ...]
    factor: float | None


def holds_images(X: Any) -> bool:
    """Return whether features are images.

    Raises:
        ValueError: They are grey images without an axis of channels.
    """
    if not isinstance(X, np.ndarray) or X.ndim < 3:
        return False
    if X.ndim == 3:
        raise ValueError(
            f"Expected a table (rows, columns) or images (images, height, width, channels), got {X.shape}. "
            "Give grey images one channel with X[..., None]."
        )
    return True


def form_of(X: npt.NDArray[Any]) -> Form:
    """Return how images are given.

    Raises:
        DataError: They are none.
    """
    part, _ = part_of(X, "X")
    return Form(X.shape[1:], part.factor if X.dtype.kind == "f" else None)


def task_of(
    X: npt.NDArray[Any],
    y: Any,
    weights: npt.NDArray[np.float64] | None,
    *,
    problem: str,
    metric: str | Metric | Own | None,
    seed: int,
) -> Task:
    """Return the task of images and a target.

    Raises:
        DataError: They cannot be learnt from.
    """
    task = from_images(X, y, problem=problem, metric=metric, seed=seed, name="arrays")
    return replace(task, weights=weights)


def table_of(X: Any, form: Form, model: Trained) -> Table:
    """Return images to predict as the model's raw column.

    Raises:
        ValueError: They are of another shape than in ``fit``.
        DataError: Their values are none of images.
    """
    if not isinstance(X, np.ndarray) or X.shape[1:] != form.shape:
        got = X.shape if isinstance(X, np.ndarray) else type(X).__name__
        raise ValueError(
            f"X must hold images of shape {form.shape}, as in fit, got {got}. Resize them, or fit again."
        )
    grid, (column,) = model.image, model.schema.columns
    assert grid is not None  # the model was fitted on images
    if len(X) == 0:
        pixels = np.zeros((0, grid.height, grid.width, grid.features), np.uint8)
    else:
        part, _ = part_of(X, "X")
        if form.factor is not None and X.dtype.kind == "f":
            part = replace(part, factor=form.factor)
        pixels = stack_of([part]).gather(grid)
    return Table((Column(column.name, Kind.IMAGE, pixels),), len(pixels))
