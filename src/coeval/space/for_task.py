"""The space of a task, whatever its rows are: columns of a table, or images."""

from pathlib import Path

from coeval.errors import SpaceError
from coeval.space import images, tabular
from coeval.space.cells import Cells
from coeval.space.limits import Limits
from coeval.space.product import ProductSpace
from coeval.task.task import Task


def space_for(
    task: Task,
    *,
    preset: str | None = None,
    cells: Cells | None = None,
    limits: Limits | None = None,
    source: Path | None = None,
    effort: float = 1.0,
    policies: int = 0,
    models: str = "all",
) -> ProductSpace:
    """Return the space of whole candidates for a task.

    Args:
        task: What has to be solved.
        preset: For images, one of ``images.PRESETS``; the default is ``stages``. Tables have one space.
        cells: For images, cells that are given; then only their stack, preparation and recipe are searched.
        limits: Of a network's cost; ``limits_for(task)`` by default.
        source: Where ``task.memory`` wrote a table, for a space that is sent to workers.
        effort: How long a recipe may train, as a multiple of what suits a search of a minute.
        policies: For images, sub-policies of an augmentation policy that is searched with the recipe.
        models: Of a table, as ``tabular.space_for`` takes it.

    Raises:
        SpaceError: There is no such preset, it is not for this task, or not even the smallest network fits the limits.
    """
    limits = limits_for(task) if limits is None else limits
    if cells is not None:
        checked = _checked(cells, preset)
        return images.space_of_cells(task, checked, limits=limits, effort=effort, policies=policies)
    if task.table.holds_images:
        return images.space_for(
            task, preset or "stages", limits=limits, effort=effort, policies=policies
        )
    if preset is not None:
        raise SpaceError(
            f"The space {preset!r} is for images, and {task.name!r} is a table. Leave the space out."
        )
    if policies:
        raise SpaceError(
            f"Augmentation policies are for images, and {task.name!r} is a table. Leave --policies out."
        )
    return tabular.space_for(task, limits=limits, source=source, effort=effort, models=models)


def _checked(cells: Cells, preset: str | None) -> Cells:
    if preset not in (None, cells.preset):
        raise SpaceError(
            f"The cells are from the space {cells.preset!r}, and the space {preset!r} was named. Leave the space out."
        )
    return cells


def limits_for(task: Task) -> Limits:
    """Return the limits of a task where the user sets none."""
    return images.LIMITS if task.table.holds_images else Limits()
