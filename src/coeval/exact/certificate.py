"""What an exact search vouches for, and on which grounds.

Nothing heuristic is called optimal: constants by several starts, or a search that was cut off, give
"best found" for the length that was asked for, with the length up to which the optimum is proven.
"""

import dataclasses
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

Semantics = Literal["tree", "chain", "dag"]
Constants = Literal["none", "grid", "linear", "nonlinear"]

UNITS = {"tree": "nodes", "chain": "steps", "dag": "steps"}
"""What the length of a sequence counts."""


class Verdict(StrEnum):
    """What is claimed for sequences of at most the length that was asked for."""

    OPTIMAL = "optimal"
    WITHIN_STEPS = "optimal within T steps"
    BEST_FOUND = "best found"


@dataclass(frozen=True, slots=True)
class Certificate:
    """The claim that comes with an answer.

    Attributes:
        verdict: The claim for ``length``.
        semantics: What a sequence is.
        constants: Which constants it may hold.
        features: How many sequences the linear model combines.
        length: Longest sequence that was asked for.
        covered: Longest length of which every sequence was covered; -1 for none.
        sequences: How many sequences these are, in closed form, before equal values were merged.
        evaluated: How many were evaluated on the examples, longer ones included.
        distinct: How many distinct values the bank of shorter sequences holds.
        pruning: The sound shortcuts that were taken.
        arithmetic: In which numbers errors were computed and compared.
        assumptions: What the claim rests on and nobody proved; empty for a proof.
        steps: The step budget T of iterations; ``None`` where nothing iterates.
        stopped: Why the search ended before ``length`` was covered; empty when it was covered.
    """

    verdict: Verdict
    semantics: Semantics
    constants: Constants
    features: int
    length: int
    covered: int
    sequences: int
    evaluated: int
    distinct: int
    pruning: tuple[str, ...]
    arithmetic: str
    assumptions: tuple[str, ...] = ()
    steps: int | None = None
    stopped: str = ""

    @property
    def is_proof(self) -> bool:
        """Return whether the answer is proven to be a minimum over the sequences that it names."""
        return self.verdict is not Verdict.BEST_FOUND

    def to_json(self) -> dict[str, Any]:
        """Return the certificate as plain JSON values."""
        values = dataclasses.asdict(self)
        return values | {
            "verdict": str(self.verdict),
            "pruning": list(self.pruning),
            "assumptions": list(self.assumptions),
        }

    def describe(self) -> str:
        """Return the certificate in a few lines a person can read."""
        lines = [
            self._claim(),
            f"{self.sequences:,} sequences covered by {self.evaluated:,} evaluations; "
            f"{self.distinct:,} distinct values kept. Constants: {_CONSTANTS[self.constants]}.",
            f"Sound shortcuts: {'; '.join(self.pruning) or 'none'}.",
            f"Arithmetic: {self.arithmetic}.",
            f"Assumptions: {'; '.join(self.assumptions) or 'none'}.",
        ]
        return "\n".join(lines)

    def _claim(self) -> str:
        unit, kind = (
            UNITS[self.semantics],
            self.semantics.upper() if self.semantics == "dag" else self.semantics,
        )
        if self.features > 1:
            kind = f"linear model of {self.features} {kind}s"
        within = f" that halts within {self.steps:,} steps on every example" if self.steps else ""
        if self.is_proof:
            verdict = "Optimal" if self.steps is None else f"Optimal within {self.steps:,} steps"
            return (
                f"{verdict}: no {kind} of at most {self.length} {unit}{within} has a smaller error."
            )
        if self.covered < 0 or self.assumptions:
            return f"Best found among {kind}s of at most {self.length} {unit}: no proof. {self.stopped}".strip()
        return (
            f"Best found among {kind}s of at most {self.length} {unit}; proven optimal up to {self.covered} "
            f"{unit}{within and ' among what' + within[5:]}. {self.stopped}".strip()
        )


_CONSTANTS = {
    "none": "only those given",
    "grid": "those of the grid",
    "linear": "scale and offset at the root, fitted in closed form",
    "nonlinear": "fitted anywhere, by variable projection from several starts",
}
