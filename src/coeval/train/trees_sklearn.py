"""Trees grown by scikit-learn's histogram gradient boosting, which draws neither rows nor thresholds: it takes all, and the best."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from coeval.architecture.component import Value
from coeval.build.modules.trees import TreeEnsemble
from coeval.task.task import Problem
from coeval.train.trees_stored import Tree, store
from coeval.train.trees_table import Follow, Learnt


def grow_sklearn(
    ensemble: TreeEnsemble,
    settings: Mapping[str, Value],
    learnt: Learnt,
    rounds: int,
    seed: int,
    follow: Follow,
) -> None:
    """Grow rounds of trees into an ensemble until enough or told to end.

    Args:
        ensemble: Gets them, a round as soon as it is grown.
        settings: Of the component.
        learnt: From what.
        rounds: At most.
        seed: Of the draws of bins and features.
        follow: Told each round when it is stored, and answers whether to go on.
    """

    def score(model: Any, rows: object, target: object, sample_weight: object = None) -> float:
        """Store the last round; scikit-learn goes on as long as this rises, and asks after every round."""
        number = len(model._predictors)
        if not number:
            return 0.0
        load(ensemble, model, number - 1)
        return float(number) if follow(number) else -1.0

    model = _model(settings, learnt.problem, rounds, seed, score)
    model.fit(learnt.table, learnt.target, sample_weight=learnt.weights)


def load(ensemble: TreeEnsemble, model: Any, first: int = 0) -> None:
    """Copy a fitted scikit-learn model's trees from a round on into an ensemble.

    Args:
        ensemble: Of at least as many rounds.
        model: ``HistGradientBoostingClassifier`` or ``-Regressor`` fitted without missing values and native categories.
        first: The first round that is copied.
    """
    base = torch.tensor(np.ravel(model._baseline_prediction), dtype=torch.float32)
    with torch.no_grad():
        ensemble.offset.copy_(base)
    for number, grown in enumerate(model._predictors[first:], start=first):
        store(ensemble, number, [_tree(one.nodes) for one in grown])


def _tree(nodes: npt.NDArray[Any]) -> Tree:
    leaf, own = nodes["is_leaf"].astype(bool), np.arange(len(nodes))
    return Tree(
        feature=np.where(leaf, 0, nodes["feature_idx"]),
        threshold=np.where(leaf, 0.0, nodes["num_threshold"]),
        left=np.where(leaf, own, nodes["left"]),
        right=np.where(leaf, own, nodes["right"]),
        value=np.where(leaf, nodes["value"], 0.0),
        depth=int(nodes["depth"].max()),
    )


def _model(
    settings: Mapping[str, Value], problem: Problem, rounds: int, seed: int, score: Any
) -> Any:
    # A second of imports that a worker which trains networks alone need not pay.
    from sklearn import ensemble  # noqa: PLC0415

    options: dict[str, Any] = {
        "learning_rate": settings["shrinkage"],
        "max_leaf_nodes": settings["leaves"],
        "min_samples_leaf": settings["least"],
        "l2_regularization": settings["penalty"],
        "max_features": settings["share"],
        "max_iter": rounds,
        # No rows are held out for it: it is how one is told of every round without a new start, which bins and predicts anew.
        "early_stopping": True,
        "scoring": score,
        "validation_fraction": None,
        "n_iter_no_change": 1,
        "tol": 0.0,
        "categorical_features": None,
        "random_state": seed,
    }
    if problem is Problem.REGRESSION:
        return ensemble.HistGradientBoostingRegressor(**options)
    return ensemble.HistGradientBoostingClassifier(**options)
