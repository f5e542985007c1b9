"""The loop of a search: what runs, what is known, what waits, and when to end."""

import math
import time
from collections.abc import Callable, Iterable, Sequence

from coeval.errors import SpaceError
from coeval.run import guard
from coeval.run.budget import Budget
from coeval.run.cache import key, reuse
from coeval.run.interrupt import Interrupt
from coeval.run.protocol import Executor
from coeval.store.protocol import Event, Note, Store
from coeval.store.queries import counts
from coeval.store.serial import dumps, measurement_to_json
from coeval.strategy.protocol import Strategy
from coeval.trial import Measurement, Proposal, Reason, State, Trial, finish

OnEvent = Callable[[Trial | Note], None]

_LEAST = 0.05  # seconds; with less left, no trial is started
_PATIENCE = 0.5  # seconds after the deadline in which an executor must have ended its trials
_POLL = 0.1  # seconds between two looks at the clock and at ``stop``
_TICK = 5.0  # seconds without an event after which the time at work is recorded
_BARREN = 1000  # trials in a row that taught nothing (cached or failed) end a search


class Stops:
    """When to end: asked before every step."""

    def __init__(
        self, budget: Budget, limit: float, stop: Callable[[], bool] | None, interrupt: Interrupt
    ) -> None:
        self.budget, self.limit, self.interrupt = budget, limit, interrupt
        self._stop = stop

    def on_request(self) -> bool:
        """Return whether somebody wants the search to end now; running trials are then left unfinished."""
        return self.interrupt.requested or (self._stop is not None and self._stop())

    def why(self) -> str | None:
        """Return why to end, unless the search may go on."""
        if self.interrupt.requested:
            return "interrupted"
        if self._stop is not None and self._stop():
            return "stopped"
        return "time" if self.limit - time.monotonic() <= _LEAST else None


class Loop:
    """The state of one search: what runs, what is known, what waits."""

    def __init__(
        self,
        *,
        fingerprint: str,
        parts: Sequence[str],
        strategy: Strategy,
        store: Store,
        executor: Executor,
        stops: Stops,
        on_event: OnEvent | None,
    ) -> None:
        self.trials: dict[int, Trial] = {}
        self._fingerprint, self._parts = fingerprint, tuple(parts)
        self._strategy, self._store, self._executor = strategy, store, executor
        self._stops, self._on_event = stops, on_event
        self._barren = 0
        self._orphans: list[Trial] = []
        self._running: dict[int, Trial] = {}  # handed to the executor
        self._keys: dict[int, str] = {}  # of running trials
        self._twins: dict[str, list[Trial]] = {}  # waiting for a running trial of the same key
        self._known: dict[str, Trial] = {}  # finished, by key
        self._began = self._last = time.monotonic()

    def replay(self, events: Iterable[Event]) -> None:
        """Tell the strategy what the journal holds, and find the trials that were running."""
        running: dict[int, Trial] = {}
        for event in events:
            trial = event.body
            if not isinstance(trial, Trial):
                continue
            if trial.state is State.RUNNING:
                running[trial.number] = trial
            else:
                running.pop(trial.number, None)
                self._learn(trial, key(trial.proposal, self._fingerprint))
            self.trials[trial.number] = trial
            self._strategy.tell(trial)
        self._orphans = [running[number] for number in sorted(running)]

    def run(self) -> str:
        """Work until there is a reason to end, and return it."""
        try:
            while True:
                why = self._fill()
                if why in ("interrupted", "stopped"):
                    return why
                if not self._running:
                    return why or "exhausted"
                if time.monotonic() > self._stops.limit + _PATIENCE:
                    self._give_up()
                    return "time"
                self._collect()
        except KeyboardInterrupt:
            self._stops.interrupt.requested = True
            return "interrupted"

    def end(self, why: str) -> None:
        """Record why and how the search ended."""
        found = counts(self.trials.values())
        facts = {"trials": found.total, "failed": found.failed, "cached": found.cached}
        seconds = round(time.monotonic() - self._began, 3)
        self._record([Note("stopped", {"why": why, **facts, "seconds": seconds})])

    def _fill(self) -> str | None:
        """Start trials while slots are free; return why no more may start, if so."""
        while True:
            waiting = sum(len(twins) for twins in self._twins.values())
            free = self._executor.slots - len(self._running) - waiting
            why = self._stops.why() or self._why_enough()
            if why is not None or free <= 0:
                return why
            if self._orphans:
                self._start(self._orphans.pop(0))
                continue
            limit = self._stops.budget.trials
            room = free if limit is None else min(free, limit - len(self.trials))
            proposals = self._strategy.ask(room)
            if not proposals:
                return None
            for trial in self._number(proposals):
                self._start(trial)

    def _why_enough(self) -> str | None:
        limit = self._stops.budget.trials
        if not self._orphans and limit is not None and len(self.trials) >= limit:
            return "trials"
        if self._barren >= _BARREN:
            return "exhausted" if self._known else "failing"
        return None

    def _number(self, proposals: Sequence[Proposal]) -> list[Trial]:
        for proposal in proposals:
            names = tuple(name for name, _ in proposal.candidate.parts)
            if names != self._parts:
                raise SpaceError(
                    f"The space has the parts {list(self._parts)}, but the strategy proposed a candidate "
                    f"with {list(names)}. Give both the same space."
                )
        first = len(self.trials)
        trials = [Trial(first + i, proposal) for i, proposal in enumerate(proposals)]
        self._record(trials)
        return trials

    def _start(self, trial: Trial) -> None:
        """Have a numbered trial evaluated, unless its answer is known or on its way."""
        name = key(trial.proposal, self._fingerprint)
        if name in self._known:
            self._finish(trial, name, reuse(self._known[name]))
        elif name in self._keys.values():
            self._twins.setdefault(name, []).append(trial)
        else:
            self._running[trial.number], self._keys[trial.number] = trial, name
            limit = None if self._stops.limit == math.inf else self._stops.limit
            self._executor.submit([trial], limit)

    def _collect(self) -> None:
        left = self._stops.limit - time.monotonic()
        results = self._executor.completed(max(0.01, min(_POLL, left)))
        while True:
            with self._stops.interrupt.waiting():
                result = next(results, None)
            if result is None:
                break
            number, measurement = result
            if self._stops.on_request():
                return  # it may have been cut short by the request: a resume evaluates it again
            if number in self._running:
                self._complete(number, measurement)
        if time.monotonic() - self._last > _TICK:
            self._record([Note("tick", {})])

    def _complete(self, number: int, measurement: Measurement) -> None:
        trial, name = self._running.pop(number), self._keys.pop(number)
        try:
            dumps(measurement_to_json(measurement))
        except TypeError as error:  # one evaluator's slip must not end the search
            measurement = guard.failed(Reason.ERROR, str(error))
        self._finish(trial, name, measurement)
        # Answered by the cache, or evaluated after all: in either case only while there is time.
        self._orphans += self._twins.pop(name, [])

    def _finish(self, trial: Trial, name: str, measurement: Measurement) -> None:
        done = finish(trial, measurement)
        self._record([done])
        self._learn(done, name)

    def _learn(self, trial: Trial, name: str) -> None:
        fresh = trial.measurement is not None and trial.measurement.cached_from is None
        if trial.state is State.DONE and fresh:
            self._known.setdefault(name, trial)
            self._barren = 0
        else:
            self._barren += 1

    def _give_up(self) -> None:
        """Fail what an executor did not end in time."""
        detail = "The budget ended before the evaluation did, and it did not stop when told."
        for number in sorted(self._running):
            trial, name = self._running.pop(number), self._keys.pop(number)
            self._finish(trial, name, guard.failed(Reason.TIMED_OUT, detail))

    def _record(self, records: Sequence[Trial | Note]) -> None:
        """Write, then tell: in this order, so that nothing is told that a resume would not know."""
        self._store.append(records)
        self._last = time.monotonic()
        for record in records:
            if isinstance(record, Trial):
                self.trials[record.number] = record
                self._strategy.tell(record)
            if self._on_event is not None:
                self._on_event(record)
