"""The space that a run's options ask for."""

import dataclasses
from pathlib import Path

from coeval.run.options import Options
from coeval.space.for_task import limits_for, space_for
from coeval.space.limits import Limits
from coeval.space.product import ProductSpace
from coeval.task.task import Task


def space_of(options: Options, task: Task, source: Path, effort: float) -> ProductSpace:
    """Return the space of a run.

    Args:
        options: Name the space and its limits.
        task: What has to be solved.
        source: The folder in which the task is kept.
        effort: How long a recipe may train, as a multiple of what suits a search of a minute.

    Raises:
        SpaceError: There is no such space, it is not for this task, or not even its smallest network fits the limits.
    """
    limits = limits_of(options, task)
    return space_for(task, preset=options.preset, limits=limits, source=source, effort=effort)


def limits_of(options: Options, task: Task) -> Limits:
    """Return the task's limits with what the user set."""
    limits = limits_for(task)
    if options.max_parameters is None:
        return limits
    return dataclasses.replace(limits, parameters=options.max_parameters)
