"""The space that a run's options ask for."""

import dataclasses
from pathlib import Path

from coeval.architecture.step import Architecture
from coeval.architecture.types import Columns
from coeval.run.budget import Budget
from coeval.run.checks import effort
from coeval.run.folder import open_folder
from coeval.run.options import Options
from coeval.space.for_task import limits_for, space_for
from coeval.space.limits import Limits
from coeval.space.product import ProductSpace
from coeval.space.protocol import Candidate
from coeval.task import memory
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


def network_of(run: Path, candidate: Candidate) -> Architecture:
    """Return the whole network of a candidate of a run.

    A table's candidate holds it; one for images may hold no more than the cells of which its space stacks it.

    Raises:
        CoevalError: There is no run, or its task is damaged.
    """
    part = dict(candidate.parts).get("architecture")
    if isinstance(part, Architecture) and isinstance(part.inputs[0], Columns):
        return part
    folder = open_folder(run)
    options, task = Options.from_json(folder.capsule()["options"]), memory.load(folder.cache)
    first = Budget.of(options.budget, options.trials)
    return space_of(options, task, folder.cache, effort(first)).architecture(candidate)


def limits_of(options: Options, task: Task) -> Limits:
    """Return the task's limits with what the user set."""
    limits = limits_for(task)
    if options.max_parameters is None:
        return limits
    return dataclasses.replace(limits, parameters=options.max_parameters)
