"""What a component is: a candidate function with its rules. The components themselves live in ``coeval.component``."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from coeval.architecture.types import ValueType
from coeval.errors import SpaceError, did_you_mean

if TYPE_CHECKING:
    from coeval.architecture.step import Region

Value = bool | int | float | str
Settings = tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a component and what it may be.

    ``choices`` stand in their natural order, so that a move can step to a neighbour. ``bounds`` (both
    inclusive) say which other values are legal for a user or a task: a head's classes, say.
    """

    name: str
    choices: tuple[Value, ...]
    default: Value
    bounds: tuple[float, float] | None = None

    def allows(self, value: Value) -> bool:
        """Return whether the value is one of the choices, of its type, or within the bounds."""
        if any(value == one and type(value) is type(one) for one in self.choices):
            return True
        if self.bounds is None or isinstance(value, bool | str):
            return False
        if isinstance(self.default, int) and not isinstance(value, int):
            return False
        return self.bounds[0] <= value <= self.bounds[1]


@dataclass(frozen=True, slots=True)
class Cost:
    """What one step costs an example: trainable ``parameters``, ``macs`` (multiply-accumulates), ``activations`` (numbers kept for the backward pass)."""

    parameters: int = 0
    macs: int = 0
    activations: int = 0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            self.parameters + other.parameters,
            self.macs + other.macs,
            self.activations + other.activations,
        )


@dataclass(frozen=True, slots=True)
class Body:
    """A nested region after inference: what it takes, what it gives, what it costs."""

    inputs: tuple[ValueType, ...]
    output: ValueType
    cost: Cost


@dataclass(frozen=True, slots=True)
class Call:
    """A component applied: the types it receives, its settings, its nested regions."""

    inputs: tuple[ValueType, ...]
    settings: Mapping[str, Value]
    bodies: tuple[Body, ...] = ()


class Rejection(Exception):  # noqa: N818 - an answer between rules, never an error a user sees
    """A type rule's answer when a component cannot take what it is given; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Component:
    """A candidate function: a name, its rules, and where its implementation is.

    Two components are equal when their names are: an architecture holds the component itself, JSON its name.

    Attributes:
        name: Unique in a component set, lower case with underscores.
        summary: One line for documentation and tooltips.
        type_rule: From a call to the output type; raises ``Rejection`` with the reason.
        cost_rule: From a call and its output type to the cost of this step, its bodies included.
        arguments: From a call and its output type to the plain keyword arguments of the lowering's
            constructor (bodies are passed first, positionally, when there are any).
        lowering: ``"module:Class"`` of a self-contained ``nn.Module``; imported by ``build`` alone. Empty
            for a scalar component, which has ``numeric`` instead.
        settings: In the order in which they are shown.
        arity: Smallest and largest number of inputs (``None``: unlimited).
        regions: How many nested regions a step holds (``None``: any number from 1 on).
        body_inputs: From the step's input types to the input types of each nested region.
        commutative: The order of the inputs does not matter.
        identity_when: Whether a call with these settings returns its only input unchanged.
        relevant: From the settings to the names of those that matter; the others do not change the
            function, so the normal form sets them to their defaults (``None``: all matter).
        instances: From the settings to how many separately weighted copies of each region ``build``
            passes to the lowering (``None``: one).
        expansion: From the settings and regions to an equivalent region that says the same in other
            components, or to ``None``; the normal form puts it in the step's place.
        capabilities: Facts for the audit: ``"affine"``, ``"nonpolynomial"``, ``"saturating"``,
            ``"gating"``, ``"projection"``, ``"bounded_iteration"`` …; for the normal form
            ``"associative"`` (nested uses flatten, a single input is returned as it is),
            ``"stochastic"`` (two equal uses differ), ``"equivariant"`` (permuting the features of the
            only input permutes those of the output), ``"joining"`` (concatenates features), ``"zero"``
            (zeros, whatever the input), ``"sum"`` (a zero among several inputs changes nothing) and
            ``"zero_preserving"`` (zeros give zeros, or a learnt offset of each feature); for the drawing ``"entry"``, ``"head"``, ``"normalising"``, ``"merging"``;
            ``"voting"`` (in training the network gives its input instead).
        numeric: ``"module:function"`` of the numeric backend, called ``(xp, settings, bodies)`` with the array
            namespace (``numpy`` or ``torch``) and returning the vectorised function of the step's inputs;
            imported by ``build`` alone. Empty for a neural component.
    """

    name: str
    summary: str = field(compare=False)
    type_rule: Callable[[Call], ValueType] = field(compare=False, repr=False)
    cost_rule: Callable[[Call, ValueType], Cost] = field(compare=False, repr=False)
    arguments: Callable[[Call, ValueType], dict[str, object]] = field(compare=False, repr=False)
    lowering: str = field(default="", compare=False, repr=False)
    settings: tuple[Setting, ...] = field(default=(), compare=False, repr=False)
    arity: tuple[int, int | None] = field(default=(1, 1), compare=False, repr=False)
    regions: int | None = field(default=0, compare=False, repr=False)
    body_inputs: Callable[[tuple[ValueType, ...]], tuple[ValueType, ...]] | None = field(
        default=None, compare=False, repr=False
    )
    commutative: bool = field(default=False, compare=False, repr=False)
    identity_when: Callable[[Mapping[str, Value]], bool] | None = field(
        default=None, compare=False, repr=False
    )
    relevant: Callable[[Mapping[str, Value]], frozenset[str]] | None = field(
        default=None, compare=False, repr=False
    )
    instances: Callable[[Mapping[str, Value]], int] | None = field(
        default=None, compare=False, repr=False
    )
    expansion: Callable[[Mapping[str, Value], tuple["Region", ...]], "Region | None"] | None = (
        field(default=None, compare=False, repr=False)
    )
    capabilities: frozenset[str] = field(default=frozenset(), compare=False, repr=False)
    numeric: str = field(default="", compare=False, repr=False)

    def complete(self, given: Mapping[str, Value]) -> Settings:
        """Return the given settings checked, with defaults for the rest, in declared order.

        Raises:
            SpaceError: A setting is unknown, or its value is not allowed.
        """
        names = [one.name for one in self.settings]
        for name in given:
            if name not in names:
                raise SpaceError(
                    f"{self.name} has settings {names}, got {name!r}.{did_you_mean(name, names)}"
                )
        for one in self.settings:
            value = given.get(one.name, one.default)
            if not one.allows(value):
                limits = (
                    f" or a number in {one.bounds[0]:g}..{one.bounds[1]:g}" if one.bounds else ""
                )
                raise SpaceError(
                    f"{self.name}.{one.name} must be one of {list(one.choices)}{limits}, got {value!r}."
                )
        return tuple((one.name, given.get(one.name, one.default)) for one in self.settings)


ComponentSet = Mapping[str, Component]
