"""Follows a Turing machine on its stack network and on its interpreter, and compares every step."""

from collections.abc import Callable, Sequence
from typing import Literal

from coeval.universality.machine.turing import TuringInterpreter, TuringMachine, outcome
from coeval.universality.witness.agreement import Agreement
from coeval.universality.witness.layered import (
    Dyadic,
    floats,
    forward_exact,
    forward_float,
    from_floats,
    integers,
    rectified,
    reduce,
    to_floats,
)
from coeval.universality.witness.stack import Form, StackNetwork, compile_stack

Arithmetic = Literal["exact", "float64"]


def follow(
    machine: TuringMachine,
    steps: int,
    arithmetic: Arithmetic = "exact",
    form: Form = "saturated",
) -> Agreement:
    """Run the machine's stack network beside the interpreter until the halt, the budget, or the first difference.

    Args:
        machine: What to run.
        steps: Step budget.
        arithmetic: Exact rationals, or float64, which ends being right once a stack outgrows the mantissa.
        form: Saturated-linear units, or two ReLUs for each.
    """
    network, interpreter = compile_stack(machine), TuringInterpreter(machine)
    state, advance = encode(network, interpreter), _stepper(network, arithmetic, form)
    done, parted = 0, ""
    while done < steps and not interpreter.halted and not parted:
        interpreter.step()
        state, done = advance(state), done + 1
        difference = _difference(network, state, interpreter)
        if difference:
            depth = max(len(side) for side in halves(interpreter))
            parted = f"parts at step {done:,}, {depth} cells deep: {difference}"
    number = _active(network, state)
    tapes = [one or [] for one in _stacks(network, state)]
    written = sum(symbol != 0 for one in tapes for symbol in one)
    return Agreement(
        done,
        interpreter.halted,
        "no state" if number is None else outcome(machine, number, written),
        outcome(machine, interpreter.state, interpreter.written()),
        parted,
    )


def encode(network: StackNetwork, interpreter: TuringInterpreter) -> Dyadic:
    """Return an interpreter's configuration as the network's state."""
    sides, bits = halves(interpreter), network.digit_bits
    exponent = bits * max(len(side) for side in sides)
    one_hot = [int(number == interpreter.state) << exponent for number in range(network.states)]
    stacks = []
    for side in sides:
        number = 0
        for symbol in side:
            number = (number << bits) | (2 * symbol + 1)
        stacks.append(number << (exponent - bits * len(side)))
    return reduce([*one_hot, *stacks], exponent)


def halves(interpreter: TuringInterpreter) -> tuple[list[int], list[int]]:
    """Return the symbols left of the head, nearest first, and those from the head on, up to the last that is not blank."""
    head, tape = interpreter.head, interpreter.tape
    written = [cell for cell, symbol in tape.items() if symbol]
    first, last = min(written, default=head), max(written, default=head - 1)
    left = [tape.get(cell, 0) for cell in range(head - 1, first - 1, -1)]
    return left, [tape.get(cell, 0) for cell in range(head, last + 1)]


def read_stack(number: int, exponent: int, bits: int) -> list[int] | None:
    """Return the symbols of the stack ``number / 2**exponent``, top first; ``None`` where that is not a stack."""
    rest = -exponent % bits
    number, exponent = number << rest, exponent + rest
    if not 0 <= number < 1 << exponent:
        return [] if number == 0 else None
    symbols = []
    while number:
        exponent -= bits
        digit = number >> exponent
        if digit % 2 == 0:
            return None
        symbols.append(digit >> 1)
        number &= (1 << exponent) - 1
    return symbols


def _stepper(
    network: StackNetwork, arithmetic: Arithmetic, form: Form
) -> Callable[[Dyadic], Dyadic]:
    layers = rectified(network.layers) if form == "relu" else network.layers
    if arithmetic == "exact":
        prepared = integers(layers)
        return lambda state: forward_exact(prepared, state)
    dense = floats(layers, network.states + 2)
    return lambda state: from_floats(forward_float(dense, to_floats(state)))


def _active(network: StackNetwork, state: Dyadic) -> int | None:
    """Return the state whose unit is 1 while all others are 0."""
    one, units = 1 << state.exponent, state.numerators[: network.states]
    active = [number for number, unit in enumerate(units) if unit == one]
    return active[0] if len(active) == 1 and sum(map(abs, units)) == one else None


def _stacks(network: StackNetwork, state: Dyadic) -> list[list[int] | None]:
    return [
        read_stack(one, state.exponent, network.digit_bits)
        for one in state.numerators[network.states :]
    ]


def _difference(network: StackNetwork, state: Dyadic, interpreter: TuringInterpreter) -> str:
    """Return how the network's state differs from the interpreter's, or nothing."""
    active = _active(network, state)
    if active != interpreter.state:
        return f"the network is in {'no state' if active is None else f'state {active}'}, the interpreter in state {interpreter.state}"
    stacks = zip(("left", "right"), _stacks(network, state), halves(interpreter), strict=True)
    for side, symbols, expected in stacks:
        if symbols is None or _trimmed(symbols) != expected:
            return f"the tape to the {side} of the head differs"
    return ""


def _trimmed(symbols: Sequence[int]) -> list[int]:
    """Return the symbols up to the last that is not blank: a written blank and a fresh cell are the same."""
    end = max((at + 1 for at, symbol in enumerate(symbols) if symbol), default=0)
    return list(symbols[:end])
