"""The weights of a population: one padded tensor for each of a tape's, all of them parts of one flat vector."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from coeval.build.tape import Operation, Tape
from coeval.train.population_values import Axis, beside, packed

_ALIGNED = 16  # floats: each block begins at a cache line


@dataclass(frozen=True, slots=True)
class Block:
    """One weight of every member, padded.

    Attributes:
        name: In ``Network.state_dict()``.
        axes: Of the weight, without the members' own.
        learns: False for a buffer.
        is_shared: Whether several operations use it, so that their gradients add up.
    """

    name: str
    axes: tuple[Axis, ...]
    learns: bool
    is_shared: bool

    @property
    def shape(self) -> tuple[int, ...]:
        """Return the padded shape of one member."""
        return tuple(axis.size for axis in self.axes)

    @property
    def decays(self) -> bool:
        """Return whether weight decay applies, by the rule of ``train.optimizer``."""
        return self.learns and self.name.split(".")[-1] == "weight" and len(self.axes) > 1

    def place(self, member: int) -> tuple[np.ndarray, ...]:
        """Return the index of a member's own entries within its padded weight."""
        return np.ix_(*(np.array(axis.places[member], dtype=np.int64) for axis in self.axes))

    def take(self, members: Sequence[int]) -> "Block":
        """Return the block of some of the members."""
        return Block(
            self.name, tuple(axis.take(members) for axis in self.axes), self.learns, self.is_shared
        )


def blocks_of(tapes: Sequence[Tape], axes: Sequence[Axis]) -> tuple[Block, ...]:
    """Return the blocks of tapes of one structure, in the order of the tape.

    Args:
        tapes: One for each member.
        axes: Of every value (``population_values.axes_of``).
    """
    uses: dict[str, int] = {}
    for operation in tapes[0].operations:
        for tensor in operation.tensors:
            uses[tensor.name] = uses.get(tensor.name, 0) + 1
    found: dict[str, Block] = {}
    for number, operation in enumerate(tapes[0].operations):
        for place, tensor in enumerate(operation.tensors):
            shapes = [tape.operations[number].tensors[place].shape for tape in tapes]
            laid = _axes(operation, axes, shapes)
            found.setdefault(
                tensor.name, Block(tensor.name, laid, tensor.learns, uses[tensor.name] > 1)
            )
    return tuple(found.values())


def _axes(
    operation: Operation, axes: Sequence[Axis], shapes: Sequence[tuple[int, ...]]
) -> tuple[Axis, ...]:
    """Return the axes of an operation's tensor: features of values where it has them, else packed."""
    if operation.kind in ("piecewise_linear", "periodic", "embedding", "text"):
        return tuple(packed(sizes) for sizes in zip(*shapes, strict=True))
    out = axes[operation.output]
    if operation.kind == "glu_gate":
        out = beside([out, out])
    return (out, axes[operation.inputs[0]])[: len(shapes[0])]


class Arena:
    """Flat vectors of as many blocks, each a contiguous ``(members, *shape)`` within them.

    Attributes:
        blocks: What is where.
        members: How many there are.
        weights: The flat vector.
        views: Each block of it by name.
    """

    def __init__(self, blocks: Sequence[Block], members: int, device: torch.device) -> None:
        self.blocks = tuple(blocks)
        self.members = members
        self._starts: list[int] = []
        end = 0
        for block in self.blocks:
            self._starts.append(end)
            end += -(-members * int(np.prod(block.shape)) // _ALIGNED) * _ALIGNED
        self._size, self._device = end, device
        self.weights, self.views = self.vector()

    def vector(self) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Return a flat vector of zeros and its blocks by name."""
        flat = torch.zeros(self._size, device=self._device)
        views = {
            block.name: flat[start : start + self.members * int(np.prod(block.shape))].view(
                self.members, *block.shape
            )
            for block, start in zip(self.blocks, self._starts, strict=True)
        }
        return flat, views

    def put(
        self, views: Mapping[str, torch.Tensor], members: Sequence[Mapping[str, np.ndarray]]
    ) -> None:
        """Fill blocks with each member's arrays by name."""
        for block in self.blocks:
            padded = np.zeros((self.members, *block.shape), dtype=np.float32)
            for number, arrays in enumerate(members):
                padded[number][block.place(number)] = arrays[block.name]
            views[block.name].copy_(torch.from_numpy(padded))

    def get(self, views: Mapping[str, torch.Tensor], member: int) -> dict[str, np.ndarray]:
        """Return one member's arrays by name."""
        return {
            block.name: views[block.name][member].cpu().numpy()[block.place(member)]
            for block in self.blocks
        }
