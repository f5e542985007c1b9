"""Reads the fields of a counter machine; the format is described in ``read``."""

from collections.abc import Mapping, Sequence

from coeval.errors import DataError, did_you_mean
from coeval.universality.machine.counter import (
    CounterMachine,
    Decrement,
    Halt,
    Increment,
    Instruction,
)
from coeval.universality.machine.fields import kind_of, place, required, unique_names, whole

COUNTER_FIELDS = ("kind", "name", "counters", "program", "input", "result", "steps")
SHAPES = {
    "inc": '["inc", counter, then]',
    "decjz": '["decjz", counter, then, if zero]',
    "halt": '["halt"]',
}
# Its network is a dense matrix with a row for each of these.
MOST_ROWS = 2000


def counter_machine(content: Mapping[str, object], name: str, steps: int | None) -> CounterMachine:
    """Return the machine of a file's content.

    Args:
        content: The fields.
        name: Of the machine.
        steps: Its step budget.

    Raises:
        DataError: As ``read_machine``.
    """
    counters = _counters(required(content, "counters"))
    program = required(content, "program")
    if isinstance(program, dict):
        labels, instructions = list(program), list(program.values())
    elif isinstance(program, list):
        labels, instructions = [str(number) for number in range(len(program))], program
    else:
        raise DataError(f'"program" must be a list or an object, got {kind_of(program)}.')
    if not 1 <= len(instructions) <= MOST_ROWS:
        raise DataError(
            f'"program" must hold 1..{MOST_ROWS:,} instructions, got {len(instructions)}.'
        )
    return CounterMachine(
        name,
        tuple(
            _instruction(one, f"Instruction {label!r}", counters, labels)
            for label, one in zip(labels, instructions, strict=True)
        ),
        len(counters),
        _inputs(content.get("input", []), counters),
        place(content.get("result", 0), counters, '"result"', "counter"),
        steps,
    )


def _counters(given: object) -> list[str]:
    names = given if isinstance(given, list) else []
    number = len(names) if isinstance(given, list) else whole(given, '"counters"')
    if not 1 <= number <= MOST_ROWS:
        raise DataError(f'"counters" must be 1..{MOST_ROWS:,}, got {number}.')
    return unique_names(names, '"counters"') if names else [str(one) for one in range(number)]


def _instruction(
    given: object, where: str, counters: Sequence[str], labels: Sequence[str]
) -> Instruction:
    word = given[0] if isinstance(given, list) and given else None
    if not isinstance(given, list) or not isinstance(word, str) or word not in SHAPES:
        near = did_you_mean(str(word), SHAPES)
        raise DataError(
            f"{where} must be one of {', '.join(SHAPES.values())}, got {given!r}.{near}"
        )
    if len(given) != SHAPES[word].count(",") + 1:
        raise DataError(f"{where} must be {SHAPES[word]}, got {len(given)} entries: {given!r}.")
    if word == "halt":
        return Halt()
    counter = place(given[1], counters, where, "counter")
    targets = [place(one, labels, where, "instruction") for one in given[2:]]
    return Increment(counter, *targets) if word == "inc" else Decrement(counter, *targets)


def _inputs(given: object, counters: Sequence[str]) -> tuple[int, ...]:
    if isinstance(given, dict):
        values = [0] * len(counters)
        for name, value in given.items():
            values[place(name, counters, '"input"', "counter")] = whole(value, f"Input {name!r}")
        return tuple(values)
    if not isinstance(given, list):
        raise DataError(f'"input" must be a list or an object, got {kind_of(given)}.')
    return tuple(whole(value, f"Input {number}") for number, value in enumerate(given))
