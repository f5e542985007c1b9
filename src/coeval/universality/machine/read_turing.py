"""Reads the fields of a Turing machine; the format is described in ``read``."""

from collections.abc import Mapping, Sequence

from coeval.errors import DataError
from coeval.universality.machine.fields import (
    as_text,
    kind_of,
    place,
    required,
    unique_names,
    whole,
)
from coeval.universality.machine.turing import LEFT, RIGHT, STAY, Transition, TuringMachine

TURING_FIELDS = (
    "kind",
    "name",
    "states",
    "halt",
    "symbols",
    "transitions",
    "tape",
    "head",
    "start",
    "steps",
)
MOVES = {"L": LEFT, "R": RIGHT, "S": STAY}
# Its network is a dense matrix with a row for each of these.
MOST_TRANSITIONS = 2000
MOST_CELLS = 100_000


def turing_machine(content: Mapping[str, object], name: str, steps: int | None) -> TuringMachine:
    """Return the machine of a file's content.

    Args:
        content: The fields.
        name: Of the machine.
        steps: Its step budget.

    Raises:
        DataError: As ``read_machine``.
    """
    states = unique_names(required(content, "states"), '"states"')
    halt = required(content, "halt")
    halting = unique_names(halt if isinstance(halt, list) else [halt], '"halt"')
    known = unique_names([*states, *halting], '"states" with "halt"')
    symbols = unique_names(content.get("symbols", ["0", "1"]), '"symbols"')
    if len(states) * len(symbols) > MOST_TRANSITIONS:
        raise DataError(
            f"A machine has at most {MOST_TRANSITIONS:,} transitions, got {len(states)} states "
            f"with {len(symbols)} symbols."
        )
    table = required(content, "transitions")
    if not isinstance(table, dict):
        raise DataError(f'"transitions" must be an object, got {kind_of(table)}.')
    for state in table:
        place(state, states, '"transitions"', "state")
    tape = content.get("tape", "")
    if not isinstance(tape, str | list) or len(tape) > MOST_CELLS:
        raise DataError(f'"tape" must be a text or a list of at most {MOST_CELLS:,} symbols.')
    return TuringMachine(
        name,
        tuple(states),
        tuple(halting),
        tuple(symbols),
        tuple(_state(table, state, symbols, known) for state in states),
        tuple(place(as_text(symbol), symbols, '"tape"', "symbol") for symbol in tape),
        whole(content.get("head", 0), '"head"'),
        place(as_text(content.get("start", states[0])), states, '"start"', "state"),
        steps,
    )


def _state(
    table: Mapping[str, object], state: str, symbols: Sequence[str], states: Sequence[str]
) -> tuple[Transition, ...]:
    row = table.get(state)
    if not isinstance(row, dict):
        raise DataError(f'State {state!r} has no transitions. Add "{state}": {{symbol: […]}}.')
    for symbol in row:
        place(symbol, symbols, f"State {state!r}", "symbol")
    return tuple(_transition(row, state, symbol, symbols, states) for symbol in symbols)


def _transition(
    row: Mapping[str, object],
    state: str,
    symbol: str,
    symbols: Sequence[str],
    states: Sequence[str],
) -> Transition:
    where = f"State {state!r}, reading {symbol!r},"
    given = row.get(symbol)
    if given is None:
        raise DataError(
            f'{where} has no transition. Add "{symbol}": [write, "L", "R" or "S", next].'
        )
    if not isinstance(given, list) or len(given) != 3:
        raise DataError(f'{where} must be [write, "L", "R" or "S", next state], got {given!r}.')
    write, move, following = given
    if not isinstance(move, str) or move not in MOVES:
        raise DataError(f'{where} must move "L", "R" or "S", got {move!r}.')
    return Transition(
        place(as_text(write), symbols, where, "symbol"),
        MOVES[move],
        place(as_text(following), states, where, "state"),
    )
