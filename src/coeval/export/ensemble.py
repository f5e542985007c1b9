"""Several trained models as one, as plain values: the weighted mean of what they predict, calibrated.

Members that err in different places correct each other (Caruana et al. 2004, doi:10.1145/1015330.1015432). Calibration is
one number by which all logits are divided (Guo et al. 2017, arXiv:1706.04599, section 4.2).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coeval.architecture.component import Cost
from coeval.architecture.inference import infer
from coeval.architecture.types import Grid
from coeval.export.model import Model
from coeval.task.table import Schema
from coeval.task.task import Problem

Floats = npt.NDArray[np.float64]

LEAST = 1e-30
"""Least probability whose logarithm is taken. Single precision holds it, so ``model.onnx`` says the same."""


@dataclass(frozen=True, slots=True, eq=False)
class Ensemble:
    """Models that predict together. One alone is a model whose probabilities are calibrated.

    Attributes:
        members: Of one task, each with a preparation of its own; the heaviest first.
        weights: Of each, positive; they add up to 1.
        temperature: Probabilities are ``p ** (1 / temperature)``, made to add up to 1; at 1, and for regression, nothing
            is changed.
    """

    members: tuple[Model, ...]
    weights: tuple[float, ...]
    temperature: float = 1.0

    def __post_init__(self) -> None:
        """Check that there is a positive weight for each of at least one member."""
        if not self.members or len(self.members) != len(self.weights):
            raise ValueError(
                f"an ensemble needs members and a weight for each, got {len(self.members)} members and "
                f"{len(self.weights)} weights."
            )
        if min(self.weights) <= 0 or not math.isclose(sum(self.weights), 1.0, abs_tol=1e-9):
            raise ValueError(f"weights must be positive and add up to 1, got {self.weights}.")
        if not 0 < self.temperature < math.inf:
            raise ValueError(f"the temperature must be positive, got {self.temperature}.")

    @property
    def first(self) -> Model:
        """Return the heaviest member, which knows all that the members share: columns, target, classes."""
        return self.members[0]

    @property
    def schema(self) -> Schema:
        """Return the columns that a user gives."""
        return self.first.schema

    @property
    def problem(self) -> Problem:
        """Return what the outputs mean."""
        return self.first.problem

    @property
    def target(self) -> str:
        """Return the name of the target column."""
        return self.first.target

    @property
    def classes(self) -> tuple[str, ...]:
        """Return the class labels."""
        return self.first.classes

    @property
    def number(self) -> bool:
        """Return whether the labels are numbers."""
        return self.first.number

    @property
    def mean(self) -> float:
        """Return the target's mean as the heaviest member knows it."""
        return self.first.mean

    @property
    def std(self) -> float:
        """Return the unit in which differences of values are told."""
        return self.first.std

    @property
    def metric(self) -> str:
        """Return the name of the metric that was optimised."""
        return self.first.metric

    @property
    def image(self) -> Grid | None:
        """Return the type of the images that a user gives; ``None`` for a table."""
        return self.first.image


Trained = Model | Ensemble
"""What a user takes home."""


def members_of(model: Trained) -> tuple[Model, ...]:
    """Return the networks and trees that a model consists of."""
    return model.members if isinstance(model, Ensemble) else (model,)


def cost_of(model: Trained) -> Cost:
    """Return parameters, multiply-accumulates and activations of all members together."""
    return sum((infer(one.architecture).cost for one in members_of(model)), Cost())


def combined(model: Trained, predictions: Sequence[Floats]) -> Floats:
    """Return what a model predicts, given what its members do.

    Args:
        model: A single one has one member.
        predictions: Of each member, ``(rows, classes)`` probabilities or ``(rows,)`` values.
    """
    if not isinstance(model, Ensemble):
        return predictions[0]
    mean = weighted_mean(predictions, model.weights)
    return mean if model.problem is Problem.REGRESSION else tempered(mean, model.temperature)


def weighted_mean(predictions: Sequence[Floats], weights: Sequence[float]) -> Floats:
    """Return the mean of predictions of one shape under weights that add up to 1."""
    first, *others = (weight * one for weight, one in zip(weights, predictions, strict=True))
    return sum(others, start=first)


def tempered(probabilities: Floats, temperature: float) -> Floats:
    """Return probabilities ``(rows, classes)`` with their logits divided by a temperature.

    Example:
        >>> tempered(np.array([[0.8, 0.2]]), 2.0).round(3).tolist()
        [[0.667, 0.333]]
    """
    if temperature == 1.0:
        return probabilities
    logits = np.log(np.maximum(probabilities, LEAST)) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    result: Floats = powers / powers.sum(axis=1, keepdims=True)
    return result
