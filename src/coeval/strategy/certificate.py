"""What an exhaustive search vouches for: how much of the space was measured, and whether the best is the optimum."""

import dataclasses
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Certificate:
    """The outcome of enumerating a space, derived from the log of trials.

    Members of one normal form compute the same and are evaluated once: they are one class.

    Attributes:
        size: Members that the space's decisions lead to, members beyond its cost limits included.
        enumerated: Members passed in the space's order so far: their classes were all tried.
        complete: Whether ``enumerated`` are all legal members.
        classes: Different normal forms among the enumerated members.
        measured: Classes among them with a value for every objective.
        failed: Classes whose every evaluation failed.
        running: Classes whose evaluation is not finished.
        partial: Classes finished only at less than full fidelity, on some cases, or without a value.
        share: Share of the space whose value is known, 0 to 1.
        best: Numbers of the best trials: one for one objective, the front for several; none if none is feasible.
        values: Their values by name, in the same order.
    """

    size: int
    enumerated: int
    complete: bool
    classes: int
    measured: int
    failed: int
    running: int
    partial: int
    share: float
    best: tuple[int, ...]
    values: tuple[tuple[tuple[str, float], ...], ...]

    @property
    def is_proven(self) -> bool:
        """Return whether no member of the space can have a better measured value, or be feasible if none is."""
        return self.complete and self.measured == self.classes

    @property
    def gaps(self) -> tuple[str, ...]:
        """Return why the optimum is not proven, a sentence each; none when it is."""
        left = self.size - self.enumerated
        reasons = {
            f"{left:,} of {self.size:,} members were not tried": 0 if self.complete else left,
            f"the evaluation of {_classes(self.failed)} failed": self.failed,
            f"the evaluation of {_classes(self.running)} is not finished": self.running,
            f"{_classes(self.partial)} {_were(self.partial)} evaluated only in part": self.partial,
        }
        return tuple([reason for reason, count in reasons.items() if count])

    def to_json(self) -> dict[str, Any]:
        """Return the certificate as plain JSON values."""
        return dataclasses.asdict(self) | {
            "proven": self.is_proven,
            "gaps": list(self.gaps),
            "best": list(self.best),
            "values": [dict(one) for one in self.values],
        }

    def describe(self) -> str:
        """Return the certificate in a few lines a person can read."""
        merged = self.enumerated - self.classes
        lines = [
            self._claim(),
            f"{self.enumerated:,} of {self.size:,} members enumerated: {_classes(self.classes)} after normal form, "
            f"{merged:,} equal to an earlier one and not evaluated again.",
            f"Measured: {_classes(self.measured)}, {_percent(self.share)} of the space.",
        ]
        for number, values in zip(self.best, self.values, strict=True):
            text = ", ".join(f"{name} {value:.6g}" for name, value in values)
            lines.append(f"Best: trial {number}, {text}.")
        if self.best:
            lines.append("Values are as measured: one evaluation a class, its noise included.")
        return "\n".join(lines)

    def _claim(self) -> str:
        if not self.is_proven:
            return f"Not proven: {'; '.join(self.gaps)}."
        if not self.best:
            return "Proven: no member of the space is feasible."
        return f"Proven: the {'front' if len(self.best) > 1 else 'optimum'} of the space."


def _classes(count: int) -> str:
    return f"{count:,} class{'' if count == 1 else 'es'}"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _percent(share: float) -> str:
    """Return a share in percent; never 100 before all is done, nor 0 when something is."""
    if 0.9999 < share < 1:
        return "over 99.99 %"
    return "under 0.01 %" if 0 < share < 0.0001 else f"{100 * share:.2f} %"
