"""An activation as the audit sees it: a NumPy function, and properties that are stated of it.

Nothing is concluded for all numbers from values at some: a proof starts from a stated property, a
value can only refute one.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Function = Callable[[Array], Array]


@dataclass(frozen=True, slots=True)
class Activation:
    """A scalar function on all real numbers, with what is stated of it.

    Attributes:
        name: As formulas show it.
        apply: Elementwise, float64 in and out, any shape.
        slopes: ``(below, above)`` for a unit that is ``below * x`` for ``x < 0`` and ``above * x`` for ``x >= 0``.
        ramp: ``(lower, upper)`` for a unit that is constant up to ``lower``, affine between, constant from ``upper``.
        constant_below: It is constant on all ``x <= constant_below``.
        monotone_below: It is monotone on all ``x <= monotone_below`` (``inf``: everywhere).
        bounded: It is bounded, and not constant.
        continuous: It is continuous.
        sloped: It is continuously differentiable around a point where its slope is not 0.
        increasing: It never decreases.
        degree: It is a polynomial of this degree.
        transcendental: It is known not to be a polynomial, for a reason that the properties above do not give.
        logistic: It is the logistic function up to affine maps of input and output (tanh is).
    """

    name: str
    apply: Function
    slopes: tuple[float, float] | None = None
    ramp: tuple[float, float] | None = None
    constant_below: float | None = None
    monotone_below: float | None = None
    bounded: bool = False
    continuous: bool = True
    sloped: bool = True
    increasing: bool = False
    degree: int | None = None
    transcendental: bool = False
    logistic: bool = False

    @property
    def nonpolynomial(self) -> bool:
        """Whether a stated property proves that no polynomial equals it.

        A polynomial that is bounded, or constant on a half-line, is constant; it has neither jumps nor kinks.
        """
        kinked = self.slopes is not None and self.slopes[0] != self.slopes[1]
        half_line = self.constant_below is not None or self.ramp is not None
        return self.bounded or kinked or half_line or not self.continuous or self.transcendental

    @property
    def nonaffine(self) -> bool:
        """Whether a stated property proves that it is not affine."""
        return self.nonpolynomial or (self.degree is not None and self.degree > 1)
