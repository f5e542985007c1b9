"""What a network is trained on: examples with targets and weights, as arrays and as tensors.

An example is a prepared table row, or an image, or anything else that a network takes as a few arrays; the
first axis of each array counts the examples.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from coeval.task.table import Rows
from coeval.task.task import Index, Problem, Task, evened

Inputs = tuple[torch.Tensor, ...]
"""What a network is called with, one tensor an input: real numbers as float32, pixels as uint8, the rest as int64."""

Arrays = tuple[npt.NDArray[Any], ...]
"""The same as arrays: ``Rows`` of a table, or ``(images,)`` of shape ``(images, height, width, features)``."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How regression targets are standardised; classification leaves it at 0 and 1."""

    mean: float = 0.0
    std: float = 1.0


UNSCALED = Scale()


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Inputs and what is known of them.

    Attributes:
        rows: The inputs: prepared rows of a table, or arrays with a row for each example.
        target: ``(rows,)`` int64 class indices, or float64 values in the user's units.
        weights: ``(rows,)`` non-negative float64, or ``None`` for equal weights.
    """

    rows: Rows | Arrays
    target: npt.NDArray[np.int64] | npt.NDArray[np.float64]
    weights: npt.NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class TrainingData:
    """The rows to learn from and, when there are any, the rows that decide when to stop."""

    problem: Problem
    train: Examples
    validation: Examples | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Tensors:
    """Examples on a device.

    Attributes:
        inputs: Of a table ``(rows, numeric)`` float32, ``(rows, categories)`` int64, ``(rows, tokens)`` int64.
        target: ``(rows,)`` int64 for several classes, else float32 (0 and 1, or standardised values).
        weights: ``(rows,)`` float32 with mean 1, or ``None``.
    """

    inputs: Inputs
    target: torch.Tensor
    weights: torch.Tensor | None


def examples_of(task: Task, rows: Rows | Arrays, index: Index) -> Examples:
    """Return prepared rows with the target and the weights they have in the task.

    Args:
        task: Whose target and weights are used.
        rows: Prepared.
        index: ``(rows,)`` which rows of the task those are.
    """
    weights = task.weights_of(index)
    return Examples(rows, task.target.values[index], weights)


def target_scale(problem: Problem, examples: Examples) -> Scale:
    """Return mean and standard deviation of a regression target, weighted like the examples."""
    if problem is not Problem.REGRESSION:
        return UNSCALED
    values = np.asarray(examples.target, dtype=np.float64)
    mean = float(np.average(values, weights=examples.weights))
    std = math.sqrt(float(np.average((values - mean) ** 2, weights=examples.weights)))
    return Scale(mean, std if std > 0 else 1.0)


def class_weighted(data: TrainingData, how: str) -> TrainingData:
    """Return the data with the rows to learn from weighted by their class; validation is judged as it is.

    Args:
        data: Whose training rows may have weights already; classes are then counted by them.
        how: ``"none"``, ``"balanced"`` (each class weighs the same in all; King & Zeng 2001,
            doi:10.1093/oxfordjournals.pan.a004868) or ``"sqrt"``, half way there on a scale of logarithms.
    """
    if how == "none" or data.problem is Problem.REGRESSION:
        return data
    target = np.asarray(data.train.target, dtype=np.int64)
    given = np.ones(len(target)) if data.train.weights is None else data.train.weights
    counts = np.bincount(target, given)
    factors = 1.0 / np.where(counts > 0, counts, 1.0)
    weights = given * (np.sqrt(factors) if how == "sqrt" else factors)[target]
    # All zero is an error that ``to_tensors`` words better.
    return replace(data, train=replace(data.train, weights=evened(weights)))


def to_inputs(rows: Rows | Arrays, device: torch.device) -> Inputs:
    """Return inputs as the tensors that a network takes; pixels stay bytes until ``numbers``."""
    return tuple([_tensor(one, _kind(one), device) for one in rows])


def numbers(inputs: Inputs, kind: torch.dtype = torch.float32) -> Inputs:
    """Return inputs as a network computes with them: bytes become -1 to 1, real numbers get the given type.

    Called a batch at a time: images are kept in a quarter of the memory, and copied in a quarter of the time.

    Example:
        >>> numbers((torch.tensor([0, 255], dtype=torch.uint8),))
        (tensor([-1.,  1.]),)
    """
    return tuple([_numbers(one, kind) for one in inputs])


def to_tensors(examples: Examples, problem: Problem, scale: Scale, device: torch.device) -> Tensors:
    """Return examples as tensors, the target as the loss wants it.

    Raises:
        ValueError: Rows, target and weights differ in length; there are fewer than two rows; or a
            weight is negative, not finite, or all are zero.
    """
    count = len(examples.target)
    lengths = {len(one) for one in examples.rows}
    if lengths != {count}:
        found = " and ".join(str(one) for one in sorted(lengths))
        raise ValueError(f"target must have one value a row, got {count} for {found} rows.")
    if count < 2:
        raise ValueError(f"training needs at least 2 rows, got {count}.")
    if problem is Problem.REGRESSION:
        standardised = (np.asarray(examples.target, np.float64) - scale.mean) / scale.std
        target = _tensor(standardised, np.float32, device)
    else:
        kind = np.int64 if problem is Problem.MULTICLASS else np.float32
        target = _tensor(examples.target, kind, device)
    return Tensors(to_inputs(examples.rows, device), target, _weights(examples, count, device))


def _weights(examples: Examples, count: int, device: torch.device) -> torch.Tensor | None:
    if examples.weights is None:
        return None
    weights = np.asarray(examples.weights, dtype=np.float64)
    if weights.shape != (count,):
        raise ValueError(f"weights must have shape ({count},), got {weights.shape}.")
    if not np.isfinite(weights).all() or weights.min() < 0 or weights.max() == 0:
        raise ValueError(
            "weights must be finite, not negative and not all zero, got "
            f"{weights.min():g}..{weights.max():g}."
        )
    return _tensor(evened(weights), np.float32, device)


def _kind(array: npt.NDArray[Any]) -> type:
    if array.dtype == np.uint8:
        return np.uint8
    return np.int64 if np.issubdtype(array.dtype, np.integer) else np.float32


def _numbers(one: torch.Tensor, kind: torch.dtype) -> torch.Tensor:
    if one.dtype == torch.uint8:
        return one.to(kind).div_(127.5).sub_(1.0)
    return one.to(kind) if one.is_floating_point() else one


def _tensor(array: npt.NDArray[np.generic], kind: type, device: torch.device) -> torch.Tensor:
    plain: npt.NDArray[np.generic] = np.ascontiguousarray(array, dtype=kind)
    if not plain.flags.writeable:  # a memory-mapped file: torch has no read-only tensors
        plain = plain.copy()
    return torch.from_numpy(plain).to(device)
