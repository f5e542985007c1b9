"""What stands behind a certificate: its theorem, and the networks that were compiled and run."""

from collections.abc import Iterable, Mapping

from coeval.universality.capability import Arithmetic
from coeval.universality.rules import Theorem, Verdict
from coeval.universality.witness.capacity import EXACT, SATURATION, capacity_statement
from coeval.universality.witness.gate import Gate
from coeval.universality.witness.result import WitnessRun
from coeval.universality.witness.run import run

_GATELESS = ("stack", "lstm")
"""Kinds of networks that have units of their own where there is no gate."""


def witness_kinds(theorems: Iterable[Theorem], gate: Gate | None) -> tuple[str, ...]:
    """Return the kinds of networks that demonstrate the theorems, each once.

    The stack network is slow, and left out where a counter network speaks for exact numbers already.

    Args:
        theorems: Those whose needs are met.
        gate: What the set's networks are built from; facts of own components may grant one without a function.
    """
    kinds: dict[str, None] = {}
    counts_exactly = False
    for one in theorems:
        if one.witness is not None and (gate is not None or one.witness in _GATELESS):
            kinds[one.witness] = None
            counts_exactly |= one.witness == "counter" and Arithmetic.EXACT in one.arithmetics
    return tuple(one for one in kinds if one != "stack" or not counts_exactly)


def execute_witness(kind: str, gate: Gate | None) -> WitnessRun:
    """Compile the test machines to networks of one kind and run them.

    A stack lives on exact numbers, so a gate that only saturates is not handed to it.
    """
    usable = gate is None or gate.exact or kind != "stack"
    return run(kind, gate if usable else None)


def capacity(kind: str, gate: Gate | None) -> str:
    """Return how far a kind of network is exact where it is deployed, whether it was run or not."""
    saturates = kind == "lstm" or (kind != "stack" and gate is not None and not gate.exact)
    return f"{kind}: {capacity_statement(kind, SATURATION if saturates else EXACT)}"


def strength(theorem: Theorem, runs: Mapping[str, WitnessRun]) -> Verdict:
    """Return what a theorem yields, given what was run.

    Args:
        theorem: One whose needs are met.
        runs: What was run, by kind.
    """
    done = runs.get(theorem.witness or "")
    if done is None:
        return theorem.strength
    exact = Arithmetic.EXACT in theorem.arithmetics
    if done.matched and (done.exact or not exact):
        return Verdict.EXECUTED
    # On exact numbers the theorem stands whatever one run did; by saturation the run was the evidence.
    return theorem.strength if exact else Verdict.UNKNOWN
