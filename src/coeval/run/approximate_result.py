"""What an approximation hands back: the sequence, its errors, what is proven, and what more would cost."""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from coeval.architecture.serial import to_json as architecture_to_json
from coeval.architecture.step import Architecture
from coeval.build.numeric.answer import Answer, listing
from coeval.build.numeric.formula import formula, iterations, latex
from coeval.errors import SpaceError
from coeval.exact.certificate import Certificate
from coeval.exact.cost import Prediction

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Errors:
    """How far an answer is from some points.

    Attributes:
        rows: How many points there are.
        undefined: On how many of them the answer has no value; the other errors leave these out.
        sse: Sum of squared errors.
        rmse: Root of the mean squared error.
        largest: Largest absolute error.
        r2: One minus the share of the points' variance that is left; NaN where they have none.
    """

    rows: int
    undefined: int
    sse: float
    rmse: float
    largest: float
    r2: float

    def to_json(self) -> dict[str, float | int | None]:
        """Return the errors as plain JSON values, ``None`` for what is not a number."""
        pairs = {
            "rows": self.rows,
            "undefined": self.undefined,
            "sse": self.sse,
            "rmse": self.rmse,
            "largest": self.largest,
            "r2": self.r2,
        }
        return {name: value if math.isfinite(value) else None for name, value in pairs.items()}


def errors(found: Floats, target: Floats) -> Errors:
    """Return the errors of predictions.

    Args:
        found: ``(rows,)``, NaN where undefined.
        target: ``(rows,)``.
    """
    defined = np.isfinite(found)
    if not defined.any():
        return Errors(len(target), len(target), math.nan, math.nan, math.nan, math.nan)
    with np.errstate(over="ignore"):
        left = found[defined] - target[defined]
        sse = float(left @ left)
        around = target[defined] - target[defined].mean()
        total = float(around @ around)
    return Errors(
        rows=len(target),
        undefined=int((~defined).sum()),
        sse=sse,
        rmse=math.sqrt(sse / len(left)),
        largest=float(np.abs(left).max()),
        r2=1 - sse / total if total > 0 else math.nan,
    )


@dataclass(frozen=True, slots=True)
class Point:
    """An answer on the front of error against length: ``length`` as the semantics count, ``sse`` on the fit points."""

    length: int
    sse: float
    answer: Answer


@dataclass(frozen=True, slots=True)
class Approximation:
    """The outcome of ``approximate``.

    Attributes:
        answer: The best sequence found, with its weights.
        length: Its length, in ``unit``.
        unit: What the length counts.
        names: The inputs' names as symbols of formulas.
        target_name: The target's.
        fit: Errors on the points that were fitted.
        held_out: Errors on those held out; ``None`` where there are none.
        certificate: What is proven.
        origin: Which phase found the answer, such as ``"exact search"`` or ``"coevolution"`` (``approximate_plan``).
        front: The best answer of each length that improves on shorter ones, shortest first.
        next_cost: What the first length that is not covered would cost.
        monitored: The pathologies watched for during coevolution, one line each; empty without one.
        trials: Sequences and teams that coevolution tried.
        seconds: Wall clock of the whole.
        why: Why it ended: ``"covered"``, ``"time"``, ``"memory"``, ``"solved"`` or ``"interrupted"``.
    """

    answer: Answer
    length: int
    unit: str
    names: tuple[str, ...]
    target_name: str
    fit: Errors
    held_out: Errors | None
    certificate: Certificate
    origin: str
    front: tuple[Point, ...]
    next_cost: Prediction
    monitored: tuple[str, ...]
    trials: int
    seconds: float
    why: str

    @property
    def architecture(self) -> Architecture:
        """Return the answer in the ordinary representation."""
        return self.answer.architecture

    @property
    def steps(self) -> list[tuple[str, str]]:
        """Return the steps in order, each a name and a formula; the last is the target's."""
        return listing(self.answer, self.names, self.target_name)

    @property
    def formula(self) -> str:
        """Return the answer as one formula that SymPy parses; empty where it would fill pages."""
        return written(self.answer, self.names)

    @property
    def latex(self) -> str:
        """Return the answer as LaTeX.

        Raises:
            SpaceError: It would fill pages.
        """
        return latex(self.architecture, self.names)

    @property
    def iterations(self) -> list[str]:
        """Return what each iteration that the formula names computes."""
        return iterations(self.architecture)

    def predict(self, columns: Sequence[Floats]) -> Floats:
        """Return ``(rows,)`` values, NaN where the answer is undefined."""
        return self.answer.predict(columns)

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain JSON values."""
        return {
            "formula": self.formula,
            "steps": [{"name": name, "formula": text} for name, text in self.steps],
            "iterations": self.iterations,
            "length": self.length,
            "unit": self.unit,
            "weights": list(self.answer.weights),
            "inputs": list(self.names),
            "target": self.target_name,
            "fit": self.fit.to_json(),
            "held_out": None if self.held_out is None else self.held_out.to_json(),
            "certificate": self.certificate.to_json(),
            "origin": self.origin,
            "front": [
                {"length": one.length, "sse": one.sse, "formula": written(one.answer, self.names)}
                for one in self.front
            ],
            "next": _cost_to_json(self.next_cost),
            "monitored": list(self.monitored),
            "trials": self.trials,
            "seconds": round(self.seconds, 3),
            "why": self.why,
            "architecture": architecture_to_json(self.architecture),
        }


def _cost_to_json(cost: Prediction) -> dict[str, Any]:
    seconds = cost.seconds if math.isfinite(cost.seconds) else None
    return dataclasses.asdict(cost) | {"seconds": seconds, "verdict": cost.verdict}


def written(answer: Answer, names: Sequence[str]) -> str:
    """Return an answer's formula; empty where it would fill pages."""
    try:
        return formula(answer.architecture, names)
    except SpaceError:
        return ""
