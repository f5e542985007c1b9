"""The values of many programs at once: each distinct step of a batch is computed once, alike steps together.

Programs of a population share most of their steps. Steps are numbered by operation and operands (value
numbering), so equal steps of two programs are one; at each position those of one operation are one call
of NumPy. Values are elementwise, so neither grouping nor batch changes a bit of them.
"""

import itertools
import math
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coeval.architecture.program import WIDTH, Operation, Program
from coeval.build.numeric.evaluate import bind

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

KEPT_BYTES = 2**26
"""Memory for the values that are kept from batch to batch."""
_MOST_KEPT = 4096  # programs: partners and parents come back within a few batches
_WORK_BYTES = 2**25  # of the steps in work at a time
_ID_BITS = 18  # of a step's number: an operation and three operands fit into one integer
_UNDEFINED = 0  # the number of every step that is not finite somewhere


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What is known of programs on some rows.

    Attributes:
        values: ``(rows,)`` finite numbers by program; one with a live step that is not finite on some row is missing.
        lengths: The number of steps that a program's result depends on.
    """

    values: dict[Program, Floats]
    lengths: dict[Program, int]

    def add(self, program: Program, values: Floats | None, length: int) -> None:
        """Note one program; ``None`` where it is undefined."""
        self.lengths[program] = length
        if values is not None:
            self.values[program] = values


class ProgramValues:
    """The values of programs on some rows; those used last are kept.

    Args:
        columns: One ``(rows,)`` float64 array for each input.
        operations: What operation codes stand for.

    Raises:
        SpaceError: An operation has no numeric function, or iterates without a step budget.
    """

    def __init__(self, columns: Sequence[Floats], operations: Sequence[Operation]) -> None:
        self._columns = np.stack([np.asarray(one, dtype=np.float64) for one in columns])
        self._arities = np.array([one.arity for one in operations], dtype=np.intp)
        self._functions = tuple(bind(one) for one in operations)
        self._kept: OrderedDict[Program, tuple[Floats | None, int]] = OrderedDict()
        row_bytes = 8 * self._columns.shape[1]
        self._most_kept = min(_MOST_KEPT, max(1, KEPT_BYTES // row_bytes))
        self._most_steps = min(_WORK_BYTES // row_bytes, 2**_ID_BITS - 256)
        self._work: Floats = np.empty((0, self._columns.shape[1]))

    def of(self, programs: Iterable[Program]) -> Known:
        """Return what is known of programs; equal ones are computed once."""
        kept, found = self._kept, Known({}, {})
        missing: list[Program] = []
        for one in dict.fromkeys(programs):
            if one in kept:
                kept.move_to_end(one)
                found.add(one, *kept[one])
            else:
                missing.append(one)
        if missing:
            for one, (values, length) in self._compute(missing).items():
                found.add(one, values, length)
                kept[one] = values, length
            while len(kept) > self._most_kept:
                kept.popitem(last=False)
        return found

    def _compute(self, programs: Sequence[Program]) -> dict[Program, tuple[Floats | None, int]]:
        """Compute programs, as many at a time as the workspace holds."""
        packed = _Packed(programs, len(self._columns), self._arities)
        lengths = packed.live_lengths
        needed = np.cumsum(lengths + [len(one.constants) for one in programs])
        found: dict[Program, tuple[Floats | None, int]] = {}
        start = 0
        while start < len(programs):
            before = needed[start - 1] if start else 0
            stop = int(np.searchsorted(needed, before + self._most_steps, side="right"))
            part = np.arange(start, max(stop, start + 1))
            for place, value in zip(part.tolist(), self._results(packed, part), strict=True):
                found[programs[place]] = value, int(lengths[place])
            start += len(part)
        return found

    def _results(self, packed: "_Packed", part: Indices) -> list[Floats | None]:
        work = self._workspace(1 + len(self._columns) + packed.size(part))
        numbers = np.full((len(part), packed.live.shape[1]), _UNDEFINED, dtype=np.intp)
        inputs = len(self._columns)
        work[1 : 1 + inputs] = self._columns
        numbers[:, :inputs] = np.arange(1, 1 + inputs)
        used = packed.number_constants(part, numbers, work, 1 + inputs)
        known: dict[int, int] = {}
        for step in range(packed.codes.shape[1]):
            used = self._advance(packed, part, numbers, work, known, used, step)
        ends = numbers[np.arange(len(part)), packed.lasts[part]]
        return [None if end == _UNDEFINED else work[end].copy() for end in ends.tolist()]

    def _advance(
        self,
        packed: "_Packed",
        part: Indices,
        numbers: Indices,
        work: Floats,
        known: dict[int, int],
        used: int,
        step: int,
    ) -> int:
        """Number and compute the live steps at one position; return how many rows of ``work`` are used then."""
        places = packed.firsts[part] + step
        on = np.flatnonzero(packed.is_live(part, step))
        if not len(on):
            return used
        code = packed.codes[part[on], step]
        taken = np.arange(3) < self._arities[code[:, 0]][:, None]
        operands = np.where(taken, numbers[on[:, None], np.where(taken, code[:, 1:], 0)], 0)
        defined = ((operands != _UNDEFINED) | ~taken).all(axis=1)
        on, code, operands = on[defined], code[defined], operands[defined]
        key = code[:, 0]
        for place in range(3):
            key = (key << _ID_BITS) | operands[:, place]
        distinct, first, inverse = np.unique(key, return_index=True, return_inverse=True)
        ids = np.array([known.get(one, -1) for one in distinct.tolist()], dtype=np.intp)
        fresh = np.flatnonzero(ids < 0)  # in the order of operations, as the keys are
        ids[fresh] = np.arange(used, used + len(fresh))
        chosen = first[fresh]
        finite = self._apply(code[chosen, 0], operands[chosen], work, used)
        ids[fresh[~finite]] = _UNDEFINED
        known.update(zip(distinct[fresh].tolist(), ids[fresh].tolist(), strict=True))
        numbers[on, places[on]] = ids[inverse]
        return used + len(fresh)

    def _apply(
        self, codes: Indices, operands: Indices, work: Floats, used: int
    ) -> npt.NDArray[np.bool_]:
        """Compute steps, sorted by operation, into ``work[used:]``; return which are finite on all rows."""
        bounds = [*np.flatnonzero(np.diff(codes, prepend=-1)).tolist(), len(codes)]
        with np.errstate(all="ignore"):
            for start, stop in itertools.pairwise(bounds):
                operation = codes[start]
                taken = [work[operands[start:stop, k]] for k in range(self._arities[operation])]
                work[used + start : used + stop] = self._functions[operation](*taken)
        is_finite = np.isfinite(work[used : used + len(codes)])
        return np.asarray(is_finite.all(axis=1))

    def _workspace(self, rows: int) -> Floats:
        if len(self._work) < rows:
            self._work = np.empty((rows, self._columns.shape[1]))
        return self._work


class _Packed:
    """Programs as arrays, filled up to one length; ``live`` says which values a result depends on."""

    def __init__(self, programs: Sequence[Program], inputs: int, arities: Indices) -> None:
        length = max(one.length for one in programs)
        text = b"".join(one.code.ljust(WIDTH * length, b"\0") for one in programs)
        shape = (len(programs), length, WIDTH)
        self.codes: Indices = np.frombuffer(text, dtype=np.uint8).reshape(shape).astype(np.intp)
        self.constants = [one.constants for one in programs]
        self.inputs = inputs
        self.firsts = np.array([inputs + len(one.constants) for one in programs], dtype=np.intp)
        self.lasts = self.firsts + np.array([one.length - 1 for one in programs], dtype=np.intp)
        self._every = np.arange(len(programs))
        self.live = np.zeros((len(programs), int(self.firsts.max()) + length), dtype=np.bool_)
        self._mark(arities)

    @property
    def live_lengths(self) -> Indices:
        """Return the number of live steps of each program."""
        is_step = np.arange(self.live.shape[1]) >= self.firsts[:, None]
        lengths: Indices = (self.live & is_step).sum(axis=1)
        return lengths

    def is_live(self, part: Indices, step: int) -> npt.NDArray[np.bool_]:
        """Return for some programs whether the step at a position is live."""
        found: npt.NDArray[np.bool_] = self.live[part, self.firsts[part] + step]
        return found

    def size(self, part: Indices) -> int:
        """Return how many values, inputs aside, some programs have at most."""
        return int((self.live[part].sum(axis=1) + self.firsts[part] - self.inputs).sum())

    def number_constants(self, part: Indices, numbers: Indices, work: Floats, used: int) -> int:
        """Write the distinct constants into ``work[used:]`` and their numbers into ``numbers``."""
        known: dict[str, int] = {}
        for row, place in enumerate(part.tolist()):
            for column, value in enumerate(self.constants[place], self.inputs):
                name = float(value).hex()  # tells 0 from -0
                if name not in known:
                    known[name] = used
                    work[used] = value
                    used += 1
                numbers[row, column] = known[name] if math.isfinite(value) else _UNDEFINED
        return used

    def _mark(self, arities: Indices) -> None:
        self.live[self._every, self.lasts] = True
        for step in range(self.codes.shape[1] - 1, -1, -1):
            on = np.flatnonzero(self.is_live(self._every, step))
            arity = arities[self.codes[on, step, 0]]
            for place in range(int(arity.max(initial=0))):
                takers = on[arity > place]
                self.live[takers, self.codes[takers, step, 1 + place]] = True
