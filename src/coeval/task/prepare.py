"""The preparation of any task: of a table's columns, or of images."""

from collections.abc import Mapping

from coeval.architecture.component import Setting, Value
from coeval.architecture.types import ValueType
from coeval.task.preparation import (
    Preparation,
    columns_for,
    fit,
    has_many_levels,
    settings_for,
    training_rows,
)
from coeval.task.preparation_image import ImagePreparation, fit_images
from coeval.task.preparation_target import count_outputs
from coeval.task.table import Pixels, Rows
from coeval.task.task import Index, Task

Prepared = Preparation | ImagePreparation
"""Both have ``settings``, the network's ``inputs``, and ``transform`` a table into what the network takes."""


def prepare(settings: Mapping[str, Value], task: Task, rows: Index) -> Prepared:
    """Learn a preparation from the given rows of a task.

    Args:
        settings: Those of the kind of preparation; the rest take their defaults.
        task: Raw columns, or images, and the target.
        rows: Indices of the rows to learn from.

    Raises:
        SpaceError: A setting is unknown, or its value is not allowed.
    """
    if task.is_image:
        return fit_images(settings, task.table)
    return fit(settings, task.table, rows, task.target)


def rows_to_learn(prepared: Prepared, task: Task, rows: Index) -> Rows | Pixels:
    """Return the very rows that a preparation was learnt from, as a model may learn from them.

    Not ``prepared.transform``, which is for rows to be predicted: an encoding by the target would tell each of these its own.

    Args:
        prepared: ``prepare`` on these rows.
        task: The same.
        rows: The same.
    """
    if isinstance(prepared, ImagePreparation):
        return prepared.transform(task.table.take(rows))
    groups = task.groups_of(rows)
    return training_rows(prepared, task.table, rows, task.target, groups)


def inputs_for(settings: Mapping[str, Value], task: Task, rows: Index) -> tuple[ValueType, ...]:
    """Return the inputs that ``prepare`` would lead to, without the cost of fitting.

    Raises:
        SpaceError: A setting is unknown, or its value is not allowed.
    """
    if task.is_image:
        return fit_images(settings, task.table).inputs
    return (columns_for(settings, task.table, rows, task.target),)


def preparation_choices(task: Task) -> tuple[Setting, ...]:
    """Return what may be chosen about the preparation of a task's columns."""
    many = has_many_levels(task.table, task.splits.train, task.target)
    effects = count_outputs(task.target) > 0
    return settings_for(task.schema, many_levels=many, effects=effects)
