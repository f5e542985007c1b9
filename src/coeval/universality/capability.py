"""What components can do and what they can be relied on not to do: the vocabulary of the audit.

Two kinds of facts are kept apart, because they are read in opposite directions. A **capability** says
that something exists in the set, so a theorem that needs it stays true when components are added. A
**guarantee** says that a component never leaves some class of functions, so a negative rule holds only
while *every* component gives it. A component about which nothing is known has neither, and no rule of
either sign can lean on it.
"""

from dataclasses import dataclass
from enum import StrEnum

from coeval.universality.activation import Activation


class Capability(StrEnum):
    """Something that sequences over a component set can be built from."""

    # arithmetic
    CONSTANT = "constants"
    ZERO = "zero"
    SUCCESSOR = "successor"
    PROJECTION = "projections"
    SUM = "sum"
    DIFFERENCE = "difference"
    NEGATION = "negation"
    PRODUCT = "product"
    SQUARE = "square"
    DIVISION = "division"
    FLOOR = "floor"
    INTEGER_AFFINE = "affine maps with integer weights"
    AFFINE = "affine maps"
    # wiring
    COMPOSITION = "composition"
    FANOUT = "reuse of earlier results"
    CONCATENATION = "concatenation"
    SKIP = "skip connections"
    LINEAR_STATE = "unbounded linear state"
    # decisions and activations
    SELECTION = "selection"
    COMPARISON = "comparison"
    MAXIMUM = "maximum"
    EXTREMUM = "maximum or minimum"
    RECTIFIER = "rectifier"
    TWO_SLOPE = "two-slope unit"
    ABSOLUTE = "absolute value"
    RAMP = "ramp between two constants"
    SATURATED_LINEAR = "saturated-linear unit"
    LOGISTIC = "logistic unit"
    LOGISTIC_LAYER = "logistic units of affine maps"
    NONPOLYNOMIAL = "non-polynomial activation"
    NONAFFINE = "continuous non-affine activation"
    TEMPLATE_GATE = "activation with an exact integer gate"
    LINEAR_TEMPLATE_GATE = "activation with an exact integer gate beside a linear term"
    SATURATING_TEMPLATE = "activation that saturates to an integer gate in float64"
    GATE = "exact integer gate"
    SATURATING_GATE = "integer gate in float64"
    # iteration
    FIXED_ITERATION = "iteration, a fixed number of times"
    INPUT_ITERATION = "iteration over the input"
    VALUE_ITERATION = "iteration bounded by a value"
    UNBOUNDED_ITERATION = "unbounded iteration"
    HALT = "halting test"
    PRIMITIVE_RECURSION = "primitive recursion"
    MINIMISATION = "unbounded minimisation"
    # memory and mixing
    CONVOLUTION = "convolution"
    ZERO_PADDING = "zero padding"
    PERIODIC_PADDING = "periodic padding"
    GROWTH = "growing width"
    STACK = "unbounded stack"
    TAPE = "unbounded tape"
    ATTENTION = "attention"
    HARD_ATTENTION = "hard attention"
    POSITIONS = "positional information"
    GATED_MEMORY = "additive gated memory"
    CONVEX_STATE = "convex state update"
    # other models of computation
    NAND = "NAND"
    DELAY = "unit delay"
    CONTROL = "finite control"
    FLOAT64_CONTROL = "finite control in float64"
    COMBINATOR_S = "combinator S"
    COMBINATOR_K = "combinator K"
    APPLICATION = "application"
    RULE_110 = "rule 110"
    PERIODIC_BACKGROUND = "infinite periodic background"


class Guarantee(StrEnum):
    """A class of functions that a component never leaves."""

    HALTS = "total, in a number of steps that is bounded on entry"
    FIXED_MEMORY = "a number of cells fixed by the sequence and its input"
    DISCRETE = "finitely many values"
    AFFINE = "affine, or affine wherever its parts are"
    MONOTONE = "non-decreasing in every argument, or wherever its parts are"
    POLYNOMIAL = "affine, or a polynomial activation"
    POSITIONWISE = "equivariant to permutations of the positions"
    BOUNDED_STATE = "its result stays within the bounds of its state"


class Arithmetic(StrEnum):
    """On what numbers a verdict holds."""

    EXACT = "exact"
    """Real or rational numbers of any size."""
    SATURATING = "float64 activations, integers of any size"
    """Activations are rounded to float64, where they saturate; what is linear is computed in integers of any size."""
    FLOAT64 = "float64"
    """Every number has 64 bits."""


AMBIENT = frozenset({Capability.COMPOSITION, Capability.FANOUT, Capability.PROJECTION})
"""What the language of sequences gives for nothing: each step may refer to any earlier result or input."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one component.

    Attributes:
        name: The component's name.
        summary: One line.
        grants: What it brings into a set.
        guarantees: What it never leaves.
        activation: The scalar function, where it is one (or has one inside that affine maps can single out).
        note: What a reader should know of these facts; may be empty.
    """

    name: str
    summary: str = ""
    grants: frozenset[Capability] = frozenset()
    guarantees: frozenset[Guarantee] = frozenset()
    activation: Activation | None = None
    note: str = ""
