"""Trains one candidate on one fold: the part of the evaluator that needs torch, imported by workers only."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from torch import nn

from coeval.architecture.retype import retyped
from coeval.architecture.step import Architecture
from coeval.build.network import Network, network_for
from coeval.build.weights import arrays
from coeval.component.solved import follows_no_recipe
from coeval.evaluate.beginning import Arrays
from coeval.evaluate.folds import Fold
from coeval.evaluate.inherit import Inherited, Legacy, endow, heir_recipe
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
        inherited: What it began with, if not with weights of its own.
    """

    fitted: Fitted
    predictions: npt.NDArray[np.float64]
    weights: Mapping[str, np.ndarray]
    signals: Mapping[str, float] = field(default_factory=dict)
    inherited: Inherited | None = None


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
    legacy: Legacy | None = None,
    number: int = 0,
    is_heir: bool = False,
    start: Arrays | None = None,
    keep_state: bool = False,
    signals: bool = False,
    engine: str = "auto",
) -> Trained:
    """Build the network for the fold's own inputs, train it with early stopping, and predict the judged rows.

    Args:
        task: Whose problem, metric, target and weights are used.
        architecture: Its input is replaced by what the fold's preparation yields: a fold without
            one of the rare categories has fewer codes.
        recipe: How to train; its ``epochs`` are the length of the schedule.
        fold: The prepared rows.
        epochs: Stop after so many, be the schedule longer or not.
        seed: Of initialisation, order and dropout.
        device: A name for ``train.device.resolve``.
        on_epoch: As ``train.fit.fit`` takes it.
        should_stop: Likewise.
        on_slice: Likewise.
        legacy: What the network may begin with instead of its own initialisation; an heir is trained as
            ``inherit.heir_recipe`` says.
        number: Of the fold.
        is_heir: Whether the state to go on from is an heir's.
        start: The state to go on from, as ``train.fit.fit`` takes it.
        keep_state: Whether ``Trained.fitted`` holds the state at the end.
        signals: Whether the untrained network is scored first.
        engine: As ``train.fit.fit`` takes it.

    Raises:
        Diverged: The loss or a prediction is not finite.
    """
    network, data = untrained(task, architecture, fold, seed=seed)
    signals = signals and not follows_no_recipe(architecture)  # untrained trees are nothing
    scored = signals_of(network, data, seed) if signals else {}
    typed = retyped(architecture, *fold.preparation.inputs)
    inherited = None if legacy is None else endow(network, typed, legacy, fold, number)
    if inherited is not None or is_heir:
        share = epochs / recipe.epochs
        recipe = heir_recipe(recipe)
        epochs = max(1, round(share * recipe.epochs))
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
        engine=engine,
    )
    predictions = predict(network, fold.judged, task.problem, fitted.scale)
    return Trained(fitted, predictions, arrays(network), scored, inherited)


def untrained(
    task: Task, architecture: Architecture, fold: Fold, *, seed: int
) -> tuple[nn.Module, TrainingData]:
    """Return the network for a fold's own inputs with its initial weights, and the fold's examples.

    Args:
        task: Whose problem, target and weights are used.
        architecture: As ``train_fold`` takes it.
        fold: The prepared rows.
        seed: Of the fold's training.
    """
    typed = retyped(architecture, *fold.preparation.inputs)
    network = network_for(typed, seed=entropy(seed, "weights"))
    if isinstance(network, Network):
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
