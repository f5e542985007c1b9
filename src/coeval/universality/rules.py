"""What a rule of the audit is; the rules themselves are in ``theorems`` and ``refutations``.

A **theorem** certifies: it needs capabilities, so it keeps holding when components are added. A
**refutation** says "not": it needs a guarantee of *every* component. What neither reaches is unknown. Each
citation says how it was checked: "abstract read", "secondary source", or "recalled" where only general
knowledge stands behind it; "derived" where the proof is a few lines and is given.
"""

from dataclasses import dataclass
from enum import StrEnum

from coeval.universality.capability import Arithmetic, Guarantee
from coeval.universality.capability import Capability as Has


class Verdict(StrEnum):
    """What the audit says of Turing equivalence."""

    EXECUTED = "TE-executed"
    """Turing equivalent, and machines compiled to the components ran step by step like an interpreter."""
    THEOREM = "TE-theorem"
    """Turing equivalent by a theorem; no witness was run."""
    IDEAL = "TE-ideal-arithmetic"
    """Turing equivalent on noiseless real numbers, which no computer has."""
    WEAK = "weakly-universal"
    """Universal only with an infinite periodic input."""
    FINITE = "finite-state"
    """A finite automaton on the arithmetic named, so not Turing equivalent there."""
    NOT = "not-TE"
    UNKNOWN = "unknown"

    @property
    def certifies(self) -> bool:
        """Whether it says "Turing equivalent"."""
        return self in (Verdict.EXECUTED, Verdict.THEOREM, Verdict.IDEAL)

    @property
    def refutes(self) -> bool:
        """Whether it says "not Turing equivalent"."""
        return self in (Verdict.FINITE, Verdict.NOT)


class About(StrEnum):
    """What a rule speaks of."""

    TURING = "Turing equivalence"
    APPROXIMATION = "universal approximation"
    LIMIT = "limit"


ALL = frozenset(Arithmetic)
INTEGERS = frozenset({Arithmetic.EXACT, Arithmetic.SATURATING})
EXACT = frozenset({Arithmetic.EXACT})
SATURATING = frozenset({Arithmetic.SATURATING})
FLOAT64 = frozenset({Arithmetic.FLOAT64})


@dataclass(frozen=True, slots=True)
class Theorem:
    """A sufficient condition.

    Attributes:
        rule: Its identifier; several entries share one where a theorem has several forms.
        about: What it certifies.
        needs: Capabilities that the closed component set must have.
        arithmetics: On what numbers it holds.
        strength: What it yields before a witness was run (``UNKNOWN`` where it is not about Turing equivalence).
        gives: What it says, in words.
        assumes: What it takes for granted, in words; may be empty.
        witness: The kind of network that demonstrates it, or ``None``.
        citation: Source, and how it was checked.
    """

    rule: str
    about: About
    needs: frozenset[Has]
    arithmetics: frozenset[Arithmetic]
    strength: Verdict
    gives: str
    assumes: str
    citation: str
    witness: str | None = None


@dataclass(frozen=True, slots=True)
class Refutation:
    """A negative rule.

    Attributes:
        rule: Its identifier.
        about: What it refutes or limits.
        every: Guarantees that every component must give.
        some: The set must have one of these capabilities (empty: no condition).
        arithmetics: On what numbers it holds.
        strength: What it says of Turing equivalence, for rules that are about it.
        says: In words.
        citation: Source, and how it was checked.
        one_layer: It speaks only of networks in which at most one activation lies on any path.
    """

    rule: str
    about: About
    every: frozenset[Guarantee]
    arithmetics: frozenset[Arithmetic]
    says: str
    citation: str
    strength: Verdict = Verdict.UNKNOWN
    some: frozenset[Has] = frozenset()
    one_layer: bool = False
