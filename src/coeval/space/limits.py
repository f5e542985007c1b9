"""What an architecture may cost: checked symbolically, before anything is built."""

from dataclasses import dataclass

from coeval.architecture.component import Cost
from coeval.errors import SpaceError

TRAINING_ROWS = 256
"""Rows of the batch for which memory is counted; the recipe's batch size is decided apart."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a sequence.

    Attributes:
        length: Steps of the trunk, those of nested regions included, at most.
        depth: How deep regions nest; 0 forbids them.
        parameters: Trainable numbers, at most.
        macs: Multiply-accumulates an example, at most; ``space_for`` takes fewer where the task's size asks for it,
            so that no candidate trains for minutes.
        memory_bytes: Training memory, at most: float32 weights, gradients and two moments, and the
            activations of ``TRAINING_ROWS`` rows.
    """

    length: int = 28
    depth: int = 2
    parameters: int = 2_000_000
    macs: int | None = None
    memory_bytes: int = 256 * 2**20

    def __post_init__(self) -> None:
        if self.length < 0 or self.depth < 0:
            raise SpaceError(
                f"Limits need length >= 0 and depth >= 0, got {self.length} and {self.depth}."
            )

    def excess(self, cost: Cost) -> str:
        """Return which limit a cost breaks, in words; empty if none."""
        memory = training_memory(cost)
        for name, got, most in (
            ("parameters", cost.parameters, self.parameters),
            ("macs", cost.macs, self.macs),
            ("memory_bytes", memory, self.memory_bytes),
        ):
            if most is not None and got > most:
                return f"{got:,} {name}, limit {most:,}"
        return ""


def training_memory(cost: Cost, rows: int = TRAINING_ROWS) -> int:
    """Return the bytes that training takes: 4 a number, 4 numbers a parameter, activations of a batch."""
    return 16 * cost.parameters + 4 * rows * cost.activations
