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
class TieCheck:
    """The exact check of answers that float64 cannot tell apart.

    Attributes:
        tied: How many answers have the least error as far as float64 can tell, the best included.
        compared: How many were compared in exact arithmetic, shorter ones with ties of their own
            included; 0 where the time was up before.
        arithmetic: In which numbers.
        error: The answer's exact sum of squared errors; "0" for nothing but 0, empty where not compared.
        crowded: Whether more tied at some length than were kept to be compared.
    """

    tied: int
    compared: int
    arithmetic: str
    error: str
    crowded: bool

    def describe(self) -> str:
        """Return the outcome in one line."""
        tied = f"{self.tied:,} candidates tied in float64"
        if self.tied == 1:
            tied = "none with the best in float64"
        if self.crowded:
            tied = f"{tied}, and more than are kept to be compared"
        if not self.compared:
            return f"{tied}; not decided: the time was up."
        return (
            f"{tied}; decided in {self.arithmetic}: the least exact error ({self.error}), "
            "then the shortest."
        )


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
        floor: Where the error found is not 0 but at most this, which is rounding: this, and the claim is one
            up to rounding. ``None`` elsewhere.
        ties: The exact check of ties; ``None`` where it was not asked for.
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
    floor: float | None = None
    ties: TieCheck | None = None

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
        if self.ties is not None:
            lines.append(f"Ties: {self.ties.describe()}")
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
            less = "has a smaller error"
            if self.floor is not None:
                verdict = f"{verdict} up to rounding"
                less = f"has an error smaller by more than {self.floor:.1e}, which float64 cannot tell from 0"
            return f"{verdict}: no {kind} of at most {self.length} {unit}{within} {less}."
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
