"""An ensemble of small networks over candidates, whose disagreement says how unsure it is.

BANANAS (White, Neiswanger & Savani 2021, sections 3 and 4, arXiv:1910.11858): five feed-forward networks of 10 layers of 20
units, trained for 150 epochs with Adam at 0.01 on the mean absolute error. Here they see graph labels instead of
paths, and the networks are trained side by side in NumPy: they are so small that one array operation for all
takes hardly longer than for one.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coeval.seed import generator
from coeval.space.features import Features, Labels, count_matrix, vocabulary_of

Floats = npt.NDArray[np.float64]

_DECAYS = 0.9, 0.999
_TINY = 1e-8


@dataclass(frozen=True, slots=True)
class Ensemble:
    """Networks that differ in their first weights and in the order of their examples.

    Attributes:
        members: How many networks.
        layers: Hidden layers of each.
        width: Units of a hidden layer.
        epochs: Passes over the trials.
        lr: Of Adam.
        batch: Trials a step.
    """

    members: int = 5
    layers: int = 10
    width: int = 20
    epochs: int = 150
    lr: float = 0.01
    batch: int = 32

    def __post_init__(self) -> None:
        for name in ("members", "layers", "width", "epochs", "batch"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}.")
        if self.lr <= 0:
            raise ValueError(f"lr must be above 0, got {self.lr}.")

    def fit(self, known: Sequence[Features], targets: Floats, seed: int) -> "FittedEnsemble":
        """Return the trained networks.

        Args:
            known: ``(trials,)`` features.
            targets: ``(trials,)`` what is predicted.
            seed: Of the first weights and the order of the examples.
        """
        rng = generator(seed, "ensemble")
        words = vocabulary_of(known)
        plain = _inputs(known, words)
        scale = np.where(plain.std(axis=0) > 0, plain.std(axis=0), np.inf)
        inputs = (plain - plain.mean(axis=0)) / scale
        sizes = [inputs.shape[1], *[self.width] * self.layers, 1]
        # He et al. 2015, arXiv:1502.01852: without it nothing passes ten layers.
        weights = [
            rng.normal(size=(self.members, m, n)) * np.sqrt(2 / max(m, 1))
            for m, n in itertools.pairwise(sizes)
        ]
        weights += [np.zeros((self.members, 1, size)) for size in sizes[1:]]
        moments = [(np.zeros_like(one), np.zeros_like(one)) for one in weights]
        step = 0
        for _ in range(self.epochs):
            order = rng.permuted(np.tile(np.arange(len(known)), (self.members, 1)), axis=1)
            for start in range(0, len(known), self.batch):
                step += 1
                rows = order[:, start : start + self.batch]
                gradients = _gradients(weights, inputs[rows], targets[rows][..., None])
                _adam(weights, moments, gradients, step, self.lr)
        return FittedEnsemble(tuple(weights), words, plain.mean(axis=0), scale)


@dataclass(frozen=True, slots=True)
class FittedEnsemble:
    """Trained networks; trials that finished since are heard at the next fit.

    Attributes:
        weights: ``(members, inputs, outputs)`` of each layer, then ``(members, 1, outputs)`` biases.
        words: Labels that the networks know.
        centre: ``(inputs,)`` means of the inputs.
        scale: ``(inputs,)`` their deviations.
    """

    weights: tuple[Floats, ...]
    words: Labels
    centre: Floats
    scale: Floats

    def predict(
        self,
        known: Sequence[Features],
        targets: Floats,
        pending: Sequence[Features],
        pool: Sequence[Features],
    ) -> tuple[Floats, Floats]:
        """Return mean and standard deviation of the members' predictions.

        Args:
            known: Not needed after the fit.
            targets: Not needed after the fit.
            pending: Not heard: draws for each candidate apart keep a batch diverse.
            pool: ``(pool,)`` features of candidates.
        """
        del known, targets, pending
        inputs = (_inputs(pool, self.words) - self.centre) / self.scale
        outputs = _forward(self.weights, inputs[None])[-1][..., 0]
        return outputs.mean(axis=0), outputs.std(axis=0)


def _inputs(bags: Sequence[Features], words: Labels) -> Floats:
    numbers = np.array([one.numbers for one in bags]).reshape(len(bags), -1)
    return np.concatenate([count_matrix(bags, words), numbers], axis=1)


def _forward(weights: Sequence[Floats], inputs: Floats) -> list[Floats]:
    """Return the inputs and the results of every layer; all but the last are rectified."""
    layers = len(weights) // 2
    values = [inputs]
    for place in range(layers):
        found = values[-1] @ weights[place] + weights[layers + place]
        values.append(np.maximum(found, 0.0) if place < layers - 1 else found)
    return values


def _gradients(weights: Sequence[Floats], inputs: Floats, targets: Floats) -> list[Floats]:
    """Return the gradients of the mean absolute error: of the weights, then of the biases."""
    layers = len(weights) // 2
    values = _forward(weights, inputs)
    back = np.sign(values[-1] - targets) / targets.shape[1]
    slopes, biases = [], []
    for place in range(layers - 1, -1, -1):
        slopes.append(values[place].transpose(0, 2, 1) @ back)
        biases.append(back.sum(axis=1, keepdims=True))
        if place:
            back = (back @ weights[place].transpose(0, 2, 1)) * (values[place] > 0)
    return [*slopes[::-1], *biases[::-1]]


def _adam(
    weights: list[Floats],
    moments: list[tuple[Floats, Floats]],
    gradients: list[Floats],
    step: int,
    lr: float,
) -> None:
    """Change the weights in place (Kingma & Ba 2015, algorithm 1, arXiv:1412.6980)."""
    first, second = _DECAYS
    for place, gradient in enumerate(gradients):
        mean, square = moments[place]
        np.add(mean, (1 - first) * (gradient - mean), out=mean)
        np.add(square, (1 - second) * (gradient * gradient - square), out=square)
        size = np.sqrt(square / (1 - second**step)) + _TINY
        np.subtract(weights[place], lr * mean / (1 - first**step) / size, out=weights[place])
