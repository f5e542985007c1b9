"""Sittings: the processes that worked on a run, one after the other, and the time that each spent."""

import os
import secrets
import time
from collections.abc import Mapping
from functools import cache

from coeval.errors import RunError
from coeval.run.budget import Budget
from coeval.run.protocol import Problem
from coeval.store.protocol import Event, Note, Store
from coeval.store.queries import active_seconds


def sitting(task: Problem, budget: Budget, seed: int, **facts: object) -> Note:
    """Return the note that opens a sitting: this process begins to work on a run.

    ``search`` writes one unless the caller has written it, with further facts (``command``, ``version``,
    ``workers`` …), for example to count the time since the process began (``started``, Unix seconds).
    """
    base = {
        "started": time.time(),
        "process": os.getpid(),
        "token": _token(os.getpid()),
        "seed": seed,
        "fingerprint": task.fingerprint,
        "budget_seconds": budget.seconds,
        "budget_trials": budget.trials,
    }
    return Note("sitting", base | facts)


def begin(store: Store, task: Problem, budget: Budget, seed: int) -> tuple[list[Event], float]:
    """Check that the journal belongs to this search, and open a sitting unless the caller did.

    Returns:
        The journal's events, and the active seconds spent so far over all sittings.

    Raises:
        RunError: The journal was begun with another task or seed.
    """
    events = list(store.events())
    is_open = False
    for note in (event.body for event in events if isinstance(event.body, Note)):
        if note.kind == "stopped":
            is_open = False
        elif note.kind == "sitting":
            is_open = note.data.get("token") == _token(os.getpid())
            _check(note, {"fingerprint": task.fingerprint, "seed": seed})
    if is_open:  # the time since this sitting's last event counts as well
        return events, active_seconds(events) + time.time() - events[-1].time
    spent = active_seconds(events)
    store.append([sitting(task, budget, seed)])
    return events, spent


@cache
def _token(process: int) -> str:
    """Return what tells this process from one that had its number before: in a container each begins with 1."""
    return secrets.token_hex(8)


def _check(note: Note, ours: Mapping[str, object]) -> None:
    for name, value in ours.items():
        if note.data.get(name, value) != value:
            raise RunError(
                f"This journal was begun with {name} {note.data[name]!r}, got {value!r}. Continue with the "
                f"same {name}, or start a new run in another folder."
            )
