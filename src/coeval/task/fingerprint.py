"""Digests of arrays and of whole tasks, so that a result can be tied to the data it was got on."""

import hashlib
import json
from typing import Any

import numpy as np
import numpy.typing as npt

from coeval.task.task import Task


def digest_array(array: npt.NDArray[Any]) -> str:
    """Return the digest of an array's type, shape and bytes."""
    found = hashlib.blake2b(f"{array.dtype.str}{array.shape}".encode(), digest_size=16)
    found.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)  # no copy of images
    return found.hexdigest()


def fingerprint(task: Task) -> str:
    """Return the digest of all that a measurement depends on: data, kinds, splits, weights, metric and problem."""
    splits = task.splits
    arrays: list[npt.NDArray[Any]] = [column.values for column in task.table.columns]
    arrays += [task.target.values, splits.train, splits.validation, splits.selection, splits.test]
    arrays += [index for pair in task.folds for index in pair]
    if task.weights is not None:
        arrays.append(task.weights)
    plain = {
        "kinds": [(one.name, one.kind.value, one.number) for one in task.schema.columns],
        "levels": [column.levels for column in task.table.columns],
        "target": (task.target.name, task.target.classes),
        "facts": (task.problem.value, task.metric.name),
        "arrays": [digest_array(array) for array in arrays],
    }
    return hashlib.blake2b(json.dumps(plain).encode(), digest_size=16).hexdigest()
