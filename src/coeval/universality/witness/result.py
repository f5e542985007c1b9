"""What an executed witness reports: a line a machine, and the verdict over all of them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MachineRun:
    """One machine run on its compiled network, every step compared with the interpreter.

    Attributes:
        name: The machine and its input, ``MUL(7, 9)``.
        steps: Machine steps that were compared.
        result: What the network computed, as text.
        expected: What the interpreter computed, as text.
        matched: Every step and the result agreed.
        note: What a reader should know besides: where they parted, why the run ended; may be empty.
        halted: The machine reached its halt, so that the result is its answer.
    """

    name: str
    steps: int
    result: str
    expected: str
    matched: bool
    note: str = ""
    halted: bool = False


@dataclass(frozen=True, slots=True)
class WitnessRun:
    """All machines of one kind of witness.

    Attributes:
        kind: ``counter``, ``stack``, ``convolution``, ``rule110`` or ``lstm``.
        machines: A line a machine.
        matched: All machines matched.
        exact: All matched, and would in exact arithmetic: not only because float64 saturates.
        arithmetic: ``exact``, or ``float64 saturation`` where units reach 0 and 1 only by rounding.
        capacity: How far the witness is exact on the deployed arithmetic, in words.
        units: Machine name and units of its network, in the order of ``machines`` where they have one.
        built_from: The components of the networks, as a readable formula.
    """

    kind: str
    machines: tuple[MachineRun, ...]
    matched: bool
    exact: bool
    arithmetic: str
    capacity: str
    units: tuple[tuple[str, int], ...]
    built_from: str

    def to_json(self) -> dict[str, object]:
        """Return plain values that ``json`` can write."""
        return {
            "kind": self.kind,
            "matched": self.matched,
            "exact": self.exact,
            "arithmetic": self.arithmetic,
            "capacity": self.capacity,
            "built_from": self.built_from,
            "units": dict(self.units),
            "machines": [
                {
                    "name": one.name,
                    "steps": one.steps,
                    "result": one.result,
                    "expected": one.expected,
                    "matched": one.matched,
                    "note": one.note,
                    "halted": one.halted,
                }
                for one in self.machines
            ],
        }
