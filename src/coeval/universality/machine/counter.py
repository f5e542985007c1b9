"""Counter machines: registers that count up, count down and test for zero (Minsky 1967).

Three counters suffice for every computable function, two with an encoded input. The interpreter below
knows nothing of networks: it is what a compiled network is compared with.
"""

from dataclasses import dataclass

from coeval.errors import DataError


@dataclass(frozen=True, slots=True)
class Increment:
    """INC: add one to ``counter``, go to instruction ``target``."""

    counter: int
    target: int


@dataclass(frozen=True, slots=True)
class Decrement:
    """DECJZ: if ``counter`` is zero go to instruction ``zero``, else subtract one and go to ``nonzero``."""

    counter: int
    nonzero: int
    zero: int


@dataclass(frozen=True, slots=True)
class Halt:
    """HALT: stay here for ever."""


Instruction = Increment | Decrement | Halt


@dataclass(frozen=True, slots=True)
class CounterMachine:
    """A program over counters, and what it is run on.

    Attributes:
        name: For messages and reports.
        program: Instructions; the first is where a run starts.
        counters: How many counters there are.
        inputs: What the first counters start with; the others start at zero.
        result: Which counter holds the answer at the halt.
        steps: Step budget of a run, or ``None`` when the caller must say.

    Raises:
        DataError: The program is empty or cannot halt; a target or counter does not exist; the inputs
            outnumber the counters or are negative; the step budget is not positive.
    """

    name: str
    program: tuple[Instruction, ...]
    counters: int
    inputs: tuple[int, ...] = ()
    result: int = 0
    steps: int | None = None

    def __post_init__(self) -> None:
        _check_counters(self)
        for number, instruction in enumerate(self.program):
            _check_instruction(self, number, instruction)
        if not any(isinstance(one, Halt) for one in self.program):
            raise DataError(
                f"Machine {self.name!r} needs at least one halt instruction, got {len(self.program)} "
                "instructions without one, so it can never end. Add halt, and go there at the end."
            )
        check_steps(self.name, self.steps)


# Instruction, then the counters; a flat tuple, because hundreds of thousands are made.
CounterState = tuple[int, ...]


def start(machine: CounterMachine) -> CounterState:
    """Return the state before the first step."""
    return (0, *machine.inputs, *([0] * (machine.counters - len(machine.inputs))))


def trace(machine: CounterMachine, state: CounterState, steps: int) -> list[CounterState]:
    """Return the states after each of at most ``steps`` steps; it ends where the machine has halted."""
    instruction, *counters = state
    states: list[CounterState] = []
    for _ in range(steps):
        current = machine.program[instruction]
        if isinstance(current, Increment):
            counters[current.counter] += 1
            instruction = current.target
        elif isinstance(current, Decrement):
            if counters[current.counter] == 0:
                instruction = current.zero
            else:
                counters[current.counter] -= 1
                instruction = current.nonzero
        else:
            break
        states.append((instruction, *counters))
    return states


def is_halted(machine: CounterMachine, state: CounterState) -> bool:
    """Return whether the state is at a halt instruction."""
    return isinstance(machine.program[state[0]], Halt)


def check_steps(name: str, steps: int | None) -> None:
    """Refuse a step budget that is not positive.

    Raises:
        DataError: It is zero or negative.
    """
    if steps is not None and steps < 1:
        raise DataError(
            f"The step budget of machine {name!r} must be at least 1, got {steps}. Raise it."
        )


def _check_counters(machine: CounterMachine) -> None:
    name, inputs = machine.name, machine.inputs
    if machine.counters < 1:
        raise DataError(f"Machine {name!r} needs at least 1 counter, got {machine.counters}.")
    if len(inputs) > machine.counters:
        raise DataError(
            f"Machine {name!r} has {machine.counters} counters, got {len(inputs)} inputs. "
            "Give at most one input a counter; the others start at 0."
        )
    for number, value in enumerate(inputs):
        if value < 0:
            raise DataError(
                f"A counter holds 0, 1, 2, …; input {number} of machine {name!r} is {value}."
            )
    if not 0 <= machine.result < machine.counters:
        raise DataError(
            f"The result of machine {name!r} must be a counter in 0..{machine.counters - 1}, "
            f"got {machine.result}."
        )


def _check_instruction(machine: CounterMachine, number: int, instruction: Instruction) -> None:
    if isinstance(instruction, Halt):
        return
    where = f"Instruction {number} of machine {machine.name!r}"
    if not 0 <= instruction.counter < machine.counters:
        raise DataError(
            f"{where} uses counter {instruction.counter}; there are 0..{machine.counters - 1}. "
            "Raise the number of counters or correct it."
        )
    targets = (
        (instruction.target,)
        if isinstance(instruction, Increment)
        else (instruction.nonzero, instruction.zero)
    )
    for target in targets:
        if not 0 <= target < len(machine.program):
            raise DataError(
                f"{where} goes to instruction {target}, which is undefined; there are "
                f"0..{len(machine.program) - 1}. Correct the target or add the instruction."
            )
