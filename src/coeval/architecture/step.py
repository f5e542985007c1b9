"""An architecture: a sequence of known functions in static single assignment form.

Each result is defined once, in order. References by index make skip connections and branches;
regions (a sequence inside a step) make residuals, repeats and loops. Everything here is an
immutable value. The representation follows de Wynter 2019 (arXiv:1908.09942): an answer to the
function approximation problem *is* a sequence.
"""

from collections.abc import Sequence as Many
from dataclasses import dataclass

from coeval.architecture.component import Component, Settings, Value
from coeval.architecture.types import ValueType


@dataclass(frozen=True, slots=True)
class Step:
    """One component applied to earlier results.

    Attributes:
        component: The function.
        settings: All its settings, in declared order; make them with ``step(...)``.
        inputs: Indices of earlier results: ``0..n-1`` are the region's ``n`` inputs, then one for each step.
        regions: Nested sequences, as many as the component declares.
    """

    component: Component
    settings: Settings
    inputs: tuple[int, ...]
    regions: tuple["Region", ...] = ()

    def setting(self, name: str) -> Value:
        """Return the value of one setting."""
        return dict(self.settings)[name]


@dataclass(frozen=True, slots=True)
class Region:
    """A sequence of steps over ``inputs`` given values; ``output`` is the index of its result."""

    inputs: int
    steps: tuple[Step, ...]
    output: int


@dataclass(frozen=True, slots=True)
class Architecture:
    """Typed inputs and the sequence applied to them."""

    inputs: tuple[ValueType, ...]
    body: Region


def step(
    component: Component, inputs: int | Many[int], *regions: Region, **settings: Value
) -> Step:
    """Make a step with checked settings.

    Raises:
        SpaceError: A setting is unknown, or its value is not allowed.
    """
    references = (inputs,) if isinstance(inputs, int) else tuple(inputs)
    return Step(component, component.complete(settings), references, regions)


def sequence(inputs: int, steps: Many[Step]) -> Region:
    """Make a region whose result is its last step's (its first input, if there is none)."""
    return Region(inputs, tuple(steps), inputs + len(steps) - 1 if steps else 0)
