"""What an audit says: a verdict for each arithmetic, and what stands behind it."""

from dataclasses import dataclass

from coeval.universality.additions import Addition
from coeval.universality.capability import Arithmetic
from coeval.universality.rules import Verdict
from coeval.universality.witness.result import WitnessRun


@dataclass(frozen=True, slots=True)
class Level:
    """The verdict on one arithmetic, and the rules behind it."""

    arithmetic: Arithmetic
    verdict: Verdict
    rules: tuple[str, ...]
    reason: str
    assumes: str = ""


@dataclass(frozen=True, slots=True)
class Approximation:
    """Whether sequences are dense in the continuous functions on a compact set: ``yes``, ``no`` or ``unknown``."""

    answer: str
    rules: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Limit:
    """Something that the set can do or cannot, besides the two verdicts; ``rule`` is empty for what is known of one component."""

    rule: str
    says: str


@dataclass(frozen=True, slots=True)
class Audit:
    """What is known of a component set.

    Attributes:
        components: Their names.
        turing: The verdict on Turing equivalence: the strongest certificate there is, or else the
            refutation that reaches furthest.
        levels: The verdict on each arithmetic.
        approximation: The verdict on universal approximation.
        limits: What else it can or cannot do.
        sources: Rule and citation of everything that was applied.
        construction: How what the leading certificate needs is made of the user's components, a line each.
        gate: The integer gate as a formula; empty without one.
        witnesses: What was run.
        capacity: How far each kind of witness is exact on the usual arithmetics, run or not.
        missing: What the set lacks for Turing equivalence, by the nearest theorem.
        additions: Every least-cost completion, for each goal that is not reached.
    """

    components: tuple[str, ...]
    turing: Level
    levels: tuple[Level, ...]
    approximation: Approximation
    limits: tuple[Limit, ...]
    sources: tuple[tuple[str, str], ...]
    construction: tuple[str, ...]
    gate: str
    witnesses: tuple[WitnessRun, ...]
    capacity: tuple[str, ...]
    missing: tuple[str, ...]
    additions: tuple[Addition, ...]

    def to_json(self) -> dict[str, object]:
        """Return plain values that ``json`` can write."""
        return {
            "components": list(self.components),
            "turing": _level_json(self.turing),
            "levels": [_level_json(one) for one in self.levels],
            "approximation": {
                "answer": self.approximation.answer,
                "rules": list(self.approximation.rules),
                "reason": self.approximation.reason,
            },
            "limits": [{"rule": one.rule, "says": one.says} for one in self.limits],
            "sources": [{"rule": rule, "citation": text} for rule, text in self.sources],
            "construction": list(self.construction),
            "gate": self.gate,
            "witnesses": [one.to_json() for one in self.witnesses],
            "capacity": list(self.capacity),
            "missing": list(self.missing),
            "additions": [
                {
                    "goal": str(one.goal),
                    "components": list(one.components),
                    "cost": one.cost,
                    "rules": list(one.rules),
                    "missing": list(one.missing),
                }
                for one in self.additions
            ],
        }


def _level_json(level: Level) -> dict[str, object]:
    return {
        "arithmetic": str(level.arithmetic),
        "verdict": str(level.verdict),
        "rules": list(level.rules),
        "reason": level.reason,
        "assumes": level.assumes,
    }
