"""The rule of every journal: a trial starts once, finishes once, and then never changes."""

from collections.abc import Mapping, Sequence

from coeval.errors import RunError
from coeval.store.protocol import Note
from coeval.trial import State, Trial


def check_order(states: Mapping[int, State], records: Sequence[Trial | Note]) -> dict[int, State]:
    """Check that trials go from RUNNING to one final state, and return the states after the records.

    Raises:
        RunError: A finished trial would change, or one would start twice.
    """
    changed: dict[int, State] = {}
    for record in records:
        if not isinstance(record, Trial):
            continue
        before = changed.get(record.number, states.get(record.number))
        if before is not None and before is not State.RUNNING:
            raise RunError(
                f"Trial {record.number} is {before.value} and a finished trial never changes, got "
                f"{record.state.value} for it. Record a new trial under the next number."
            )
        if before is State.RUNNING and record.state is State.RUNNING:
            raise RunError(
                f"Trial {record.number} is already running. Evaluate it under its number without "
                "recording its start again."
            )
        changed[record.number] = record.state
    return changed
