"""Grown trees as the arrays of a ``TreeEnsemble``, whoever grew them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from coeval.architecture.step import Architecture
from coeval.build.modules.trees import TreeEnsemble
from coeval.component.solved import FORESTS, TREES, kind_of

Floats = npt.NDArray[np.float64]
ARRAYS = ("feature", "threshold", "left", "right", "value")
"""Of every ensemble; a forest has ``speaks`` besides."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A tree, node by node, the root first; a leaf is its own child.

    Attributes:
        feature: ``(nodes,)`` that is asked; 0 for a leaf.
        threshold: ``(nodes,)`` in double precision; a row with at most this goes left.
        left: ``(nodes,)`` where it goes then.
        right: ``(nodes,)`` where it goes otherwise.
        value: ``(nodes,)`` of a leaf, shrunk already.
        depth: Steps from the root to the deepest leaf.
        speaks: ``(nodes,)`` for which output a leaf speaks; ``None`` where all speak for the tree's own.
    """

    feature: npt.NDArray[np.integer[Any]]
    threshold: Floats
    left: npt.NDArray[np.integer[Any]]
    right: npt.NDArray[np.integer[Any]]
    value: Floats
    depth: int
    speaks: npt.NDArray[np.integer[Any]] | None = None


@torch.no_grad()
def store(ensemble: TreeEnsemble, number: int, trees: list[Tree]) -> None:
    """Write a round's trees, one an output, over what the ensemble holds there.

    Args:
        ensemble: Of enough leaves and rounds.
        number: The round, from 0.
        trees: One for each output, or a forest's single one.
    """
    for output, tree in enumerate(trees):
        found = {
            "feature": tree.feature.astype(np.int32),
            "threshold": at_most(tree.threshold),
            "left": tree.left.astype(np.int32),
            "right": tree.right.astype(np.int32),
            "value": tree.value.astype(np.float32),
        }
        if tree.speaks is not None:
            found["speaks"] = tree.speaks.astype(np.int32)
        for name, values in found.items():
            getattr(ensemble, name)[number, output, : len(values)] = torch.from_numpy(values)
    ensemble.levels[number] = max(tree.depth for tree in trees)


@torch.no_grad()
def forget(ensemble: TreeEnsemble, rounds: int) -> None:
    """Empty all rounds beyond the first so many."""
    for name in (*ARRAYS, "levels"):
        getattr(ensemble, name)[rounds:] = 0


def without_empty(
    architecture: Architecture, weights: Mapping[str, np.ndarray]
) -> tuple[Architecture, Mapping[str, np.ndarray]]:
    """Return trees without the rounds and the nodes that were not needed, which say nothing and would be written all the same.

    Args:
        architecture: Of whatever kind; networks are left as they are.
        weights: Of all its rounds.
    """
    if kind_of(architecture) not in (TREES, FORESTS):
        return architecture, weights
    ((place, known),) = enumerate(architecture.body.steps)
    needed = weights[f"{place}.value"].any(axis=(1, 2))
    rounds = max(1, int(np.flatnonzero(needed).max(initial=0)) + 1)
    # A node that was never written has the root as its child.
    used = weights[f"{place}.left"][:rounds].any(axis=(0, 1))
    leaves = max(2, int(np.flatnonzero(used).max(initial=0)) // 2 + 1)
    fewer = {"rounds": rounds, "leaves": leaves}
    settings = tuple((name, fewer.get(name, one)) for name, one in known.settings)
    body = replace(architecture.body, steps=(replace(known, settings=settings),))
    kept = dict(weights)
    for name in (*ARRAYS, "speaks"):
        if f"{place}.{name}" in kept:
            kept[f"{place}.{name}"] = kept[f"{place}.{name}"][:rounds, :, : 2 * leaves - 1]
    kept[f"{place}.levels"] = kept[f"{place}.levels"][:rounds]
    return replace(architecture, body=body), kept


def at_most(thresholds: Floats) -> npt.NDArray[np.float32]:
    """Return the largest float32 numbers not above: they split float32 numbers just as the thresholds do."""
    near = thresholds.astype(np.float32)
    return np.where(near > thresholds, np.nextafter(near, np.float32(-np.inf)), near)
