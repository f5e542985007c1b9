"""What the audit says of a cell for what a language needs: it can, it cannot, or nobody knows.

Two sets are audited for each cell. What the *components* certify, a network of enough units can. What holds
of the *cell* as one step (that its state is bounded, say) limits every network made of it.
"""

from dataclasses import dataclass

from coeval.space.recurrent import Cell
from coeval.task.language import Need
from coeval.universality.audit import audit
from coeval.universality.capability import Capability as Has
from coeval.universality.capability import Facts, Guarantee
from coeval.universality.closure import derive
from coeval.universality.resolve import Named, resolve


def _squashing(name: str, unit: Has) -> Facts:
    """Return the facts of u' = unit(W u + V x + b), all of whose state is bounded by the unit."""
    return Facts(
        name,
        "every unit of the state squashed",
        frozenset({unit, Has.INPUT_ITERATION}),
        frozenset({Guarantee.HALTS, Guarantee.FIXED_MEMORY, Guarantee.BOUNDED_STATE}),
    )


COMPONENTS: dict[str, tuple[str, ...]] = {
    "linear": ("linear", "scan"),
    "relu": ("linear", "relu", "scan"),
    "saturated linear": ("linear", "saturated_linear", "scan"),
    "tanh": ("linear", "tanh", "scan"),
    "logistic": ("linear", "sigmoid", "scan"),
    "GRU": ("gru", "linear", "sigmoid", "tanh"),
    "LSTM": ("lstm", "linear", "sigmoid", "tanh"),
    "relu, no iteration": ("linear", "relu"),
}
"""What each cell is made of, in the audit's names."""
STEPS: dict[str, Named] = {
    "relu": "relu_elman",
    "saturated linear": _squashing("saturated_elman", Has.SATURATED_LINEAR),
    "tanh": "elman",
    "logistic": _squashing("logistic_elman", Has.LOGISTIC_LAYER),
    "GRU": "gru",
    "LSTM": "lstm",
}
"""Cells as one step, where the audit knows them as such."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """``says`` is can, cannot or unknown; ``rule`` is behind it."""

    says: str
    rule: str = ""

    def __str__(self) -> str:
        return f"{self.says} ({self.rule})" if self.rule else self.says


def verdict(cell: Cell, need: Need) -> Verdict:
    """Return what the audit says of a cell for a need."""
    components = COMPONENTS[cell.name]
    step = STEPS.get(cell.name)
    audits = [audit(components, execute=False)]
    audits += [audit([step], execute=False)] if step is not None else []
    granted = derive(resolve(components)).keys()
    rules = {one.rule for found in audits for one in found.limits}
    if not granted & {Has.INPUT_ITERATION, Has.UNBOUNDED_ITERATION}:
        return Verdict("cannot", "R1")  # a fixed number of steps sees a fixed number of symbols
    if any("R3" in found.approximation.rules for found in audits):
        return Verdict("cannot", "R3")
    if need is Need.COUNTER:
        if "R7" in rules:
            return Verdict("cannot", "R7")
        return Verdict("can", "T5") if "T5" in rules else Verdict("unknown")
    gate = granted & {Has.GATE, Has.SATURATING_GATE}
    if gate and Has.INTEGER_AFFINE in granted:
        return Verdict("can", "gate" if Has.GATE in gate else "gate in float64")
    return Verdict("unknown")
