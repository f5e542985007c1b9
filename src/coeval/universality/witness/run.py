"""Runs the test suite of one kind of witness (reference, B.5 to B.8)."""

from dataclasses import replace

from coeval.errors import unknown
from coeval.seed import generator
from coeval.universality.machine.draw import draw_counter_machine, draw_turing_machine
from coeval.universality.machine.suite import (
    BEAVER_3,
    BEAVER_4,
    BEAVER_5,
    BEAVER_5_PREFIX,
    COUNTER_SUITE,
    TURING_SUITE,
    Known,
    Machine,
)
from coeval.universality.witness import convolution, counter, lstm, rule110, stack_run
from coeval.universality.witness.agreement import Agreement, describe
from coeval.universality.witness.gate import Gate, is_rectifier
from coeval.universality.witness.result import MachineRun, WitnessRun
from coeval.universality.witness.stack import Form, compile_stack
from coeval.universality.witness.verdict import together, verdict

__all__ = ["KINDS", "MachineRun", "WitnessRun", "require_gate", "run"]

KINDS = ("counter", "stack", "convolution", "rule110", "lstm")
BEAVERS = (BEAVER_3, BEAVER_4, BEAVER_5)
SEED = 0
# The fuzz: how many random machines, and how many steps of each. Programs run all at once, the others do not.
PROGRAMS, PROGRAM_STEPS = 300, 200
TAPES, TAPE_STEPS = 40, 60
CELLS, GENERATIONS = 400, 2000


def run(kind: str, gate: Gate | None) -> WitnessRun:
    """Compile the test machines to networks of one kind, run them, and compare every step with the interpreter.

    A disagreement is reported (``matched`` is false), never raised.

    Args:
        kind: ``counter`` (affine + gate + linear state), ``stack`` (affine + saturated-linear),
            ``convolution`` (Turing machine on a growing zero-padded tape), ``rule110`` or ``lstm``.
        gate: What ``counter``, ``convolution`` and ``rule110`` are built from. ``stack`` is built from
            saturated-linear units, or from pairs of the gate where that is a rectifier; ``lstm`` from
            logistic and tanh, whatever the gate.

    Raises:
        ValueError: The kind is unknown, or a kind that is built from a gate has none.
    """
    if kind == "stack":
        return _run_stack(gate)
    if kind == "lstm":
        return _run_lstm()
    if kind not in KINDS:
        raise ValueError(unknown("The kind", kind, KINDS))
    runs = {"counter": _run_counter, "convolution": _run_convolution, "rule110": _run_rule110}
    return runs[kind](require_gate(kind, gate))


def require_gate(kind: str, gate: Gate | None) -> Gate:
    """Return the gate.

    Raises:
        ValueError: There is none.
    """
    if gate is None:
        raise ValueError(
            f"The witness {kind!r} is built from a gate, got None. "
            "Pass one (RELU_GATE), or choose 'stack' or 'lstm', which need none."
        )
    return gate


def _judge(known: Known[Machine], agreement: Agreement, note: str = "") -> MachineRun:
    """Return a machine's line; it must agree with the interpreter, and with what is known of the machine."""
    line = describe(known.machine.name, agreement, note)
    outcome = agreement.result.split(" ")[0]
    if (agreement.steps, outcome) == (known.steps, str(known.result)) or not line.matched:
        return line
    return replace(line, matched=False, note=f"known: {known.result} in {known.steps:,} steps")


def _run_counter(gate: Gate) -> WitnessRun:
    lines, units = [], []
    for known in COUNTER_SUITE:
        agreement = counter.follow(known.machine, gate, known.steps + 1)
        lines.append(_judge(known, agreement))
        units.append((known.machine.name, counter.compile_counter(known.machine).units))
    programs = [draw_counter_machine(SEED, number) for number in range(PROGRAMS)]
    agreement = counter.follow_many(programs, gate, PROGRAM_STEPS)
    lines.append(describe(f"{PROGRAMS} random programs", agreement))
    return verdict("counter", gate, lines, units)


def _run_lstm() -> WitnessRun:
    lines, units = [], []
    for known in COUNTER_SUITE:
        lines.append(_judge(known, lstm.follow(known.machine, known.steps + 1)))
        units.append((known.machine.name, lstm.compile_lstm(known.machine).units))
    agreements = [
        lstm.follow(draw_counter_machine(SEED, number), TAPE_STEPS) for number in range(TAPES)
    ]
    lines.append(describe(f"{TAPES} random programs", together(agreements)))
    return verdict("lstm", None, lines, units)


def _run_stack(gate: Gate | None) -> WitnessRun:
    form: Form = "relu" if gate is not None and is_rectifier(gate) else "saturated"
    lines = [
        _judge(known, stack_run.follow(known.machine, known.steps + 1, form=form))
        for known in TURING_SUITE
    ]
    rounded = stack_run.follow(BEAVER_5, BEAVER_5_PREFIX, "float64", form)
    lines.append(
        describe(
            f"{BEAVER_5.name}, first {BEAVER_5_PREFIX:,} steps",
            stack_run.follow(BEAVER_5, BEAVER_5_PREFIX, form=form),
            f"in float64 it {rounded.parted}" if rounded.parted else "the same in float64",
        )
    )
    agreements = [
        stack_run.follow(draw_turing_machine(SEED, number), TAPE_STEPS, form=form)
        for number in range(TAPES)
    ]
    lines.append(describe(f"{TAPES} random machines", together(agreements)))
    units = [(one.name, compile_stack(one).count_units(form)) for one in BEAVERS]
    return verdict("stack", gate, lines, units)


def _run_convolution(gate: Gate) -> WitnessRun:
    lines = [
        _judge(known, convolution.follow(known.machine, gate, known.steps + 1))
        for known in TURING_SUITE
    ]
    prefix = convolution.follow(BEAVER_5, gate, BEAVER_5_PREFIX)
    lines.append(describe(f"{BEAVER_5.name}, first {BEAVER_5_PREFIX:,} steps", prefix))
    agreements = [
        convolution.follow(draw_turing_machine(SEED, number), gate, TAPE_STEPS)
        for number in range(TAPES)
    ]
    lines.append(describe(f"{TAPES} random machines", together(agreements)))
    units = [(one.name, convolution.compile_convolution(one).units) for one in BEAVERS]
    return verdict("convolution", gate, lines, units)


def _run_rule110(gate: Gate) -> WitnessRun:
    cells = generator(SEED, "universality", "rule110").integers(0, 2, CELLS).astype("float64")
    boundaries: tuple[rule110.Boundary, ...] = ("periodic", "zero")
    lines = [
        describe(
            f"{CELLS} cells, {boundary} boundary",
            rule110.follow(gate, cells, GENERATIONS, boundary),
        )
        for boundary in boundaries
    ]
    return verdict("rule110", gate, lines, [("channels", len(rule110.TAPS))])
