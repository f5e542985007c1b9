"""Runs a user's own machine on the network compiled from the user's components, beside the interpreter."""

from coeval.errors import BudgetError, DataError
from coeval.universality.machine.counter import CounterMachine
from coeval.universality.machine.turing import TuringMachine
from coeval.universality.witness import convolution, counter, lstm, stack_run
from coeval.universality.witness.agreement import Agreement, describe
from coeval.universality.witness.gate import Gate, is_rectifier
from coeval.universality.witness.result import WitnessRun
from coeval.universality.witness.run import require_gate
from coeval.universality.witness.stack import Form, compile_stack
from coeval.universality.witness.verdict import verdict


def kinds_for(machine: CounterMachine | TuringMachine) -> tuple[str, ...]:
    """Return the kinds of witness that run this machine."""
    return ("counter", "lstm") if isinstance(machine, CounterMachine) else ("stack", "convolution")


def run_machine(
    machine: CounterMachine | TuringMachine,
    kind: str,
    gate: Gate | None = None,
    steps: int | None = None,
) -> WitnessRun:
    """Compile a machine to a network, run it beside the interpreter, and compare every step.

    A run ends at the halt, at the budget, at the first difference (reported, never raised), or where
    the arithmetic's capacity ends: then the line's note says so, and nothing beyond is reported.

    Args:
        machine: What to run.
        kind: One of ``kinds_for(machine)``.
        gate: As in ``run``.
        steps: Step budget; the machine's own where it is ``None``.

    Returns:
        The report, with one line.

    Raises:
        DataError: Networks of this kind do not run such machines.
        BudgetError: There is no step budget, or it is not positive.
        ValueError: The kind is built from a gate, and there is none.
    """
    kinds = kinds_for(machine)
    if kind not in kinds:
        what = "counter" if isinstance(machine, CounterMachine) else "Turing"
        raise DataError(
            f"{machine.name!r} is a {what} machine, which runs as {' or '.join(kinds)}, got {kind!r}. "
            "Write the machine in the other kind, or audit components that have such a witness."
        )
    budget = _budget(machine.name, machine.steps if steps is None else steps)
    agreement, units, note = _follow(machine, kind, gate, budget)
    if not agreement.halted:
        note = "; ".join(
            filter(None, [f"did not halt within {budget:,} steps, raise --steps", note])
        )
    line = describe(machine.name, agreement, note)
    return verdict(kind, gate, [line], [(machine.name, units)])


def _budget(name: str, steps: int | None) -> int:
    if steps is None:
        raise BudgetError(
            f"Machine {name!r} iterates without a step budget, and nobody can tell beforehand whether it "
            'halts. Pass --steps 100000, or write "steps" into its file.'
        )
    if steps < 1:
        raise BudgetError(
            f"The step budget of machine {name!r} must be at least 1, got {steps}. Raise --steps."
        )
    return steps


def _follow(
    machine: CounterMachine | TuringMachine, kind: str, gate: Gate | None, steps: int
) -> tuple[Agreement, int, str]:
    """Return how the run went, the units of the network, and what to say of a run that halted."""
    if isinstance(machine, CounterMachine):
        if kind == "lstm":
            return lstm.follow(machine, steps), lstm.compile_lstm(machine).units, ""
        agreement = counter.follow(machine, require_gate(kind, gate), steps)
        return agreement, counter.compile_counter(machine).units, ""
    if kind == "convolution":
        agreement = convolution.follow(machine, require_gate(kind, gate), steps)
        return agreement, convolution.compile_convolution(machine).units, ""
    form: Form = "relu" if gate is not None and is_rectifier(gate) else "saturated"
    agreement = stack_run.follow(machine, steps, form=form)
    # What is deployed computes in float64: say where it would leave the exact network.
    rounded = stack_run.follow(machine, steps, "float64", form)
    note = f"in float64 it {rounded.parted}" if rounded.parted else ""
    return agreement, compile_stack(machine).count_units(form), note
