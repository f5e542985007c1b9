"""From what single machines did to what their kind of witness shows."""

from collections.abc import Sequence

from coeval.universality.witness.agreement import Agreement
from coeval.universality.witness.capacity import EXACT, SATURATION, capacity_statement
from coeval.universality.witness.gate import Gate, is_rectifier
from coeval.universality.witness.lstm import GAIN
from coeval.universality.witness.result import MachineRun, WitnessRun


def verdict(
    kind: str,
    gate: Gate | None,
    machines: Sequence[MachineRun],
    units: Sequence[tuple[str, int]],
) -> WitnessRun:
    """Return the report over all machines of one kind.

    Args:
        kind: One of the kinds of ``run``.
        gate: What its networks were built from, if they are built from one.
        machines: A line a machine.
        units: Name and units of each machine's network.
    """
    saturates = kind == "lstm" or (kind != "stack" and gate is not None and not gate.exact)
    matched = all(one.matched for one in machines)
    return WitnessRun(
        kind,
        tuple(machines),
        matched,
        matched and not saturates,
        SATURATION if saturates else EXACT,
        capacity_statement(kind, SATURATION if saturates else EXACT),
        tuple(units),
        _built_from(kind, gate),
    )


def together(agreements: Sequence[Agreement]) -> Agreement:
    """Return many runs as one, the first difference in front."""
    agreed, total = sum(one.matched for one in agreements), len(agreements)
    return Agreement(
        sum(one.steps for one in agreements),
        all(one.halted for one in agreements),
        f"{agreed} machines agree",
        f"{total} machines agree",
        next((one.parted for one in agreements if one.parted), ""),
    )


def _built_from(kind: str, gate: Gate | None) -> str:
    rectifies = gate is not None and is_rectifier(gate)
    unit = f"g(n) = {gate.macro}" if gate is not None else ""
    if kind == "counter":
        shape = (
            "a single-layer Elman network without bias, h' = g(V h)"
            if rectifies
            else "with a linear state beside the gate"
        )
        return f"affine maps and {unit}, iterated: {shape}"
    if kind == "stack":
        saturated = f"g(n) - g(n - 1) with {unit}" if rectifies else "min(max(n, 0), 1)"
        return f"affine maps and sat(n) = {saturated}, iterated: four layers a step"
    if kind == "lstm":
        return f"a standard LSTM cell, iterated: two cell steps an instruction, gates driven by {GAIN:,.0f}"
    return f"convolution of width 3 and {unit}, iterated"
