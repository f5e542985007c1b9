"""The preparation of any task: of a table's columns, or of images."""

from collections.abc import Mapping

from coeval.architecture.component import Value
from coeval.architecture.types import ValueType
from coeval.task.preparation import Preparation, columns_for, fit
from coeval.task.preparation_image import ImagePreparation, fit_images
from coeval.task.table import Table
from coeval.task.task import Index

Prepared = Preparation | ImagePreparation
"""Both have ``settings``, the network's ``inputs``, and ``transform`` a table into what the network takes."""


def prepare(settings: Mapping[str, Value], table: Table, rows: Index) -> Prepared:
    """Learn a preparation from the given rows of a table.

    Args:
        settings: Those of the kind of preparation; the rest take their defaults.
        table: Raw columns, or one of images.
        rows: Indices of the rows to learn from.

    Raises:
        SpaceError: A setting is unknown, or its value is not allowed.
    """
    return fit_images(settings, table) if table.holds_images else fit(settings, table, rows)


def inputs_for(settings: Mapping[str, Value], table: Table, rows: Index) -> tuple[ValueType, ...]:
    """Return the inputs that ``prepare`` would lead to, without the cost of fitting.

    Raises:
        SpaceError: A setting is unknown, or its value is not allowed.
    """
    if table.holds_images:
        return fit_images(settings, table).inputs
    return (columns_for(settings, table, rows),)
