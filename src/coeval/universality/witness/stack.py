"""Affine maps and saturated-linear units, iterated on exact rationals: any Turing machine (reference, B.6).

The tape is cut at the head into two stacks, each one number in [0, 1): a symbol ``k`` is the digit
``2k + 1`` of a base at least twice the alphabet, top first, so that digits never carry; an empty stack is
0 and reads as blank. Four affine maps with ``sat(x) = min(max(x, 0), 1)`` after the first three make one
step (after Siegelmann & Sontag 1995, doi:10.1006/jcss.1995.1013).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from coeval.universality.machine.turing import LEFT, RIGHT, STAY, TuringMachine
from coeval.universality.witness.layered import Layer, Row, Unit

Form = Literal["saturated", "relu"]
# An affine term of named values; the empty name is the constant 1.
Terms = Mapping[str, Fraction | int]


@dataclass(frozen=True, slots=True)
class StackNetwork:
    """The network of one Turing machine; its state is one unit a state (halting ones last), left stack, right stack.

    Attributes:
        layers: Four; the last is linear and could be folded into the first.
        digit_bits: Bits a stack digit; the base is ``2**digit_bits``.
        states: Units for states, halting ones included.
    """

    layers: tuple[Layer, ...]
    digit_bits: int
    states: int

    def count_units(self, form: Form) -> int:
        """Return how many units are not linear: one for each saturated row, or two ReLUs."""
        saturated = sum(len(one.rows) for one in self.layers if one.unit == "saturated")
        return saturated * (2 if form == "relu" else 1)


def compile_stack(machine: TuringMachine) -> StackNetwork:
    """Return the network whose every iteration is a step of the machine."""
    bits = (2 * len(machine.symbols) - 1).bit_length()
    states = len(machine.states) + len(machine.halting)
    act = _act(machine, 1 << bits)
    described: list[tuple[Unit, dict[str, Terms]]] = [
        ("saturated", _read(machine, 1 << bits)),
        ("saturated", _decide(machine)),
        ("saturated", act),
        ("linear", _add(machine, act)),
    ]
    names = [*_states(machine), "L", "R"]
    layers = []
    for unit, rows in described:
        layers.append(Layer(tuple(_row(names, terms) for terms in rows.values()), unit))
        names = list(rows)
    return StackNetwork(tuple(layers), bits, states)


def _states(machine: TuringMachine) -> list[str]:
    return [f"z{number}" for number in range(len(machine.states) + len(machine.halting))]


def _tops(machine: TuringMachine, side: str) -> list[str]:
    """Return the names of ``[top symbol >= k]`` for k from 1."""
    return [f"{side}>={k}" for k in range(1, len(machine.symbols))]


def _read(machine: TuringMachine, base: int) -> dict[str, Terms]:
    """Layer 1: is a stack empty, and what is on its top."""
    rows: dict[str, Terms] = {name: {name: 1} for name in (*_states(machine), "L", "R")}
    for side in "LR":
        rows[f"{side} full"] = {side: base}
        for k, name in enumerate(_tops(machine, side), start=1):
            rows[name] = {side: base, "": -2 * k}
    return rows


def _decide(machine: TuringMachine) -> dict[str, Terms]:
    """Layer 2: one unit a state and symbol, 1 where the head is in that state on that symbol."""
    kept = [*_states(machine)[len(machine.states) :], "L", "R", "L full", "R full"]
    kept += [*_tops(machine, "L"), *_tops(machine, "R")]
    rows: dict[str, Terms] = {name: {name: 1} for name in kept}
    tops = ["", *_tops(machine, "R"), ""]
    for state in range(len(machine.states)):
        for symbol in range(len(machine.symbols)):
            # [top = k] is [top >= k] - [top >= k + 1]; for the blank the first is always 1, and cancels the -1.
            terms: dict[str, Fraction | int] = {f"z{state}": 1}
            if symbol:
                terms |= {tops[symbol]: 1, "": -1}
            if tops[symbol + 1]:
                terms[tops[symbol + 1]] = -1
            rows[f"d{state},{symbol}"] = terms
    return rows


def _act(machine: TuringMachine, base: int) -> dict[str, Terms]:
    """Layer 3: the next state, and what either stack becomes under each kind of action, 0 where it is not taken."""
    moving: dict[int, set[str]] = defaultdict(set)
    writing: dict[tuple[int, int], set[str]] = defaultdict(set)
    leading: dict[int, set[str]] = defaultdict(set)
    for state, table in enumerate(machine.table):
        for symbol, one in enumerate(table):
            unit = f"d{state},{symbol}"
            moving[one.move].add(unit)
            writing[one.move, one.write].add(unit)
            leading[one.state].add(unit)
    halts = set(_states(machine)[len(machine.states) :])
    rows: dict[str, Terms] = {
        name: _sum(dict.fromkeys(leading[number] | (halts & {name}), 1))
        for number, name in enumerate(_states(machine))
    }
    digit = Fraction(1, base)
    popped = {side: _pop(machine, side, base) for side in "LR"}
    top = _sum(dict.fromkeys(_tops(machine, "L"), 2 * digit), {"": digit})
    rows["L kept"] = _when(moving[STAY] | halts, {"L": 1})
    rows["L popped"] = _when(moving[LEFT], popped["L"])
    rows["R kept"] = _when(halts, {"R": 1})
    rows["R popped"] = _when(moving[RIGHT], popped["R"])
    for (move, write), units in sorted(writing.items()):
        written = {"": (2 * write + 1) * digit}
        under = _sum(_scaled(popped["R"], digit), written)
        if move == RIGHT:
            rows[f"L pushed {write}"] = _when(units, _sum({"L": digit}, written))
        elif move == STAY:
            rows[f"R over {write}"] = _when(units, under)
        else:
            rows[f"R pushed {write}"] = _when(units, _sum(_scaled(under, digit), top))
    # An action that the machine never takes needs no unit; a state that is never entered keeps its own.
    return {name: terms for name, terms in rows.items() if terms or name[0] == "z"}


def _add(machine: TuringMachine, act: Mapping[str, Terms]) -> dict[str, Terms]:
    """Layer 4: at most one term of each stack is not zero."""
    rows: dict[str, Terms] = {name: {name: 1} for name in _states(machine)}
    for side in "LR":
        rows[side] = dict.fromkeys((name for name in act if name.startswith(f"{side} ")), 1)
    return rows


def _pop(machine: TuringMachine, side: str, base: int) -> Terms:
    return {side: base, f"{side} full": -1, **dict.fromkeys(_tops(machine, side), -2)}


def _when(units: set[str], value: Terms) -> Terms:
    """Return ``value`` where one of the units is 1; ``sat`` makes it 0 elsewhere, because it is below 1."""
    return _sum(value, dict.fromkeys(sorted(units), 1), {"": -1}) if units else {}


def _sum(*parts: Terms) -> Terms:
    total: dict[str, Fraction | int] = defaultdict(int)
    for part in parts:
        for name, weight in part.items():
            total[name] += weight
    return dict(total)


def _scaled(terms: Terms, factor: Fraction) -> Terms:
    return {name: weight * factor for name, weight in terms.items()}


def _row(inputs: Sequence[str], terms: Terms) -> Row:
    places = {name: number for number, name in enumerate(inputs)}
    weights = sorted((places[name], Fraction(w)) for name, w in terms.items() if name and w)
    return Row(Fraction(terms.get("", 0)), tuple(weights))
