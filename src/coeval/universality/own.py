"""A user's own activation: what is stated of it is checked as far as values can, then believed."""

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from coeval.errors import SpaceError
from coeval.universality.activation import Activation, Array
from coeval.universality.capability import Facts
from coeval.universality.facts import activation_facts
from coeval.universality.probe import refuted_degrees

_SAMPLES: Array = np.concatenate([np.linspace(-60.0, 60.0, 2401), [-1e6, 1e6]])
_ROUNDING = 1e-9


def own_activation(activation: Activation, summary: str = "") -> Facts:
    """Return the facts of a user's activation, ready for ``audit``.

    Args:
        activation: The function, and what is stated of it. State only what is true for *all* numbers:
            values can refute a statement, and nothing here can prove one.
        summary: One line for listings.

    Raises:
        SpaceError: The function is not a function of float64 arrays, or a value refutes a statement.

    Example:
        >>> from coeval.universality.activation import Activation
        >>> shifted = Activation("shifted", lambda x: np.maximum(x - 1, 0), constant_below=1)
        >>> [str(one) for one in sorted(own_activation(shifted).grants)][:2]
        ['activation with an exact integer gate', 'continuous non-affine activation']
    """
    with np.errstate(all="ignore"):
        values = np.asarray(activation.apply(_SAMPLES))
    if values.shape != _SAMPLES.shape or values.dtype != np.float64:
        raise SpaceError(
            f"{activation.name} must map a float64 array to a float64 array of its shape {_SAMPLES.shape}, "
            f"got {values.dtype} of shape {values.shape}. Write it with NumPy functions, elementwise."
        )
    for statement, where in _refuted(activation, values):
        raise SpaceError(
            f"{activation.name} is stated to be {statement}, which its value at {where:g} refutes. "
            "Correct the statement, or leave it out."
        )
    return activation_facts(activation, summary)


def _refuted(activation: Activation, values: Array) -> Iterator[tuple[str, float]]:
    finite = np.isfinite(values)
    x, y = _SAMPLES[finite], values[finite]
    order = np.argsort(x)
    x, y = x[order], y[order]
    size = _ROUNDING * (1 + np.abs(y))
    if activation.slopes is not None:
        below, above = activation.slopes
        line = np.where(x < 0, below * x, above * x)
        yield from _first(f"of slopes {below:g} and {above:g}", x, np.abs(y - line) > size)
    if activation.ramp is not None:
        line = np.interp(x, activation.ramp, activation.apply(np.array(activation.ramp)))
        yield from _first(f"a ramp between {activation.ramp}", x, np.abs(y - line) > size)
    if activation.constant_below is not None:
        left = x <= activation.constant_below
        differs = left & (np.abs(y - y[0]) > size)
        yield from _first(f"constant up to {activation.constant_below:g}", x, differs)
    yield from _refuted_shape(activation, x, y)


def _refuted_shape(activation: Activation, x: Array, y: Array) -> Iterator[tuple[str, float]]:
    falls = np.concatenate([[False], np.diff(y) < -_ROUNDING * (1 + np.abs(y[1:]))])
    rises = np.concatenate([[False], np.diff(y) > _ROUNDING * (1 + np.abs(y[1:]))])
    if activation.increasing:
        yield from _first("never decreasing", x, falls)
    if activation.monotone_below is not None:
        left = x <= activation.monotone_below
        if (left & falls).any() and (left & rises).any():
            yield f"monotone up to {activation.monotone_below:g}", float(x[left & falls][0])
    if activation.degree is not None and activation.degree in refuted_degrees(activation, 16):
        yield f"a polynomial of degree {activation.degree}", 0.0
    if activation.bounded and np.ptp(y) == 0:
        yield "bounded and not constant", float(x[0]) if len(x) else math.nan


def _first(statement: str, x: Array, wrong: npt.NDArray[np.bool_]) -> Iterator[tuple[str, float]]:
    if wrong.any():
        yield statement, float(x[np.argmax(wrong)])
