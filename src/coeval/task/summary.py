"""A task in a few lines for the terminal."""

from collections import Counter

import numpy as np

from coeval.task.table import Kind
from coeval.task.task import Problem, Task


def summary(task: Task) -> list[str]:
    """Return what was read, what is predicted, how it is split, and every note, one line each."""
    kept = len(task.table.columns)
    counts = Counter(column.kind for column in task.schema.columns)
    kinds = ", ".join(f"{counts[kind]} {_WORDS[kind]}" for kind in Kind if counts[kind])
    what = f"{task.table.rows:,} rows, {kept} of {len(task.schema.columns)} columns used ({kinds})"
    if task.is_image:
        what = f"{task.table.rows:,} images of {task.schema.columns[0].reason}"
    sizes = ", ".join(f"{name} {count:,}" for name, count in task.splits.sizes.items() if count)
    folds = f"; scored out of fold ({len(task.folds)} folds)" if len(task.folds) > 1 else ""
    return [
        f"data: {task.name}, {what}",
        f"target: {task.target.name}, {_target(task)}; optimising {task.metric.label or task.metric.name}",
        f"splits: {sizes}{folds}",
        *(f"note: {note}" for note in task.notes),
    ]


_WORDS = {
    Kind.NUMERIC: "numeric",
    Kind.CATEGORICAL: "categorical",
    Kind.DATE: "date",
    Kind.TEXT: "text",
    Kind.IMAGE: "image",
    Kind.DROP: "left out",
}


def _target(task: Task) -> str:
    if task.problem is Problem.REGRESSION:
        values = task.target.values
        return f"regression from {values.min():,.6g} to {values.max():,.6g}"
    counts = np.bincount(task.target.values.astype(np.int64), minlength=len(task.target.classes))
    share = counts / counts.sum()
    if task.problem is Problem.BINARY:
        return "binary: " + ", ".join(
            f"{label} {part:.1%}" for label, part in zip(task.target.classes, share, strict=True)
        )
    rare = int(share.argmin())
    return f"{len(share)} classes, the rarest {task.target.classes[rare]} ({share[rare]:.1%})"
