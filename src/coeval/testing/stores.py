"""The contract of stores, as checks that an outsider can run on his own: one suite for memory and disk."""

import time
from collections.abc import Callable, Sequence

from coeval.errors import RunError
from coeval.space.protocol import Candidate, Move
from coeval.store.protocol import Note, Store
from coeval.testing.say import refusing, require
from coeval.trial import Failure, Fidelity, Measurement, Proposal, Reason, Trial, finish


def check_store(
    make: Callable[[], Store],
    reopen: Callable[[], Store] | None = None,
    *,
    candidate: Candidate | None = None,
) -> None:
    """Check everything a store promises.

    Args:
        make: Returns an empty store at each call.
        reopen: Returns the store of the last ``make``, opened again after it was closed; ``None`` for
            stores that end with their process.
        candidate: What trials hold; settings of one part if not given.

    Raises:
        AssertionError: A promise is broken; the message says which.
    """
    chosen = candidate or Candidate((("recipe", (("lr", 0.001), ("batch_size", 64))),))
    check_order_of_events(make(), chosen)
    check_finished_trials_stay(make(), chosen)
    check_all_or_nothing(make(), chosen)
    check_everything_returns(make, reopen, chosen)
    check_closing(make())


def check_order_of_events(store: Store, candidate: Candidate) -> None:
    """Check positions, order, times and ``after``."""
    require(list(store.events()) == [], "A new store is not empty.")
    before = time.time()
    trials = [Trial(number, Proposal(candidate)) for number in range(3)]
    store.append([trials[0], Note("sitting", {"workers": 2})])
    store.append([])
    store.append([trials[1]])
    store.append([finish(trials[0], Measurement({"loss": 1.0})), trials[2]])
    events = list(store.events())
    require([one.position for one in events] == [1, 2, 3, 4, 5], "Positions must count 1, 2, 3 …")
    numbers = [one.body.number if isinstance(one.body, Trial) else None for one in events]
    require(numbers == [0, None, 1, 0, 2], f"Records come back in another order: {numbers}.")
    require(
        all(before - 1 <= one.time <= time.time() + 1 for one in events),
        "An event's time is not the Unix time of its writing.",
    )
    for after in range(6):
        found = [one.position for one in store.events(after)]
        require(found == list(range(after + 1, 6)), f"events(after={after}) yields {found}.")
    store.close()


def check_finished_trials_stay(store: Store, candidate: Candidate) -> None:
    """Check that a finished trial can neither change nor begin again."""
    trial = Trial(0, Proposal(candidate))
    failed = finish(trial, Measurement(failure=Failure(Reason.DIVERGED, "NaN")))
    store.append([trial])
    store.append([finish(trial, Measurement({"loss": 1.0}))])
    kept = list(store.events())
    for record in (finish(trial, Measurement({"loss": 0.5})), failed, trial):
        with refusing(RunError, f"A finished trial was appended again as {record.state}."):
            store.append([record])
    require(list(store.events()) == kept, "A refused record left a trace.")
    store.close()


def check_all_or_nothing(store: Store, candidate: Candidate) -> None:
    """Check that a refused batch leaves none of its records."""
    trial = Trial(0, Proposal(candidate))
    done = finish(trial, Measurement({"loss": 1.0}))
    store.append([trial])
    store.append([done])
    with refusing(RunError, "A batch with a finished trial in it was taken."):
        store.append([Note("sitting", {}), Trial(1, Proposal(candidate)), done])
    odd = finish(Trial(1, Proposal(candidate)), Measurement(data={"set": {1, 2}}))
    with refusing(TypeError, "A measurement that JSON cannot carry was taken."):
        store.append([Trial(1, Proposal(candidate)), odd])
    require(len(list(store.events())) == 2, "A refused batch was written in part.")
    store.append([Trial(1, Proposal(candidate))])
    require(len(list(store.events())) == 3, "After a refusal the store takes nothing more.")
    store.close()


def check_everything_returns(
    make: Callable[[], Store], reopen: Callable[[], Store] | None, candidate: Candidate
) -> None:
    """Check that every field of every record comes back as it was written, also after closing."""
    records = _rich(candidate)
    store = make()
    for record in records:
        store.append([record])
    require([one.body for one in store.events()] == records, "A record came back changed.")
    store.close()
    if reopen is None:
        return
    store = reopen()
    require(
        [one.body for one in store.events()] == records, "A record changed by closing and opening."
    )
    store.append([Note("sitting", {"again": True})])
    last = list(store.events())[-1].position
    require(last == len(records) + 1, f"After opening again, the next position is {last}.")
    with refusing(RunError, "After opening again, a finished trial could change."):
        store.append([records[3]])
    store.close()


def check_closing(store: Store) -> None:
    """Check that closing twice is allowed."""
    store.append([Note("stopped", {"why": "budget"})])
    store.close()
    store.close()


def _rich(candidate: Candidate) -> list[Trial | Note]:
    plain = Trial(0, Proposal(candidate, origin="seed:mlp"))
    rich = Trial(
        1,
        Proposal(
            candidate,
            Fidelity(epochs=0.25, rows=0.5, width=1.0),
            continues=0,
            parent=0,
            moves=(Move("widen", "architecture", "3.0.1", exact=True, detail="64 -> 96"),),
            cases="c0ffee",
            repeat=2,
            origin="evolution",
        ),
    )
    measurement = Measurement(
        values={"loss": 0.1 + 0.2, "accuracy": 1.0},
        violations={"latency": 0.0},
        curve={"loss": (1.0, 0.5, 0.3)},
        cost={"seconds": 1.5, "parameters": 12345.0},
        data={"epochs": 3, "note": "ä 'quoted' \n", "nested": {"list": [1, None, True, "x"]}},
        artifacts={"weights": "00ff"},
        cached_from=0,
    )
    failure = Failure(Reason.OUT_OF_MEMORY, "needed 12 GB")
    found: Sequence[Trial | Note] = (
        Note("sitting", {"version": "0", "workers": 1, "budget_seconds": None}),
        plain,
        rich,
        finish(rich, measurement),
        finish(plain, Measurement(failure=failure, cost={"seconds": 0.25})),
        Note("final", {"test": {"value": 0.5, "low": 0.4, "high": 0.6}}),
    )
    return list(found)
