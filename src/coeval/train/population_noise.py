"""The masks of dropout for a block of steps: each member's are those that it would draw alone."""

from collections.abc import Sequence

import torch

from coeval.build.tape import Tape
from coeval.train.population_run import Run

_WORD = 8  # random bytes drawn at once, as build.modules.channel.Dropout does


class Noise:
    """Random bytes of every member's own generator, laid out for batched steps.

    Args:
        run: Where they are used.
        tapes: One for each member: their rates of dropout and widths.
        generators: One for each member, on the run's device.
    """

    def __init__(
        self, run: Run, tapes: Sequence[Tape], generators: Sequence[torch.Generator]
    ) -> None:
        self._run, self._generators = run, generators
        self._operations = [
            number for number, one in enumerate(run.tape.operations) if one.kind == "dropout"
        ]
        self._zeroed: list[torch.Tensor] = []
        self._factors: list[torch.Tensor] = []
        for number in self._operations:
            zeroed = torch.tensor([int(one.operations[number].setting("zeroed")) for one in tapes])  # type: ignore[arg-type]
            self._zeroed.append(zeroed.to(torch.uint8).view(-1, 1, 1).to(run.device))
            self._factors.append((256 / (256 - zeroed.float())).view(-1, 1, 1).to(run.device))
        self._axes = [run.axes[run.tape.operations[number].output] for number in self._operations]
        self._bytes: list[torch.Tensor] = []
        self._sizes: Sequence[int] = ()

    @property
    def bytes_a_row(self) -> int:
        """Return what one row of a batch takes."""
        return sum(axis.size for axis in self._axes) * self._run.members

    def draw(self, sizes: Sequence[int]) -> None:
        """Draw for batches of these sizes, one after the other."""
        self._sizes = sizes
        if not self._operations:
            return
        largest = max(sizes)
        self._bytes = [
            torch.zeros(
                len(sizes),
                self._run.members,
                largest,
                axis.size,
                dtype=torch.uint8,
                device=self._run.device,
            )
            for axis in self._axes
        ]
        for member, generator in enumerate(self._generators):
            self._draw(member, generator, sizes)

    def use(self, step: int) -> None:
        """Give the run the masks of one of the steps."""
        for number, drawn, zeroed, factor in zip(
            self._operations, self._bytes, self._zeroed, self._factors, strict=True
        ):
            kept = drawn[step, :, : self._sizes[step]] >= zeroed
            self._run.masks[number] = kept * factor

    def _draw(self, member: int, generator: torch.Generator, sizes: Sequence[int]) -> None:
        widths = [len(axis.places[member]) for axis in self._axes]
        words = [-(-size * width // _WORD) for size in sizes for width in widths]
        if self._run.device.type == "cpu":  # one draw there equals as many in a row
            drawn = _words(sum(words), generator, self._run.device)
        else:
            drawn = torch.cat([_words(count, generator, self._run.device) for count in words])
        parts = torch.split(drawn.view(torch.uint8), [_WORD * count for count in words])
        for number, (axis, width) in enumerate(zip(self._axes, widths, strict=True)):
            places = axis.places[member]
            is_packed = places == tuple(range(width))
            for step, size in enumerate(sizes):
                own = parts[step * len(widths) + number][: size * width].view(size, width)
                target = self._bytes[number][step, member, :size]
                if is_packed:
                    target[:, :width] = own
                else:
                    target[:, list(places)] = own


def _words(count: int, generator: torch.Generator, device: torch.device) -> torch.Tensor:
    words = torch.empty(count, dtype=torch.int64, device=device)
    return words.random_(-(2**63), None, generator=generator)
