"""Reads a user's own machine from a JSON file.

A counter machine starts at its first instruction. Counters and instructions are named, or numbered from 0::

    {
      "kind": "counter",
      "counters": ["left", "right", "product", "copy"],
      "program": {
        "next unit": ["decjz", "left", "move", "done"],
        "move":      ["decjz", "right", "to product", "restore"],
        ...
        "done":      ["halt"]
      },
      "input": {"left": 7, "right": 9},
      "result": "product",
      "steps": 1000
    }

``["inc", counter, then]`` adds one; ``["decjz", counter, then, if zero]`` subtracts one, or jumps when
there is nothing to subtract; ``["halt"]`` ends. With numbers, ``counters`` is how many there are, ``program`` a
list and ``input`` the values of the first counters. ``result`` is 0 where it is not given.

A Turing machine has a transition ``[write, "L", "R" or "S", next state]`` for every state and symbol. The
blank is the first symbol; the head starts on cell 0 of the tape::

    {
      "kind": "turing",
      "states": ["A", "B", "C", "D"],
      "halt": "H",
      "symbols": ["0", "1"],
      "transitions": {
        "A": {"0": ["1", "R", "B"], "1": ["1", "L", "B"]},
        ...
      },
      "tape": "0110",
      "steps": 1000
    }

``halt`` may list several states (``["accept", "reject"]``); ``symbols``, ``tape``, ``head`` and ``start`` may be left
out. In both kinds ``name`` is the file's where it is not given, and ``steps`` the budget unless ``--steps`` is.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from coeval.errors import DataError, did_you_mean
from coeval.universality.machine.counter import CounterMachine
from coeval.universality.machine.fields import kind_of, whole
from coeval.universality.machine.read_counter import COUNTER_FIELDS, counter_machine
from coeval.universality.machine.read_turing import TURING_FIELDS, turing_machine
from coeval.universality.machine.turing import TuringMachine

Reader = Callable[[Mapping[str, object], str, int | None], CounterMachine | TuringMachine]


def read_machine(path: str | Path) -> CounterMachine | TuringMachine:
    """Return the machine that a file describes.

    Args:
        path: A JSON file as described above.

    Raises:
        DataError: The file cannot be read or is not JSON; a field is missing, unknown or of the wrong
            type; the kind is unknown; an instruction or a transition has the wrong length, or names a
            counter, an instruction, a symbol or a state that is not defined; nothing halts; a
            counter starts below zero; the machine is too large.
    """
    path = Path(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_once)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}). Check the path.") from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: a machine file is JSON, and this is not: {error}.") from None
    try:
        return parse_machine(content, path.stem)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None


def parse_machine(content: object, name: str) -> CounterMachine | TuringMachine:
    """Return the machine that plain JSON values describe.

    Args:
        content: What ``json`` read.
        name: The machine's name, unless the content names it.

    Raises:
        DataError: As ``read_machine``.
    """
    if not isinstance(content, dict):
        raise DataError(f"A machine is a JSON object, got {kind_of(content)}.")
    readers: dict[str, tuple[tuple[str, ...], Reader]] = {
        "counter": (COUNTER_FIELDS, counter_machine),
        "turing": (TURING_FIELDS, turing_machine),
    }
    kind = content.get("kind")
    if not isinstance(kind, str) or kind not in readers:
        near = did_you_mean(str(kind), readers)
        raise DataError(f'"kind" must be "counter" or "turing", got {kind!r}.{near}')
    fields, reader = readers[kind]
    for field in content:
        if field not in fields:
            raise DataError(
                f"A {kind} machine has the fields {', '.join(fields)}, got {field!r}."
                f"{did_you_mean(field, fields)}"
            )
    steps = content.get("steps")
    budget = None if steps is None else whole(steps, '"steps"')
    return reader(content, str(content.get("name", name)), budget)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object's fields; JSON would let the last of two with one name win, and an instruction vanish."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice!r} is defined twice in one object")
    return fields
