"""What the journal says: pure functions from events, the same for a journal on disk and in memory."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from coeval.store.protocol import Event, Note
from coeval.trial import Objective, State, Trial
from coeval.trial import best as best_of


@dataclass(frozen=True, slots=True)
class Counts:
    """How many trials stand where. ``done`` includes the ``cached``; ``total`` is all that were numbered."""

    total: int = 0
    running: int = 0
    done: int = 0
    failed: int = 0
    cached: int = 0


def trials(events: Iterable[Event]) -> tuple[Trial, ...]:
    """Return every trial as it stands now, by number."""
    latest = {e.body.number: e.body for e in events if isinstance(e.body, Trial)}
    return tuple(latest[number] for number in sorted(latest))


def best(events: Iterable[Event], objective: Objective) -> Trial | None:
    """Return the best comparable trial, the earliest of equals; ``None`` if there is none."""
    return best_of(trials(events), objective)


def counts(found: Iterable[Trial]) -> Counts:
    """Count trials (as ``trials`` returns them) by state."""
    found = list(found)
    by_state = {state: sum(trial.state is state for trial in found) for state in State}
    cached = sum(t.measurement is not None and t.measurement.cached_from is not None for t in found)
    return Counts(
        len(found), by_state[State.RUNNING], by_state[State.DONE], by_state[State.FAILED], cached
    )


def notes(events: Iterable[Event], kind: str) -> tuple[Mapping[str, Any], ...]:
    """Return the data of all notes of a kind, in order."""
    return tuple(e.body.data for e in events if isinstance(e.body, Note) and e.body.kind == kind)


def active_clock(events: Iterable[Event]) -> dict[int, float]:
    """Return the active seconds of the run at each event, by its position: pauses between sittings do not count.

    A sitting runs from its ``"sitting"`` note (from that note's ``"started"`` Unix time, if it has one) to
    the last event before the next sitting. A killed sitting so loses at most what it did since its last event.
    """
    clock: dict[int, float] = {}
    active, last = 0.0, None
    for event in events:
        before = last
        if isinstance(event.body, Note) and event.body.kind == "sitting":
            started = event.body.data.get("started")
            is_known = isinstance(started, int | float) and (last is None or started >= last)
            before = started if is_known else event.time
        if before is not None:
            active += max(0.0, event.time - before)  # a clock that was set back takes nothing away
        last = event.time
        clock[event.position] = active
    return clock


def active_seconds(events: Iterable[Event]) -> float:
    """Return the seconds that all recorded sittings were at work, as ``active_clock`` counts them."""
    return max(active_clock(events).values(), default=0.0)
