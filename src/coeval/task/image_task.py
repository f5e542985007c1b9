"""From images with labels to a task: decoded once, dealt into splits, and laid out split by split.

Rows of a split lie side by side, so that each process that trains maps the file and copies nothing.
"""

import dataclasses
import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coeval.architecture.types import Grid
from coeval.task.assemble import (
    Folds,
    Plan,
    deal,
    drop_unlabelled,
    encode_classes,
    metric_labels,
    read_weights,
    refuse_few,
    seal,
    structure_of,
    taken,
)
from coeval.task.groups import joined
from coeval.task.image_found import MOST_SIDE, Decoded, Found, decoded, size_for
from coeval.task.image_stack import AT_ONCE, Bytes
from coeval.task.metrics import metric
from coeval.task.raw import Form, RawColumn
from coeval.task.table import Column, ColumnSchema, Kind, Schema, Table
from coeval.task.target import encode_like, encode_target
from coeval.task.task import Index, Splits, Target, Task

FOLDED_BELOW = 500
"""Images below which trials are scored out of fold. Tables are up to four times as many rows, but a network for images takes
a hundred times as long to train: five times that is a search's whole budget."""


@dataclass(frozen=True, slots=True, eq=False)
class _Own:
    """The images that the splits are made of, decoded, with all that is known of them."""

    images: Decoded
    labels: RawColumn
    plan: Plan


def image_task(own: Found, test: Found | None, plan: Plan, *, most: int = MOST_SIDE) -> Task:
    """Return the task of images and labels.

    Args:
        own: What is learnt from, and judged on.
        test: An own test split, or ``None``.
        plan: What to make of them; its shares hold no test where there is an own one.
        most: Pixels of the longer side; larger images are resized.

    Raises:
        DataError: The images or labels cannot be learnt from; the message says why and what to do.
    """
    said = list(own.notes)
    grid, kept = _read(own, plan, most, said)
    (rows,), _, own_plan, encoded = encode_classes(
        [_places(kept.labels)], kept.labels, kept.plan, said
    )
    said += [encoded.note] if encoded.note else []
    structure = structure_of(own_plan, said)
    splits, folds = deal(encoded, own_plan, structure, FOLDED_BELOW)
    stack, target = kept.images.stack.take(rows.values.astype(np.intp)), encoded.target
    if test is not None:
        held, more = _read_test(test, target, grid, said)
        places = np.arange(len(target.values), len(target.values) + len(more))
        splits = dataclasses.replace(splits, test=places)
        target = dataclasses.replace(target, values=np.concatenate([target.values, more]))
        stack = stack.joined(held.stack)
    order = np.concatenate([splits.train, splits.validation, splits.selection, splits.test])
    images = stack.take(order).gather(grid)
    weights = _weights(own_plan, len(target.values))
    known = structure.groups
    groups = None if known is None else joined(known, None, len(target.values) - len(known))
    splits, folds = _renumbered(splits, folds, order)
    said += _copies(images, splits)
    colour = "grey" if grid.features == 1 else "colour"
    reason = f"{grid.height} x {grid.width}, {colour}"
    return seal(
        Task(
            name=plan.name,
            problem=encoded.problem,
            schema=Schema((ColumnSchema(own.column, Kind.IMAGE, reason),)),
            table=Table((Column(own.column, Kind.IMAGE, images),), len(images)),
            target=dataclasses.replace(target, values=target.values[order]),
            splits=splits,
            folds=folds,
            metric=metric(plan.metric, encoded.problem, labels=metric_labels(target)),
            weights=None if weights is None else weights[order],
            fingerprint="",
            notes=tuple(said),
            groups=None if groups is None else groups[order],
        )
    )


def _read(own: Found, plan: Plan, most: int, said: list[str]) -> tuple[Grid, _Own]:
    """Return the images' type, and those that have a label and can be read.

    Labels are checked before anything is decoded, which may take a while.
    """
    (rows,), labels, plan = drop_unlabelled([_places(own.labels)], own.labels, plan, said)
    refuse_few(len(labels.values), plan)
    encode_target(labels, plan.problem)
    pictures = own.pictures.take(rows.values.astype(np.intp))
    grid, notes = size_for(pictures, most)
    found = decoded(pictures, grid)
    said += [*notes, *found.notes]
    if len(found.kept) < len(labels.values):
        labels, plan = labels.take(found.kept), taken(plan, found.kept)
        refuse_few(len(labels.values), plan)
    return grid, _Own(found, labels, plan)


def _read_test(
    test: Found, target: Target, grid: Grid, said: list[str]
) -> tuple[Decoded, npt.NDArray[np.generic]]:
    """Return the images of an own test split and their target values, in the size and classes of the others."""
    (rows,), labels, _ = drop_unlabelled([_places(test.labels)], test.labels, Plan("test"), said)
    pictures = test.pictures.take(rows.values.astype(np.intp))
    own, _ = size_for(pictures, max(grid.height, grid.width))
    if own != grid:
        said.append(
            "test images differ in size or colours from the others and are converted like them"
        )
    found = decoded(pictures, grid)
    said += [f"test: {one}" for one in (*test.notes, *found.notes)]
    return found, encode_like(labels.take(found.kept), target).values


def _places(labels: RawColumn) -> RawColumn:
    """Return the number of each label's image, as a column that is taken from like the labels are."""
    return RawColumn("", Form.NUMBER, np.arange(len(labels.values), dtype=np.float64))


def _weights(plan: Plan, rows: int) -> npt.NDArray[np.float64] | None:
    """Return a weight for each image, 1 for those of an own test split."""
    weights = read_weights(plan.weights)
    if weights is None:
        return None
    return np.concatenate([weights, np.ones(rows - len(weights))])


def _renumbered(splits: Splits, folds: Folds, order: Index) -> tuple[Splits, Folds]:
    """Return splits and folds of rows that are laid out in a new order."""
    place = np.empty(len(order), np.intp)
    place[order] = np.arange(len(order))
    parts = (splits.train, splits.validation, splits.selection, splits.test)
    moved = Splits(*(place[one] for one in parts))
    return moved, tuple((place[train], place[judged]) for train, judged in folds)


def _copies(images: Bytes, splits: Splits) -> list[str]:
    """Return a note for each split that holds exact copies of training images."""
    digests = _digests(images)
    known = digests[splits.train]
    notes = []
    for name in ("validation", "selection", "test"):
        copies = int(np.isin(digests[getattr(splits, name)], known).sum())
        if copies:
            notes.append(
                f"{copies} {name} images are exact copies of training images, which flatters the {name} score"
            )
    return notes


def _digests(images: Bytes) -> npt.NDArray[np.uint64]:
    """Return ``(images,)`` digests of 64 bits."""
    found = np.empty(len(images), np.uint64)
    step = max(1, AT_ONCE // max(1, images[:1].size))
    for start in range(0, len(images), step):
        block = np.ascontiguousarray(images[start : start + step])
        found[start : start + step] = [
            int.from_bytes(hashlib.blake2b(one.data, digest_size=8).digest(), "little")
            for one in block
        ]
    return found
