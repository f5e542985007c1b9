"""Small layered networks with dyadic weights, run exactly on integers or on float64.

A dyadic number is an integer over a power of two. The stack witness needs no other weights, so one common
exponent for a whole layer does, and each weight is a multiplication of integers of any length.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np

from coeval.universality.witness.gate import Array

Unit = Literal["linear", "saturated", "relu"]


@dataclass(frozen=True, slots=True)
class Row:
    """One unit's affine map: ``bias`` and a weight for each input that it reads."""

    bias: Fraction
    weights: tuple[tuple[int, Fraction], ...]


@dataclass(frozen=True, slots=True)
class Layer:
    """An affine map, and what is applied to all of its rows."""

    rows: tuple[Row, ...]
    unit: Unit


@dataclass(frozen=True, slots=True)
class Dyadic:
    """A vector of exact numbers: ``numerators[i] / 2**exponent``."""

    numerators: tuple[int, ...]
    exponent: int


@dataclass(frozen=True, slots=True)
class IntegerLayer:
    """A layer whose weights are integers over ``2**shift``: what the exact run multiplies with."""

    biases: tuple[int, ...]
    weights: tuple[tuple[tuple[int, int], ...], ...]
    shift: int
    unit: Unit


def rectified(layers: Sequence[Layer]) -> tuple[Layer, ...]:
    """Return the same function from ReLUs only: each saturated-linear unit is ``relu(x) - relu(x - 1)``.

    Args:
        layers: The last one linear.
    """
    made: list[Layer] = []
    doubled = False
    for layer in layers:
        rows = tuple(_read_pairs(one) for one in layer.rows) if doubled else layer.rows
        doubled = layer.unit == "saturated"
        if doubled:
            rows = tuple(
                Row(one.bias - back, one.weights)
                for one in rows
                for back in (Fraction(0), Fraction(1))
            )
        made.append(Layer(rows, "relu" if doubled else layer.unit))
    return tuple(made)


def integers(layers: Sequence[Layer]) -> tuple[IntegerLayer, ...]:
    """Return the layers for the exact run.

    Raises:
        ValueError: A weight or bias is not an integer over a power of two.
    """
    made = []
    for layer in layers:
        numbers = [one.bias for one in layer.rows] + [
            w for one in layer.rows for _, w in one.weights
        ]
        largest = max(number.denominator for number in numbers)
        if any(number.denominator & (number.denominator - 1) for number in numbers):
            raise ValueError(
                "Weights must be integers over a power of two, got another denominator."
            )
        made.append(
            IntegerLayer(
                tuple(int(one.bias * largest) for one in layer.rows),
                tuple(tuple((at, int(w * largest)) for at, w in one.weights) for one in layer.rows),
                largest.bit_length() - 1,
                layer.unit,
            )
        )
    return tuple(made)


def forward_exact(layers: Sequence[IntegerLayer], state: Dyadic) -> Dyadic:
    """Apply the layers without any rounding."""
    values, exponent = list(state.numerators), state.exponent
    for layer in layers:
        values = [
            (bias << exponent) + sum(weight * values[at] for at, weight in weights)
            for bias, weights in zip(layer.biases, layer.weights, strict=True)
        ]
        exponent += layer.shift
        if layer.unit != "linear":
            values = [max(value, 0) for value in values]
        if layer.unit == "saturated":
            one = 1 << exponent
            values = [min(value, one) for value in values]
    return reduce(values, exponent)


def reduce(numerators: Sequence[int], exponent: int) -> Dyadic:
    """Return the numbers over the smallest common power of two."""
    together = 0
    for one in numerators:
        together |= one
    spare = (together & -together).bit_length() - 1 if together else exponent
    spare = min(spare, exponent)
    return Dyadic(tuple(one >> spare for one in numerators), exponent - spare)


@dataclass(frozen=True, slots=True, eq=False)
class FloatLayer:
    """A layer in float64: ``weights (rows, inputs)``, ``biases (rows,)``."""

    weights: Array
    biases: Array
    unit: Unit


def floats(layers: Sequence[Layer], inputs: int) -> tuple[FloatLayer, ...]:
    """Return the layers in float64 for a state of ``inputs`` numbers."""
    made = []
    for layer in layers:
        weights = np.zeros((len(layer.rows), inputs))
        for number, one in enumerate(layer.rows):
            for at, weight in one.weights:
                weights[number, at] = float(weight)
        biases = np.array([float(one.bias) for one in layer.rows])
        made.append(FloatLayer(weights, biases, layer.unit))
        inputs = len(layer.rows)
    return tuple(made)


def forward_float(layers: Sequence[FloatLayer], state: Array) -> Array:
    """Apply the layers in float64, as a deployed network does."""
    values = state
    for layer in layers:
        values = layer.weights @ values + layer.biases
        if layer.unit != "linear":
            values = np.maximum(values, 0.0)
        if layer.unit == "saturated":
            values = np.minimum(values, 1.0)
    return values


def from_floats(values: Array) -> Dyadic:
    """Return the exact values of floats, which are all dyadic."""
    ratios = [float(value).as_integer_ratio() for value in values]
    largest = max(below for _, below in ratios)
    return reduce([above * (largest // below) for above, below in ratios], largest.bit_length() - 1)


def to_floats(state: Dyadic) -> Array:
    """Return the nearest floats."""
    return np.array([one / (1 << state.exponent) for one in state.numerators])


def _read_pairs(one: Row) -> Row:
    return Row(
        one.bias,
        tuple(pair for at, w in one.weights for pair in ((2 * at, w), (2 * at + 1, -w))),
    )
