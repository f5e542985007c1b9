"""Where a tape's tensors, values and operations lie for the compiled loops (``train.kernels.layout``)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coeval.build.tape import ROW, Operation, Tape
from coeval.build.tape_parts import Tensor
from coeval.train.kernels import layout
from coeval.train.kernels.layout import LANES

KINDS: Mapping[str, int] = {
    "numeric": layout.NUMERIC,
    "piecewise_linear": layout.BINS,
    "periodic": layout.COSINES,
    "embedding": layout.EMBEDDING,
    "text": layout.TEXT,
    "linear": layout.LINEAR,
    "glu_gate": layout.GLU,
    "scale": layout.SCALE,
    "dropout": layout.DROPOUT,
    "relu": layout.RELU,
    "gelu": layout.GELU,
    "silu": layout.SILU,
    "tanh": layout.TANH,
    "sigmoid": layout.SIGMOID,
    "hard_sigmoid": layout.HARD_SIGMOID,
    "batch_norm": layout.BATCH_NORM,
    "layer_norm": layout.LAYER_NORM,
    "rms_norm": layout.RMS_NORM,
    "add": layout.ADD,
    "multiply": layout.MULTIPLY,
    "concatenate": layout.CONCATENATE,
    "spread": layout.SPREAD,
    "member_linear": layout.OWN,
    "vote": layout.VOTE,
}
_ENCODED = ("piecewise_linear", "periodic")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tensor lies: its first number, the stride of each axis, and its shape."""

    at: int
    strides: tuple[int, ...]
    shape: tuple[int, ...]

    def of(self, stretch: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the tensor as a view of the stretch that it lies in."""
        size = stretch.itemsize
        return np.lib.stride_tricks.as_strided(
            stretch[self.at :], self.shape, tuple(size * one for one in self.strides)
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """What the loop needs to know of a network (``train.kernels.layout``).

    Attributes:
        table: A row of ``FIELDS`` an operation, then the inputs of merges and the columns of embeddings.
        matrices: ``(weights, 6)`` for ``product.transpose``.
        stretches: ``(2, 4)`` parameters that decay and that do not, for ``updates.update``.
        parameters: By name, in the network's order.
        buffers: By name.
        part: Numbers from a parameter to its gradient, from there to its first and from there to its second moment.
        size: Numbers of the memory.
        dropped: Numbers of an example in each dropout, which draws a byte for each number.
    """

    table: npt.NDArray[np.int64]
    matrices: npt.NDArray[np.int64]
    stretches: npt.NDArray[np.int64]
    parameters: Mapping[str, Place]
    buffers: Mapping[str, Place]
    part: int
    size: int
    dropped: tuple[int, ...]


def padded(numbers: int) -> int:
    """Return the next multiple of the lanes of a vector."""
    return -(-numbers // LANES) * LANES


def stride_of(width: int) -> int:
    """Return the row stride of a matrix: rows a power of two apart would fall into the same lines of the cache."""
    return padded(width) + (LANES if padded(width) % 128 == 0 else 0)


def plan_of(tape: Tape, parameters: Mapping[str, tuple[int, ...]], capacity: int) -> Plan:
    """Return the plan of a tape.

    Args:
        tape: What is computed.
        parameters: Shape of each parameter of the network, those included that no operation reads: they decay.
        capacity: Rows of a batch at most.
    """
    planner = _Planner(tape, capacity)
    planner.place_tensors(parameters)
    planner.place_values()
    for one in tape.operations:
        planner.write(one)
    return Plan(
        np.array([*planner.rows, *planner.lists], np.int64),
        np.array(planner.matrices, np.int64).reshape(-1, 6),
        np.array(planner.stretches, np.int64),
        {name: planner.places[name] for name in parameters},
        {name: place for name, place in planner.places.items() if name not in parameters},
        part=planner.part,
        size=planner.size,
        dropped=tuple(
            tape.widths[one.output] * tape.members[one.output]
            for one in tape.operations
            if one.kind == "dropout"
        ),
    )


def decays(name: str, shape: tuple[int, ...]) -> bool:
    """Return whether a parameter decays, as ``train.optimizer`` has it."""
    return name.rsplit(".", maxsplit=1)[-1] == "weight" and len(shape) > 1


class _Planner:
    """Hands out places: parameters, buffers and zeros; their gradients and moments; values; then what operations keep."""

    def __init__(self, tape: Tape, capacity: int) -> None:
        self.rows: list[int] = []
        self.lists: list[int] = []
        self.matrices: list[list[int]] = []
        self.stretches: list[list[int]] = []
        self.places: dict[str, Place] = {}
        self.part = self.size = 0
        self._tape = tape
        self._capacity = capacity
        self._zeros = 0
        self._values: list[tuple[int, int]] = [
            (0, 0)
        ]  # of each value: its place and its gradient's
        self._strides = _strides(tape)
        self._turned: dict[str, int] = {}
        self._learning = _learning(tape)

    def place_tensors(self, parameters: Mapping[str, tuple[int, ...]]) -> None:
        """Place parameters, the decaying ones first; then the buffers, and zeros for maps without bias."""
        roles = {
            tensor.name: (one.kind, role, tensor)
            for one in self._tape.operations
            for role, tensor in enumerate(one.tensors)
        }
        for decaying in (True, False):
            begin = self.size
            for name, shape in parameters.items():
                if decays(name, shape) == decaying:
                    kind, role = roles[name][:2] if name in roles else ("", 0)
                    self.places[name], size = _place(kind, role, shape, self.size)
                    self.size += size
            self.stretches.append([begin, self.size - begin, int(decaying)])
        for name, (kind, role, tensor) in roles.items():
            if not tensor.learns:
                self.places[name], size = _place(kind, role, tensor.shape, self.size)
                self.size += size
        self._zeros = self._take(max(2 * one for one in self._tape.widths) + LANES)
        self.part = self.size
        for stretch in self.stretches:
            stretch.append(self.part)
        self.size = 4 * self.part

    def place_values(self) -> None:
        """Place values and their gradients, row by row."""
        for width, members in zip(self._tape.widths[1:], self._tape.members[1:], strict=True):
            size = self._capacity * members * self._strides[width]
            self._values.append((self._take(size), self._take(size)))

    def write(self, one: Operation) -> None:
        """Append an operation's row to the table."""
        row = [0] * layout.FIELDS
        row[layout.KIND], row[layout.COUNT] = KINDS[one.kind], len(one.inputs)
        width = self._tape.widths[one.output]
        row[layout.Y], row[layout.Y_ERRORS] = self._values[one.output]
        row[layout.Y_ROW], row[layout.Y_WIDTH] = self._strides[width], width
        row[layout.COPIES] = self._tape.members[one.output]
        taken = one.inputs[0]
        if taken == ROW:
            row[layout.COLUMNS] = self._columns(one.kind)
        else:
            row[layout.X], row[layout.X_ERRORS] = self._values[taken]
            row[layout.X_WIDTH] = self._tape.widths[taken]
            row[layout.X_ROW] = self._strides[row[layout.X_WIDTH]]
            row[layout.WANTED] = int(self._learning[taken])
        at = [self.places[tensor.name].at for tensor in one.tensors]
        row[layout.BIAS] = row[layout.ZEROS] = self._zeros
        if at:
            row[layout.WEIGHT], row[layout.WEIGHT_SLOPE] = at[0], at[0] + self.part
            row[layout.WEIGHT_ROW] = max(self.places[one.tensors[0].name].strides)
        if len(at) > 1:
            row[layout.BIAS], row[layout.BIAS_SLOPE], row[layout.HAS_BIAS] = (
                at[1],
                at[1] + self.part,
                1,
            )
        self._write_rest(one, row, at, width)
        self._write_settings(one, row)
        self.rows += row

    def _write_rest(self, one: Operation, row: list[int], at: list[int], width: int) -> None:
        """Write the fields of a kind."""
        rows = self._capacity * row[layout.COPIES]
        if one.kind in _ENCODED:
            self._write_encoding(one, row, at)
        elif one.kind in ("linear", "glu_gate"):
            row[layout.TURNED], row[layout.TURNED_ROW] = self._turn(one.tensors[0])
        elif one.kind == "member_linear":
            self._write_member_linear(one, row, at)
        elif one.kind in ("layer_norm", "rms_norm"):
            row[layout.SCRATCH] = self._take(2 * rows)
        elif one.kind == "batch_norm":
            row[layout.SCRATCH_ROW] = padded(width)
            row[layout.SCRATCH] = self._take(4 * padded(width))
            row[layout.THIRD], row[layout.FOURTH] = at[2:]
        elif one.kind == "embedding":
            row[layout.COUNT] = len(_many(one, "columns"))
            row[layout.LINKS] = self._list([*_many(one, "columns"), *_many(one, "offsets")])
        elif len(one.inputs) > 1:
            row[layout.LINKS] = self._list(
                [field for value in one.inputs for field in self._link(value)]
            )
        if one.kind == "glu_gate":
            row[layout.SCRATCH_ROW] = stride_of(2 * width)
            size = rows * row[layout.SCRATCH_ROW]
            row[layout.SCRATCH], row[layout.THIRD] = self._take(size), self._take(size)

    def _write_settings(self, one: Operation, row: list[int]) -> None:
        """Write whole numbers that a kind is told."""
        if one.kind == "dropout":
            row[layout.THIRD] = _whole(one, "zeroed")
        elif one.kind == "text":
            row[layout.THIRD], row[layout.FOURTH] = _whole(one, "start"), _whole(one, "length")
        elif one.kind == "vote":
            row[layout.THIRD] = _whole(one, "of")
            row[layout.FOURTH] = self._tape.members[one.inputs[0]]

    def _write_encoding(self, one: Operation, row: list[int], at: list[int]) -> None:
        columns, inside, outside = one.tensors[0].shape
        stride, turned_row = padded(inside), padded(outside)
        row[layout.WEIGHT_ROW] = stride
        row[layout.INSIDE], row[layout.OUTSIDE] = inside, outside
        row[layout.TURNED] = self._take(columns * stride * turned_row)
        row[layout.TURNED_ROW] = turned_row
        for column in range(columns):
            weight = at[0] + column * outside * stride
            turned = row[layout.TURNED] + column * stride * turned_row
            self.matrices.append([weight, outside, inside, stride, turned, turned_row])
        block = self._capacity * stride
        row[layout.SCRATCH], row[layout.SCRATCH_ROW] = self._take(columns * block), block
        row[layout.THIRD], row[layout.FOURTH] = at[2:4]
        row[layout.THIRD_SLOPE], row[layout.FOURTH_SLOPE] = at[2] + self.part, at[3] + self.part
        if one.kind == "periodic":
            row[layout.FIFTH], row[layout.SIXTH] = self._take(columns * block), self._take(block)
        else:
            row[layout.FIFTH], row[layout.SIXTH] = at[4:]

    def _write_member_linear(self, one: Operation, row: list[int], at: list[int]) -> None:
        members, width, features = one.tensors[0].shape
        stride, turned_row = stride_of(features), stride_of(width)
        row[layout.WEIGHT_ROW], row[layout.THIRD] = stride, padded(width)
        row[layout.TURNED_ROW], row[layout.INSIDE] = turned_row, padded(features) * turned_row
        row[layout.TURNED] = self._take(members * row[layout.INSIDE])
        for member in range(members):
            weight = at[0] + member * width * stride
            turned = row[layout.TURNED] + member * row[layout.INSIDE]
            self.matrices.append([weight, width, features, stride, turned, turned_row])

    def _turn(self, weight: Tensor) -> tuple[int, int]:
        """Return where a weight's transpose is, and its row stride."""
        rows, columns = weight.shape
        stride = stride_of(rows)
        if weight.name not in self._turned:
            place = self.places[weight.name]
            turned = self._take(padded(columns) * stride)
            self._turned[weight.name] = turned
            self.matrices.append([place.at, rows, columns, place.strides[0], turned, stride])
        return self._turned[weight.name], stride

    def _link(self, value: int) -> tuple[int, int, int, int]:
        width = self._tape.widths[value]
        at, errors = self._values[value]
        return at, self._strides[width], width, errors

    def _list(self, numbers: list[int]) -> int:
        """Keep numbers behind the rows of the table; return where."""
        begin = len(self._tape.operations) * layout.FIELDS + len(self.lists)
        self.lists += numbers
        return begin

    def _columns(self, kind: str) -> int:
        columns = self._tape.columns
        if kind == "embedding":
            return len(columns.categories)
        return sum(one.length for one in columns.texts) if kind == "text" else columns.numeric

    def _take(self, size: int) -> int:
        begin = self.size
        self.size += padded(size)
        return begin


def _place(kind: str, role: int, shape: tuple[int, ...], at: int) -> tuple[Place, int]:
    """Return where an operation's tensor lies, and how many numbers that takes; ``role`` is its number there."""
    if kind in ("linear", "glu_gate") and role == 0:
        stride = stride_of(shape[1])
        return Place(at, (stride, 1), shape), shape[0] * stride
    if kind in _ENCODED and role == 0:  # as in a linear map: (columns, width, codes)
        columns, inside, outside = shape
        stride = padded(inside)
        return Place(at, (outside * stride, 1, stride), shape), columns * outside * stride
    if kind in _ENCODED:  # a row a column
        stride = padded(shape[-1])
        strides = (stride,) * (len(shape) - 1)
        return Place(at, (*strides, 1), shape), shape[0] * stride
    if kind == "member_linear":
        stride = stride_of(shape[2]) if role == 0 else padded(shape[1])
        inner = (shape[1] * stride, stride) if role == 0 else (stride,)
        return Place(at, (*inner, 1), shape), shape[0] * inner[0]
    strides = tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))
    return Place(at, strides, shape), padded(math.prod(shape))


def _strides(tape: Tape) -> dict[int, int]:
    """Return the row stride of the values of each width: equal ones, so that operations run over rows as they lie."""
    strides = {width: stride_of(width) for width in tape.widths}
    for one in tape.operations:
        if one.kind in _ENCODED:
            width, outside = tape.widths[one.output], one.tensors[0].shape[2]
            written = width - outside + padded(outside)  # by the last column's product
            strides[width] = max(strides[width], padded(written))
    return strides


def _learning(tape: Tape) -> list[bool]:
    """Return for each value whether a parameter has a part in it; only then its gradient is wanted."""
    learning = [False] * len(tape.widths)
    for one in tape.operations:
        own = any(tensor.learns for tensor in one.tensors)
        learning[one.output] = own or any(learning[value] for value in one.inputs)
    return learning


def _whole(one: Operation, name: str) -> int:
    value = one.setting(name)
    assert isinstance(value, int)
    return value


def _many(one: Operation, name: str) -> tuple[int, ...]:
    value = one.setting(name)
    assert isinstance(value, tuple)
    return value
