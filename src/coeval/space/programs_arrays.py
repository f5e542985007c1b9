"""Many programs at once, as arrays: a whole generation is drawn, mutated and crossed in a few dozen NumPy calls.

A search makes tens of thousands of programs; one at a time, their draws would cost more than their evaluation.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coeval.architecture.program import WIDTH, Program

Codes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.float64]
Keys = npt.NDArray[np.uint64]
LATEST = 0.5
"""Share of operands that are drawn among the ``NEAR`` latest values: without it most steps of a long program are dead."""
NEAR = 3
NUDGE = 0.2
"""Standard deviation of a constant's mutation, relative to it and absolute near 0."""


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """What the draws know of a ``ProgramSpace``.

    Attributes:
        inputs: Inputs of a program.
        constants: Constants of a program.
        length: Steps of a program.
        arity: ``(operations,)`` operands of each operation.
        commutative: ``(operations,)`` whether the operands' order does not matter.
        size_limit: Nodes that a value may have as a tree.
    """

    inputs: int
    constants: int
    length: int
    arity: npt.NDArray[np.uint8]
    commutative: npt.NDArray[np.bool_]
    size_limit: int | None

    @property
    def first(self) -> int:
        """Return the index of the first step's value."""
        return self.inputs + self.constants


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Programs side by side.

    Attributes:
        codes: ``(programs, length, 4)``: an operation and three operands a step.
        constants: ``(programs, constants)``.
    """

    codes: Codes
    constants: Numbers

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: npt.NDArray[np.intp]) -> "Batch":
        """Return the programs of these rows, in their order."""
        return Batch(self.codes[rows], self.constants[rows])


def join(batches: Sequence[Batch]) -> Batch:
    """Return all programs of some batches, in order."""
    return Batch(
        np.concatenate([one.codes for one in batches]),
        np.concatenate([one.constants for one in batches]),
    )


def pack(layout: Layout, programs: Sequence[Program]) -> Batch:
    """Return programs of the layout's form as arrays."""
    code = np.frombuffer(b"".join(one.code for one in programs), dtype=np.uint8)
    constants = np.array([one.constants for one in programs], dtype=np.float64)
    return Batch(
        code.reshape(len(programs), layout.length, WIDTH).copy(),
        constants.reshape(len(programs), layout.constants),
    )


def unpack(batch: Batch) -> list[Program]:
    """Return the programs one by one."""
    count, length, _ = batch.codes.shape
    data, stride = batch.codes.tobytes(), WIDTH * length
    constants = batch.constants.tolist()
    return [
        Program(data[row * stride : (row + 1) * stride], tuple(constants[row]))
        for row in range(count)
    ]


def sample_batch(layout: Layout, count: int, rng: np.random.Generator) -> Batch:
    """Draw programs: operations evenly, operands half the time among the latest values, constants normally."""
    codes = _draw_codes(layout, count, rng)
    constants = rng.normal(size=(count, layout.constants))
    return _limited(layout, Batch(codes, constants), rng)


def mutate_batch(layout: Layout, parents: Batch, changes: float, rng: np.random.Generator) -> Batch:
    """Return a child of each parent, with points changed.

    Args:
        layout: Of the programs.
        parents: ``(programs,)``.
        changes: Points that change in each child on average beyond one: a point is an operation (with
            what operands it lacks), an operand, or a constant.
        rng: Where the draws come from.
    """
    count, length = len(parents), layout.length
    fresh = _draw_codes(layout, count, rng)
    points = 2 * length + layout.constants
    chosen = rng.random((count, points)) < changes / points
    chosen[np.arange(count), rng.integers(points, size=count)] = True
    operations, operands = chosen[:, :length], chosen[:, length : 2 * length]
    codes = parents.codes.copy()
    codes[operations] = fresh[operations]
    place = rng.integers(1, 4, size=(count, length)) % np.maximum(layout.arity[codes[..., 0]], 1)
    changed = np.zeros(codes.shape, dtype=bool)
    np.put_along_axis(changed, 1 + place[..., None], True, axis=2)
    redrawn = _operands(layout, count, rng)
    changed[..., 1:] &= operands[..., None]
    changed[..., 0] = False
    codes[..., 1:] = np.where(changed[..., 1:], redrawn, codes[..., 1:])
    codes = _blanked(layout, codes)
    moved = rng.normal(size=parents.constants.shape) * NUDGE * (np.abs(parents.constants) + 1)
    constants = parents.constants + np.where(chosen[:, 2 * length :], moved, 0.0)
    return _limited(layout, Batch(codes, constants), rng)


def cross_batch(layout: Layout, first: Batch, second: Batch, rng: np.random.Generator) -> Batch:
    """Return each first parent with the steps between two cuts from the second; half the time one cut is the end.

    Steps keep their places, so every reference stays a reference backwards. Constants go with equal chance.
    """
    count, length = len(first), layout.length
    cuts = np.sort(rng.integers(0, length + 1, size=(count, 2)), axis=1)
    to_the_end = rng.random(count) < 0.5
    cuts[to_the_end, 1] = length
    steps = np.arange(length)
    taken = (steps >= cuts[:, :1]) & (steps < cuts[:, 1:])
    codes = np.where(taken[..., None], second.codes, first.codes)
    swapped = rng.random(first.constants.shape) < 0.5
    constants = np.where(swapped, second.constants, first.constants)
    return _limited(layout, Batch(codes, constants), rng)


def tree_sizes(layout: Layout, batch: Batch) -> npt.NDArray[np.int64]:
    """Return ``(programs, length)``: the nodes of each step's value as a tree, leaves included.

    Sizes above 2^40 are cut there: sharing lets them double with every step.
    """
    rows = np.arange(len(batch))
    sizes = np.ones((len(batch), layout.first + layout.length), dtype=np.int64)
    for step in range(layout.length):
        sizes[:, layout.first + step] = _size(layout, batch.codes[:, step], sizes, rows)
    return sizes[:, layout.first :]


def live_mask(layout: Layout, batch: Batch) -> npt.NDArray[np.bool_]:
    """Return ``(programs, length)``: which steps each result depends on."""
    rows, first = np.arange(len(batch)), layout.first
    wanted = np.zeros((len(batch), first + layout.length), dtype=bool)
    wanted[:, -1] = True
    for step in range(layout.length - 1, -1, -1):
        code, live = batch.codes[:, step], wanted[:, first + step]
        for place in range(1, int(layout.arity.max(initial=0)) + 1):
            takes = live & (layout.arity[code[:, 0]] >= place)
            wanted[rows[takes], code[takes, place]] = True
    return wanted[:, first:]


def structure_keys(layout: Layout, batch: Batch) -> Keys:
    """Return ``(programs,)`` 64-bit hashes of the live computation.

    Programs that differ in dead steps, in the order of independent steps, in sharing or in the operands' order
    of commutative operations have equal keys. Others have different keys but for one chance in 2^64 a pair.
    """
    rows = np.arange(len(batch))
    keys = np.empty((len(batch), layout.first + layout.length), dtype=np.uint64)
    keys[:, : layout.inputs] = _mixed(np.arange(1, layout.inputs + 1, dtype=np.uint64))
    keys[:, layout.inputs : layout.first] = _mixed((batch.constants + 0.0).view(np.uint64))
    for step in range(layout.length):
        code = batch.codes[:, step]
        operation = code[:, 0]
        arity, either = layout.arity[operation], layout.commutative[operation]
        a, b, c = (keys[rows, code[:, place]] for place in (1, 2, 3))
        low, high = np.where(either, np.minimum(a, b), a), np.where(either, np.maximum(a, b), b)
        key = _mixed(operation.astype(np.uint64) + np.uint64(1_000_003))
        for place, operand in enumerate((low, high, c)):
            key = np.where(arity > place, _mixed(key * np.uint64(3) + operand), key)
        keys[:, layout.first + step] = key
    return keys[:, -1]


def _mixed(words: Keys) -> Keys:
    """Return the words scrambled (SplitMix64, Steele et al. 2014, doi:10.1145/2660193.2660195)."""
    words = words + np.uint64(0x9E3779B97F4A7C15)
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: Keys = words ^ (words >> np.uint64(31))
    return mixed


def _draw_codes(layout: Layout, count: int, rng: np.random.Generator) -> Codes:
    codes = np.empty((count, layout.length, WIDTH), dtype=np.uint8)
    codes[..., 0] = rng.integers(len(layout.arity), size=(count, layout.length), dtype=np.uint8)
    codes[..., 1:] = _operands(layout, count, rng)
    return _blanked(layout, codes)


def _operands(layout: Layout, count: int, rng: np.random.Generator) -> Codes:
    values = (layout.first + np.arange(layout.length))[:, None]
    draws, shares = rng.random((2, count, layout.length, WIDTH - 1))
    among = np.where(shares < LATEST, np.minimum(NEAR, values), values)
    drawn = values - 1 - (draws * among).astype(np.int64)
    operands: Codes = drawn.astype(np.uint8)
    return operands


def _blanked(layout: Layout, codes: Codes) -> Codes:
    """Return codes with 0 in the places of operands that an operation does not take: equal programs, equal bytes."""
    unused = np.arange(WIDTH - 1) >= layout.arity[codes[..., 0]][..., None]
    codes[..., 1:][unused] = 0
    return codes


def _size(
    layout: Layout,
    code: Codes,
    sizes: npt.NDArray[np.int64],
    rows: npt.NDArray[np.intp],
) -> npt.NDArray[np.int64]:
    arity = layout.arity[code[:, 0]]
    total = np.ones(len(code), dtype=np.int64)
    for place in range(1, WIDTH):
        total += np.where(arity >= place, sizes[rows, code[:, place]], 0)
    return np.minimum(total, 1 << 40)


def _limited(layout: Layout, batch: Batch, rng: np.random.Generator) -> Batch:
    """Return the programs with their largest operands turned into leaves wherever a value has too many nodes."""
    if layout.size_limit is None:
        return batch
    codes, rows = batch.codes, np.arange(len(batch))
    leaves = rng.integers(layout.first, size=(layout.length, WIDTH - 1, len(batch)), dtype=np.uint8)
    sizes = np.ones((len(batch), layout.first + layout.length), dtype=np.int64)
    places = np.arange(1, WIDTH)
    for step in range(layout.length):
        code = codes[:, step]
        for draw in range(WIDTH - 1):
            over = _size(layout, code, sizes, rows) > layout.size_limit
            if not over.any():
                break
            taken = np.where(
                places <= layout.arity[code[:, 0]][:, None], sizes[rows[:, None], code[:, 1:]], 0
            )
            largest = 1 + taken.argmax(axis=1)
            code[over, largest[over]] = leaves[step, draw, over]
        sizes[:, layout.first + step] = _size(layout, code, sizes, rows)
    return Batch(codes, batch.constants)
