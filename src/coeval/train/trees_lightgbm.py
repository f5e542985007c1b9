"""Trees grown by LightGBM, where the extra ``trees`` is installed: the same settings as scikit-learn's, in less time.

Its trees are read from the text in which it saves them (``Booster.model_to_string``): splits are numbered from 0, a child
below 0 is the leaf of its complement, and a row with at most the threshold goes left. Shrinkage, and the constant that
boosting begins with, are in the leaves already. Beside 0 it splits at 1e-35 (``kZeroThreshold``), where a number that another program
computes as -1e-18 or 1e-9 goes astray; such a threshold is moved half way to the next number, as all others lie.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from coeval.architecture.component import Value
from coeval.build.modules.trees import TreeEnsemble
from coeval.task.task import Problem
from coeval.train.trees_stored import Floats, Tree, store
from coeval.train.trees_table import Follow, Learnt

ZERO = 1e-35
"""Thresholds beside 0, above it and below."""
BLOCK_ROWS = 4096
"""Looked at at once: a copy of the whole table may be large."""
OBJECTIVES = {
    Problem.BINARY: "binary",
    Problem.MULTICLASS: "multiclass",
    Problem.REGRESSION: "regression",
}


@cache
def is_installed() -> bool:
    """Return whether there is a LightGBM that can be loaded."""
    try:
        import lightgbm  # noqa: F401, PLC0415 - an extra, and half a second
    except (ImportError, OSError):  # the latter where its OpenMP library is missing
        return False
    return True


def grow_lightgbm(
    ensemble: TreeEnsemble,
    settings: Mapping[str, Value],
    learnt: Learnt,
    rounds: int,
    seed: int,
    follow: Follow,
) -> None:
    """Grow rounds of trees into an ensemble until enough, or told to end, or no leaf can be split.

    Args:
        ensemble: Gets them, a round as soon as it is grown.
        settings: Of the component.
        learnt: From what.
        rounds: At most.
        seed: Of the draws of features, rows and thresholds.
        follow: Told each round when it is stored, and answers whether to go on.
    """
    import lightgbm  # noqa: PLC0415 - an extra

    options = _options(settings, learnt.problem, ensemble.value.shape[1], seed)
    known = lightgbm.Dataset(learnt.table, learnt.target, weight=learnt.weights, params=options)
    booster = lightgbm.Booster(options, known)
    gaps = beside_zero(learnt.table)
    with torch.no_grad():
        ensemble.offset.zero_()
    for number in range(1, rounds + 1):
        is_over = booster.update()
        if booster.current_iteration() < number:
            break  # what could not be split is not kept
        store(ensemble, number - 1, [apart(one, gaps) for one in trees_of(booster, number - 1)])
        if not follow(number) or is_over:
            break


def trees_of(booster: Any, number: int) -> list[Tree]:
    """Return the trees of one round of a booster without native categories and missing values, one an output."""
    text = booster.model_to_string(num_iteration=1, start_iteration=number)
    _, *blocks = text.split("\nend of trees")[0].split("\nTree=")
    return [_tree(dict(_entries(one))) for one in blocks]


def beside_zero(table: npt.NDArray[np.floating[Any]]) -> Floats:
    """Return each column's largest number below 0 and its smallest above, ``(columns, 2)``; 0 where there is none."""
    found = np.tile([-np.inf, np.inf], (table.shape[1], 1))
    for start in range(0, len(table), BLOCK_ROWS):
        block = table[start : start + BLOCK_ROWS]
        below = np.where(block < 0, block, -np.inf).max(axis=0)
        above = np.where(block > 0, block, np.inf).min(axis=0)
        found = np.stack([np.maximum(found[:, 0], below), np.minimum(found[:, 1], above)], axis=1)
    return np.where(np.isfinite(found), found, 0.0)


def apart(tree: Tree, gaps: Floats) -> Tree:
    """Return a tree whose thresholds beside 0 lie half way to the next number.

    Args:
        tree: As LightGBM grew it.
        gaps: As ``beside_zero`` returned them, of the rows that it grew from.
    """
    is_beside = (tree.threshold != 0) & (np.abs(tree.threshold) <= 2 * ZERO)
    moved = gaps[tree.feature, (tree.threshold > 0).astype(np.intp)] / 2
    return replace(tree, threshold=np.where(is_beside, moved, tree.threshold))


def _entries(block: str) -> list[tuple[str, str]]:
    lines = (line.partition("=") for line in block.splitlines())
    return [(name, value) for name, mark, value in lines if mark]


def _tree(entries: Mapping[str, str]) -> Tree:
    leaves = np.array(entries["leaf_value"].split(), np.float64)
    splits = len(leaves) - 1
    names = ("split_feature", "threshold", "left_child", "right_child")
    read = {name: np.array(entries.get(name, "").split()[:splits], np.float64) for name in names}
    own, zeros = splits + np.arange(len(leaves)), np.zeros(len(leaves))
    children = {
        name: np.concatenate([_places(read[name].astype(np.int64), splits), own])
        for name in ("left_child", "right_child")
    }
    depths = np.zeros(splits + len(leaves), np.int64)
    for node in range(splits):  # a split has a lower number than those below it
        for child in children.values():
            depths[child[node]] = depths[node] + 1
    return Tree(
        feature=np.concatenate([read["split_feature"], zeros]).astype(np.int64),
        threshold=np.concatenate([read["threshold"], zeros]),
        left=children["left_child"],
        right=children["right_child"],
        value=np.concatenate([np.zeros(splits), leaves]),
        depth=int(depths.max()),
    )


def _places(children: "np.ndarray[Any, np.dtype[np.int64]]", splits: int) -> Any:
    """Return where splits and leaves stand when the leaves come behind the splits."""
    return np.where(children < 0, splits + ~children, children)


def _options(
    settings: Mapping[str, Value], problem: Problem, outputs: int, seed: int
) -> dict[str, Any]:
    return {
        "objective": OBJECTIVES[problem],
        "num_class": outputs,
        "learning_rate": settings["shrinkage"],
        "num_leaves": settings["leaves"],
        "min_data_in_leaf": settings["least"],
        "lambda_l2": settings["penalty"],
        "feature_fraction_bynode": settings["share"],
        "bagging_fraction": settings["rows"],
        "bagging_freq": int(settings["rows"] != 1.0),
        "extra_trees": settings["splits"] == "random",
        "seed": seed % 2**31,
        "num_threads": torch.get_num_threads(),
        "deterministic": True,
        "force_row_wise": True,  # else it tries both, and the clock decides
        "verbosity": -1,
    }
