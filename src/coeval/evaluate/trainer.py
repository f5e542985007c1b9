"""Trains one candidate on one fold: the part of the evaluator that needs torch, imported by workers only."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from coeval.architecture.retype import retyped
from coeval.architecture.step import Architecture
from coeval.build.network import Network
from coeval.build.weights import arrays, load
from coeval.evaluate.beginning import Arrays
from coeval.evaluate.folds import Fold
from coeval.evaluate.zero_cost import signals_of
from coeval.seed import entropy
from coeval.space.recipe import Recipe
from coeval.task.task import Task
from coeval.train.data import TrainingData, examples_of
from coeval.train.fit import Fitted, fit
from coeval.train.predict import predict


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """One fold's result.

    Attributes:
        fitted: What training says of itself.
        predictions: ``(judged rows, classes)`` or ``(judged rows,)``, of the best epoch's weights.
        weights: Arrays by step path.
        signals: Scores of the untrained network by name, where they were asked for.
    """

    fitted: Fitted
    predictions: npt.NDArray[np.float64]
    weights: Mapping[str, np.ndarray]
    signals: Mapping[str, float] = field(default_factory=dict)


def train_fold(
    task: Task,
    architecture: Architecture,
    recipe: Recipe,
    fold: Fold,
    *,
    epochs: int,
    seed: int,
    device: str,
    on_epoch: Callable[[int, Mapping[str, float]], bool],
    should_stop: Callable[[], bool],
    on_slice: Callable[[Arrays], None] | None = None,
    weights: Arrays | None = None,
    start: Arrays | None = None,
    keep_state: bool = False,
    signals: bool = False,
) -> Trained:
    """Build the network for the fold's own columns, train it with early stopping, and predict the judged rows.

    Args:
        task: Whose problem, metric, target and weights are used.
        architecture: Its input is replaced by the columns of the fold's preparation: a fold without
            one of the rare categories has fewer codes.
        recipe: How to train; its ``epochs`` are the length of the schedule.
        fold: The prepared rows.
        epochs: Stop after so many, be the schedule longer or not.
        seed: Of initialisation, order and dropout.
        device: A name for ``train.device.resolve``.
        on_epoch: As ``train.fit.fit`` takes it.
        should_stop: Likewise.
        on_slice: Likewise.
        weights: What the network is given before its first epoch instead of its own initialisation.
        start: The state to go on from, as ``train.fit.fit`` takes it.
        keep_state: Whether ``Trained.fitted`` holds the state at the end.
        signals: Whether the untrained network is scored first; not where training goes on from a state.

    Raises:
        Diverged: The loss or a prediction is not finite.
    """
    network, data = untrained(task, architecture, fold, seed=seed)
    scored = signals_of(network, data, seed) if signals and start is None else {}
    if weights is not None:
        load(network, weights)
    fitted = fit(
        network,
        data,
        recipe,
        seed=seed,
        metric=task.metric,
        device=device,
        schedule_epochs=recipe.epochs,
        stop_after=epochs,
        on_epoch=on_epoch,
        should_stop=should_stop,
        on_slice=on_slice,
        start=start,
        keep_state=keep_state,
    )
    predictions = predict(network, fold.judged, task.problem, fitted.scale)
    return Trained(fitted, predictions, arrays(network), scored)


def untrained(
    task: Task, architecture: Architecture, fold: Fold, *, seed: int
) -> tuple[Network, TrainingData]:
    """Return the network for a fold's own columns with its initial weights, and the fold's examples.

    Args:
        task: Whose problem, target and weights are used.
        architecture: As ``train_fold`` takes it.
        fold: The prepared rows.
        seed: Of the fold's training.
    """
    network = Network(
        retyped(architecture, fold.preparation.columns), seed=entropy(seed, "weights")
    )
    network.fit_entries(fold.train)
    data = TrainingData(
        task.problem,
        examples_of(task, fold.train, fold.train_index),
        examples_of(task, fold.judged, fold.judged_index),
    )
    return network, data


def score_untrained(
    task: Task, architecture: Architecture, fold: Fold, *, seed: int
) -> dict[str, float]:
    """Return the signals that ``train_fold`` would measure, without training."""
    network, data = untrained(task, architecture, fold, seed=seed)
    return signals_of(network, data, seed)
