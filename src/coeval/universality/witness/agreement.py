"""How a compiled network and the independent interpreter went along together."""

from dataclasses import dataclass

from coeval.universality.witness.result import MachineRun


@dataclass(frozen=True, slots=True)
class Agreement:
    """The outcome of running both side by side and comparing every step.

    Attributes:
        steps: Machine steps that were compared.
        halted: The interpreter reached a halt.
        result: What the network computed so far, as text.
        expected: What the interpreter computed so far, as text.
        parted: At which step they first differed, and how; empty when they never did.
        limit: Why the run was ended before a halt by the capacity of the arithmetic; empty when it was not.
    """

    steps: int
    halted: bool
    result: str
    expected: str
    parted: str = ""
    limit: str = ""

    @property
    def matched(self) -> bool:
        """Whether all compared steps and the results agreed."""
        return not self.parted and self.result == self.expected


def describe(name: str, agreement: Agreement, note: str = "") -> MachineRun:
    """Return the report's line for one machine.

    Args:
        name: The machine and its input.
        agreement: How the run went.
        note: Said when there is nothing more urgent to say.
    """
    return MachineRun(
        name,
        agreement.steps,
        agreement.result,
        agreement.expected,
        agreement.matched,
        agreement.parted or agreement.limit or note,
        agreement.halted,
    )


def plain(value: float) -> str:
    """Return a number as text: whole ones without a point, others with all their digits."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))
