"""Runs the test suite of one kind of witness (reference, B.5 to B.8)."""

from coeval.universality.witness.gate import Gate
from coeval.universality.witness.result import MachineRun, WitnessRun

__all__ = ["KINDS", "MachineRun", "WitnessRun", "run"]

KINDS = ("counter", "stack", "convolution", "rule110", "lstm")


def run(kind: str, gate: Gate | None) -> WitnessRun:
    """Compile the test machines to networks of one kind, run them, and compare every step with the interpreter.

    A disagreement is reported (``matched`` is false), never raised.

    Args:
        kind: ``counter`` (affine + gate + linear state), ``stack`` (affine + saturated-linear),
            ``convolution`` (Turing machine on a growing zero-padded tape), ``rule110`` or ``lstm``.
        gate: What ``counter``, ``convolution`` and ``rule110`` are built from; ``stack`` is built from
            saturated-linear units and ``lstm`` from logistic and tanh, whatever the gate.

    Raises:
        ValueError: The kind is unknown, or a kind that is built from a gate has none.
    """
    raise NotImplementedError(kind, gate)
