"""Follows a Turing machine on its stack network and on its interpreter, and compares every step."""

from collections.abc import Callable
from typing import Literal

import numpy as np

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
            depth = max(len(side) for side in interpreter.halves())
            parted = f"parts at step {done:,}, {depth} cells deep: {difference}"
    number = _active(network, state)
    tapes = [one or b"" for one in _stacks(network, state)]
    written = sum(len(one) - one.count(0) for one in tapes)
    return Agreement(
        done,
        interpreter.halted,
        "no state" if number is None else outcome(machine, number, written),
        outcome(machine, interpreter.state, interpreter.written()),
        parted,
    )


def encode(network: StackNetwork, interpreter: TuringInterpreter) -> Dyadic:
    """Return an interpreter's configuration as the network's state."""
    sides, bits = interpreter.halves(), network.digit_bits
    exponent = bits * max(len(side) for side in sides)
    one_hot = [int(number == interpreter.state) << exponent for number in range(network.states)]
    stacks = []
    for side in sides:
        number = 0
        for symbol in side:
            number = (number << bits) | (2 * symbol + 1)
        stacks.append(number << (exponent - bits * len(side)))
    return reduce([*one_hot, *stacks], exponent)


def read_stack(number: int, exponent: int, bits: int) -> bytes | None:
    """Return the symbols of the stack ``number / 2**exponent``, top first; ``None`` where that is not a stack."""
    rest = -exponent % (8 * bits)
    number, exponent = number << rest, exponent + rest
    if not 0 <= number < 1 << exponent:
        return b"" if number == 0 else None
    packed = np.frombuffer(number.to_bytes(exponent // 8, "big"), dtype=np.uint8)
    digits = np.unpackbits(packed).reshape(-1, bits) @ (1 << np.arange(bits)[::-1])
    used = digits[: int(np.flatnonzero(digits)[-1]) + 1] if number else digits[:0]
    if (used % 2 == 0).any():
        return None
    return (used // 2).astype(np.uint8).tobytes()


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


def _stacks(network: StackNetwork, state: Dyadic) -> list[bytes | None]:
    return [
        read_stack(one, state.exponent, network.digit_bits)
        for one in state.numerators[network.states :]
    ]


def _difference(network: StackNetwork, state: Dyadic, interpreter: TuringInterpreter) -> str:
    """Return how the network's state differs from the interpreter's, or nothing."""
    active = _active(network, state)
    if active != interpreter.state:
        return f"the network is in {'no state' if active is None else f'state {active}'}, the interpreter in state {interpreter.state}"
    stacks = zip(("left", "right"), _stacks(network, state), interpreter.halves(), strict=True)
    for side, symbols, expected in stacks:
        # A blank that was written is the same as a cell that never was.
        if symbols is None or symbols.rstrip(b"\0") != expected:
            return f"the tape to the {side} of the head differs"
    return ""
