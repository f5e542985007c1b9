"""The space of whole candidates for images: preparation, the preset's architecture, recipe, and the seeds in it."""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any

from coeval.errors import SpaceError, unknown
from coeval.space import (
    darts,
    enas_macro,
    free_cells,
    metaqnn,
    nasbench201_images,
    nasnet,
    proxyless,
    stage_seeds,
)
from coeval.space.cells import Cells, stacks
from coeval.space.choices import ChoiceSpace
from coeval.space.image_frame import ImageFrame, ImageTyping, frame_for, grids_for
from coeval.space.image_preset import Parts, Preset
from coeval.space.limits import Limits
from coeval.space.product import ProductSpace
from coeval.space.protocol import Candidate, Space
from coeval.space.recipe_images import passes_of, recipe_for_images
from coeval.task.preparation_image import image_settings
from coeval.task.task import Problem, Task

PRESETS: Mapping[str, Preset] = {
    "stages": Preset(
        "stages of blocks; their number, width, depth, kernel, kind and downsampling are free",
        stage_seeds.parts,
        has_choices=False,
    ),
    "free_cells": Preset(
        "cells whose graph itself is free: nodes, operations, connections; and how they are stacked",
        free_cells.parts,
        has_choices=False,
    ),
    "nasbench201": Preset(
        "a cell of four nodes with an operation on each of six edges, stacked in three stages",
        nasbench201_images.parts,
    ),
    "darts": Preset(
        "a normal and a reducing cell of four nodes with two edges each, of seven operations",
        darts.parts,
    ),
    "nasnet": Preset(
        "a normal and a reducing cell of five blocks, each the sum of two of thirteen operations",
        nasnet.parts,
    ),
    "enas_macro": Preset(
        "a chain of layers, each of six operations, that may add any of the layers before it",
        enas_macro.parts,
    ),
    "metaqnn": Preset(
        "chains of convolutions, pools and full layers; each decision is the next layer or the end",
        metaqnn.parts,
        has_choices=False,
    ),
    "proxyless": Preset(
        "mobile blocks, whose kernel and expansion are chosen layer by layer", proxyless.parts
    ),
}
"""The spaces by name; the first is the default."""
LIMITS = Limits(parameters=2_000_000, memory_bytes=2**32)
"""Of a network for images, where the user sets none: a file of eight megabytes. Memory is counted for 256 images; a
recipe's batch is half of that or less, and so is what training takes."""
GIVING_WAY = (1, 2, 4, 8, 16)
"""What the bounds that no user set are multiplied with, one after the other, until a space's smallest network fits."""
WORK = 3e11
"""Multiply-accumulates that a candidate's usual training may take forward at effort 1: 5 to 15 seconds on one core."""
GROWTH = 0.7
"""What the effort is raised to above 1: more time is for a larger network first, then for a longer training of it. CIFAR-10 on one
core, 8 minutes of training: 84.5 % of validation images with 67 million multiply-accumulates (9 epochs), 82.3 with 150 (5), 79.3
with 266 (3), one seed; equal epochs favour the larger."""
LEAST_MACS = 1_500_000
"""What a network may always have: three stages of small blocks on images of 28 by 28."""
WEIGHTS: Mapping[str, float] = {"preparation": 0.25, "recipe": 1.5}
"""How often a mutation edits these parts; the parts of the architecture together count 2."""


def space_for(
    task: Task,
    preset: str = "stages",
    *,
    limits: Limits = LIMITS,
    effort: float = 1.0,
    policies: int = 0,
) -> ProductSpace:
    """Return the space of candidates for a task of images.

    Args:
        task: Its only column holds images.
        preset: One of ``PRESETS``.
        limits: Of a network's cost, for the images of the default preparation. Without a limit of
            multiply-accumulates, one follows from the number of rows and the effort.
        effort: How long a recipe may train and how large a network may be, as a multiple of what suits a search of a minute.
        policies: Sub-policies of a searched augmentation policy, see ``recipe_images.policy_settings``.

    Raises:
        SpaceError: There is no such preset, the task's rows are no images, or not even the smallest network fits the limits.
    """
    return _space(task, preset_named(preset).build, limits, effort, policies)


def space_of_cells(
    task: Task,
    cells: Cells,
    *,
    limits: Limits = LIMITS,
    effort: float = 1.0,
    policies: int = 0,
) -> ProductSpace:
    """Return the space of candidates of given cells: their stack, preparation and recipe are searched.

    Args:
        task: Its only column holds images.
        cells: Found on this or any other task.
        limits: As for ``space_for``.
        effort: As for ``space_for``.
        policies: As for ``space_for``.

    Raises:
        SpaceError: The task's rows are no images, or not even the smallest stack fits the limits.
    """
    return _space(task, functools.partial(stacks, cells), limits, effort, policies)


def preset_named(name: str) -> Preset:
    """Return one of ``PRESETS``.

    Raises:
        SpaceError: There is no such preset.
    """
    if name not in PRESETS:
        raise SpaceError(unknown("The space for images", name, PRESETS))
    return PRESETS[name]


def recipe_space(task: Task, effort: float, policies: int = 0) -> ChoiceSpace:
    """Return the space of recipes for a task of images."""
    rows, classes = len(task.splits.train), task.problem is not Problem.REGRESSION
    settings = recipe_for_images(
        rows,
        classes=classes,
        folds=len(task.folds),
        effort=effort,
        pixels=_pixels(task),
        sub_policies=policies,
    )
    return ChoiceSpace(settings, "recipe")


def limited(limits: Limits, task: Task, effort: float) -> Limits:
    """Return the limits with one of multiply-accumulates, so that trainings fit the time that the effort stands for."""
    passes = max(len(task.splits.train) * len(task.folds), passes_of(_pixels(task)))
    macs = max(LEAST_MACS, int(WORK * min(effort, effort**GROWTH) / passes))
    return dataclasses.replace(limits, macs=min(macs, limits.macs or macs))


def _pixels(task: Task) -> int:
    """Return the positions of an image."""
    _, height, width, _ = task.table.columns[0].values.shape
    return int(height * width)


def _space(
    task: Task,
    build: Callable[[ImageFrame, Limits], Parts],
    limits: Limits,
    effort: float,
    policies: int,
) -> ProductSpace:
    frame = frame_for(task)
    preparation = ChoiceSpace(image_settings(task.table), "preparation")
    recipe = recipe_space(task, effort, policies)
    parts = _built(build, frame, limits, limited(limits, task, effort))
    return product(preparation, parts, recipe, ImageTyping(frame, grids_for(task), parts.network))


def _built(
    build: Callable[[ImageFrame, Limits], Parts], frame: ImageFrame, asked: Limits, limits: Limits
) -> Parts:
    """Return a preset's parts; bounds that no user set give way as far as its smallest network needs."""
    *earlier, last = [_wider(limits, asked, factor) for factor in GIVING_WAY]
    for one in earlier:
        try:
            return build(frame, one)
        except SpaceError:
            continue
    return build(frame, last)


def _wider(limits: Limits, asked: Limits, factor: int) -> Limits:
    """Return limits with those multiplied that follow from the task's size."""
    macs = factor * int(limits.macs or 0)
    most = macs if asked.macs is None else min(macs, asked.macs)
    return dataclasses.replace(limits, macs=most, memory_bytes=factor * limits.memory_bytes)


def product(
    preparation: ChoiceSpace, parts: Parts, recipe: ChoiceSpace, typing: ImageTyping
) -> ProductSpace:
    """Return the product of the parts, with each seed under the default preparation and recipe."""
    spaces: dict[str, Space[Any]] = {"preparation": preparation, **parts.spaces, "recipe": recipe}
    share = 2.0 / len(parts.spaces)
    seeds = {}
    for name, seed in parts.seeds.items():
        given = {"preparation": preparation.default(), **seed, "recipe": recipe.default()}
        seeds[name] = Candidate(tuple((part, given[part]) for part in spaces))
    return ProductSpace(
        spaces,
        weights={**WEIGHTS, **dict.fromkeys(parts.spaces, share)},
        named=seeds,
        typing=typing,
    )
