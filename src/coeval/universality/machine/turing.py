"""Turing machines on one tape that is unlimited both ways, and an interpreter that knows nothing of networks."""

from dataclasses import dataclass, field

from coeval.errors import DataError
from coeval.universality.machine.counter import check_steps

LEFT, STAY, RIGHT = -1, 0, 1
MOST_SYMBOLS = 256  # a cell is a byte


@dataclass(frozen=True, slots=True)
class Transition:
    """Write symbol ``write``, move the head by ``move``, go to state ``state`` (all numbers)."""

    write: int
    move: int
    state: int


@dataclass(frozen=True, slots=True)
class TuringMachine:
    """A table over states and symbols, and the tape that it is run on.

    States are numbered in the order of ``states``, then of ``halting``; a run starts in state ``start``.

    Attributes:
        name: For messages and reports.
        states: Names of the states that act.
        halting: Names of the states in which a run ends.
        symbols: The alphabet, the blank first; symbols are numbered in this order.
        table: ``table[state][symbol]``, complete for all states that act.
        tape: Symbols of the first cells, from cell 0 to the right; all others are blank.
        head: The cell on which the head starts.
        start: Number of the first state.
        steps: Step budget of a run, or ``None`` when the caller must say.

    Raises:
        DataError: A name occurs twice; the table's shape is not states by symbols; a transition or the
            tape names a state, symbol or move that does not exist; no transition leads to a halt; the
            step budget is not positive.
    """

    name: str
    states: tuple[str, ...]
    halting: tuple[str, ...]
    symbols: tuple[str, ...]
    table: tuple[tuple[Transition, ...], ...]
    tape: tuple[int, ...] = ()
    head: int = 0
    start: int = 0
    steps: int | None = None

    def __post_init__(self) -> None:
        _check_names(self)
        _check_table(self)
        _check_tape(self)
        check_steps(self.name, self.steps)


@dataclass(slots=True)
class TuringInterpreter:
    """A machine's configuration, advanced in place.

    Attributes:
        machine: What runs.
        state: Number of the state.
        head: The cell on which the head is; always one of ``cells``.
        cells: A byte a cell, so that long tapes are compared at the speed of memory; it grows both ways.
        first: The number of the cell ``cells[0]``.
    """

    machine: TuringMachine
    state: int = field(init=False)
    head: int = field(init=False)
    cells: bytearray = field(init=False)
    first: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.state = self.machine.start
        self.head = self.machine.head
        self.cells = bytearray([*self.machine.tape, 0])

    @property
    def halted(self) -> bool:
        """Whether the state is a halting one."""
        return self.state >= len(self.machine.states)

    def step(self) -> None:
        """Apply the table once; a halted machine stays as it is."""
        if self.halted:
            return
        at = self.head - self.first
        transition = self.machine.table[self.state][self.cells[at]]
        self.cells[at] = transition.write
        self.head += transition.move
        self.state = transition.state
        # Doubled when it runs out: growing by one cell each time would be quadratic.
        if self.head < self.first:
            self.first -= len(self.cells)
            self.cells = bytearray(len(self.cells)) + self.cells
        elif self.head == self.first + len(self.cells):
            self.cells += bytes(len(self.cells))

    def halves(self) -> tuple[bytes, bytes]:
        """Return the symbols left of the head, nearest first, and those from the head on, up to the last not blank."""
        at = self.head - self.first
        left, right = self.cells[:at], self.cells[at:]
        return bytes(left[::-1].rstrip(b"\0")), bytes(right.rstrip(b"\0"))

    def written(self) -> int:
        """Return how many cells are not blank."""
        return len(self.cells) - self.cells.count(0)


def outcome(machine: TuringMachine, state: int, written: int) -> str:
    """Return a configuration's result in words.

    Args:
        machine: Whose names are used.
        state: Number of the state; a halting one is named where there are several to tell apart.
        written: How many cells are not blank.
    """
    name = (*machine.states, *machine.halting)[state]
    unsettled = state < len(machine.states) or len(machine.halting) > 1
    cell = "one" if len(machine.symbols) == 2 else "symbol"
    return f"{written} {cell}{'' if written == 1 else 's'}" + (
        f", state {name}" if unsettled else ""
    )


def _check_names(machine: TuringMachine) -> None:
    for words, what in (
        ((*machine.states, *machine.halting), "state"),
        (machine.symbols, "symbol"),
    ):
        twice = sorted({one for one in words if words.count(one) > 1})
        if twice:
            raise DataError(
                f"Machine {machine.name!r} defines {what} {twice[0]!r} twice; name it once."
            )
    if len(machine.symbols) > MOST_SYMBOLS:
        raise DataError(
            f"A machine has at most {MOST_SYMBOLS} symbols, {machine.name!r} has {len(machine.symbols)}."
        )
    if not machine.states or not machine.halting or len(machine.symbols) < 2:
        raise DataError(
            f"Machine {machine.name!r} needs at least one state, one halting state and two symbols, got "
            f"{len(machine.states)}, {len(machine.halting)} and {len(machine.symbols)}."
        )


def _check_table(machine: TuringMachine) -> None:
    shape = [len(row) for row in machine.table]
    if shape != [len(machine.symbols)] * len(machine.states):
        raise DataError(
            f"Machine {machine.name!r} needs {len(machine.symbols)} transitions for each of its "
            f"{len(machine.states)} states, got {shape}."
        )
    total = len(machine.states) + len(machine.halting)
    for name, row in zip(machine.states, machine.table, strict=True):
        for symbol, one in zip(machine.symbols, row, strict=True):
            known = 0 <= one.write < len(machine.symbols) and 0 <= one.state < total
            if not known or one.move not in {LEFT, STAY, RIGHT}:
                raise DataError(
                    f"State {name!r} of machine {machine.name!r}, reading {symbol!r}, must write one of "
                    f"{len(machine.symbols)} symbols, move by -1, 0 or 1 and go to one of {total} "
                    f"states, got {one}."
                )
    if not any(one.state >= len(machine.states) for row in machine.table for one in row):
        raise DataError(
            f"Machine {machine.name!r} needs a transition to a halting state ({', '.join(machine.halting)}), "
            "got none, so it can never end. Let one transition go there."
        )


def _check_tape(machine: TuringMachine) -> None:
    if not 0 <= machine.start < len(machine.states):
        raise DataError(
            f"Machine {machine.name!r} must start in one of its {len(machine.states)} states that act, "
            f"got number {machine.start}."
        )
    if not 0 <= machine.head <= len(machine.tape):
        raise DataError(
            f"The head of machine {machine.name!r} must start on cell 0..{len(machine.tape)}, got "
            f"{machine.head}. Lengthen the tape by blanks to start elsewhere."
        )
    if any(not 0 <= symbol < len(machine.symbols) for symbol in machine.tape):
        raise DataError(
            f"The tape of machine {machine.name!r} may hold symbols 0..{len(machine.symbols) - 1}, "
            f"got {max(machine.tape)}."
        )
