"""The integer gate: the one nonlinear function that the machine witnesses need.

A gate is any scalar ``g`` with ``g(1) = 1`` and ``g(n) = 0`` for every integer ``n <= 0``; everything
else in a witness is affine with a linear state (reference, B.4: integer gate lemma).
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Gate:
    """A scalar function with ``g(1) = 1`` and ``g(n) = 0`` for every integer ``n <= 0``.

    Attributes:
        name: The activation it is made of.
        macro: How it is made of the user's components, as a readable formula in ``n``.
        apply: Elementwise, float64 in and out, any shape.
        exact: Whether the two identities hold in exact arithmetic, and not only because float64 saturates.
    """

    name: str
    macro: str
    apply: Callable[[Array], Array] = field(compare=False, repr=False)
    exact: bool


def is_rectifier(gate: Gate) -> bool:
    """Return whether the gate is ``max(n, 0)`` wherever a witness may apply it, so that it can replace one.

    Then the copies of a counter network may pass it, and two of it make a saturated-linear unit.
    Compared on fractions between -8 and 8 and on whole numbers up to 2^53.
    """
    powers = np.exp2(np.arange(4.0, 54.0))
    samples = np.concatenate([np.arange(-8.0, 8.0, 1 / 64), powers, -powers])
    with np.errstate(all="ignore"):
        return bool(np.array_equal(gate.apply(samples), np.maximum(samples, 0.0)))


def _relu(values: Array) -> Array:
    return np.maximum(values, 0.0)


RELU_GATE = Gate("relu", "relu(n)", _relu, exact=True)
