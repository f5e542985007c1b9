"""The space that a run's options ask for."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coeval.architecture.step import Architecture
from coeval.architecture.types import Columns
from coeval.oneshot.method import ELASTIC
from coeval.run.budget import Budget
from coeval.run.cells import kept_cells
from coeval.run.checks import effort
from coeval.run.folder import RunFolder, open_folder
from coeval.run.options import Asked, Options
from coeval.run.quantities import parse_count
from coeval.space.cells import Cells
from coeval.space.elastic import elastic_space, roomiest
from coeval.space.for_task import limits_for, space_for
from coeval.space.limits import Limits
from coeval.space.product import ProductSpace
from coeval.space.protocol import Candidate
from coeval.task import memory
from coeval.task.task import Task


def space_of(
    options: Asked, task: Task, source: Path | None, effort: float, cells: Cells | None = None
) -> ProductSpace:
    """Return the space of a run; for the strategy ``elastic`` the smaller versions of its roomiest member.

    Args:
        options: Name the space and its limits.
        task: What has to be solved.
        source: The folder in which the task is kept, for a space that is sent to workers.
        effort: How long a recipe may train, as a multiple of what suits a search of a minute.
        cells: Given by another run; then only their stack, preparation and recipe are searched.

    Raises:
        SpaceError: There is no such space, it is not for this task, or not even its smallest network fits the limits.
    """
    limits = limits_of(options, task)
    space = space_for(
        task,
        models=options.models,
        preset=options.preset,
        cells=cells,
        limits=limits,
        source=source,
        effort=effort,
        policies=options.policies,
    )
    if options.strategy != ELASTIC:
        return space
    return elastic_space(space, roomiest(space))


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
    space = space_again(folder, folder.capsule(), memory.load(folder.cache))
    return space.architecture(candidate)


def space_again(folder: RunFolder, capsule: Mapping[str, Any], task: Task) -> ProductSpace:
    """Return the space of a run as its first sitting had it.

    Args:
        folder: The run's.
        capsule: What it holds.
        task: What has to be solved.

    Raises:
        CoevalError: The capsule is damaged.
    """
    options = Options.from_json(capsule["options"])
    first = effort(Budget.of(options.budget, options.trials))
    return space_of(options, task, folder.cache, first, kept_cells(capsule))


def limits_of(options: Asked, task: Task) -> Limits:
    """Return the task's limits with what the user set."""
    limits = limits_for(task)
    if options.max_parameters is not None:
        most = parse_count(options.max_parameters, "--max-parameters")
        limits = dataclasses.replace(limits, parameters=most)
    if options.max_macs is not None:
        limits = dataclasses.replace(limits, macs=parse_count(options.max_macs, "--max-macs"))
    return limits
