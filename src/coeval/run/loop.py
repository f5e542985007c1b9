"""The loop of a search: what runs, what is known, what waits, and when to end."""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from coeval.errors import SpaceError
from coeval.run import guard
from coeval.run.budget import Budget
from coeval.run.cache import key, reuse
from coeval.run.flow import Flow
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
_BARREN_BATCHES = (
    20  # or as many full batches, where these are more: a generation may be barren by bad luck
)


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
    """The state of one search: what is known, what is on its way, what the strategy was told.

    Batches: proposals of one bucket are handed out together, up to ``executor.batch`` of them, their start
    is recorded in one transaction, and so are their measurements when the last of them is there.
    """

    def __init__(
        self,
        *,
        fingerprint: str,
        parts: Sequence[str],
        bucket: Callable[[Proposal], str],
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
        self._flow = Flow(bucket, executor.batch)
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
        self._barren = 0  # who resumes a search that learnt nothing more wants it to try again

    def run(self) -> str:
        """Work until there is a reason to end, and return it."""
        try:
            while True:
                why = self._fill()
                if why in ("interrupted", "stopped"):
                    return why
                if why != "time":
                    self._hand_out()
                if not self._flow.batches:
                    return why or "exhausted"
                if time.monotonic() > self._stops.limit + _PATIENCE:
                    self._give_up()
                    return "time"
                self._collect()
        except KeyboardInterrupt:
            self._stops.interrupt.request()
            return "interrupted"

    def end(self, why: str) -> None:
        """Record why and how the search ended."""
        found = counts(self.trials.values())
        facts = {"trials": found.total, "failed": found.failed, "cached": found.cached}
        seconds = round(time.monotonic() - self._began, 3)
        self._record([Note("stopped", {"why": why, **facts, "seconds": seconds})])

    def _fill(self) -> str | None:
        """Number trials until the executor has enough; return why no more may be numbered, if so.

        All that may be asked is asked before anything is handed out: a resume, which finds the trials of
        several questions waiting, then forms the same batches.
        """
        while True:
            why = self._stops.why()
            if why is not None:
                return why
            if self._orphans:
                orphans, self._orphans = self._orphans, []
                self._start(orphans)
                continue
            why = self._why_enough()
            free = self._executor.slots * self._executor.batch - len(self._flow)
            if why is not None or free <= 0:
                return why
            limit = self._stops.budget.trials
            room = free if limit is None else min(free, limit - len(self.trials))
            proposals = _asked(self._strategy, room)
            if not proposals:
                return None
            self._start(self._number(proposals))

    def _why_enough(self) -> str | None:
        limit = self._stops.budget.trials
        if limit is not None and len(self.trials) >= limit:
            return "trials"
        if self._barren >= max(_BARREN, _BARREN_BATCHES * self._executor.batch):
            return "exhausted" if self._known else "failing"
        return None

    def _number(self, proposals: Sequence[Proposal]) -> list[Trial]:
        for proposal in proposals:
            names = tuple([name for name, _ in proposal.candidate.parts])
            if names != self._parts:
                raise SpaceError(
                    f"The space has the parts {list(self._parts)}, but the strategy proposed a candidate "
                    f"with {list(names)}. Give both the same space."
                )
        first = len(self.trials)
        trials = [Trial(first + i, proposal) for i, proposal in enumerate(proposals)]
        self._record(trials)
        return trials

    def _start(self, trials: Sequence[Trial]) -> None:
        """Let numbered trials be evaluated, unless their answer is known or on its way."""
        answered: list[Trial] = []
        names: list[str] = []
        for trial in trials:
            name = key(trial.proposal, self._fingerprint)
            if name in self._known:
                answered.append(finish(trial, reuse(self._known[name])))
                names.append(name)
            else:
                self._flow.add(trial, name)
        self._settle(answered, names)

    def _hand_out(self) -> None:
        limit = None if self._stops.limit == math.inf else self._stops.limit
        while self._flow.batches < self._executor.slots:
            batch = self._flow.next_batch()
            if not batch:
                return
            self._executor.submit([self._with_kin(trial) for trial in batch], limit)

    def _with_kin(self, trial: Trial) -> Trial:
        """Return the trial with those that its evaluation starts from; of a copy, the one that was trained."""
        kin: dict[int, Trial] = {}
        for number in (trial.proposal.continues, trial.proposal.parent):
            found = None if number is None else self.trials.get(number)
            if number is not None and found is not None and found.state is State.DONE:
                measured = found.measurement
                trained = None if measured is None else measured.cached_from
                kin[number] = found = found if trained is None else self.trials[trained]
                # An heir leaves what it inherited itself: the weights of where its line began.
                line = {} if found.measurement is None else found.measurement.data
                root = line.get("inherited", {}).get("root")
                kin |= {} if root is None else {root: self.trials[root]}
        return replace(trial, kin=kin) if kin else trial

    def _collect(self) -> None:
        left = self._stops.limit - time.monotonic()
        with self._stops.interrupt.waiting():
            results = list(self._executor.completed(max(0.01, min(_POLL, left))))
        if results:
            if self._stops.on_request():
                return  # they may have been cut short by the request: a resume evaluates them again
            self._complete(results)
        if time.monotonic() - self._last > _TICK:
            self._record([Note("tick", {})])

    def _complete(self, results: Sequence[tuple[int, Measurement]]) -> None:
        found = [one for result in results for one in self._flow.measure(*result)]
        done, names = [trial for trial, _ in found], [name for _, name in found]
        self._settle(done, names)
        # Answered by the cache, or evaluated after all: in either case only while there is time.
        self._orphans += self._flow.release(names)

    def _settle(self, done: list[Trial], names: Sequence[str]) -> None:
        """Record finished trials and learn from them; a measurement that no journal can hold is a failure."""
        if not done:
            return
        try:
            self._store.append(done)
        except TypeError:  # one evaluator's slip must not end the search
            done = [_storable(trial) for trial in done]
            self._store.append(done)
        self._tell(done)
        for trial, name in zip(done, names, strict=True):
            self._learn(trial, name)

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
        late = guard.failed(Reason.TIMED_OUT, detail)
        self._complete([(number, late) for number in self._flow.unmeasured])

    def _record(self, records: Sequence[Trial | Note]) -> None:
        """Write, then tell: in this order, so that nothing is told that a resume would not know."""
        self._store.append(records)
        self._tell(records)

    def _tell(self, records: Sequence[Trial | Note]) -> None:
        self._last = time.monotonic()
        for record in records:
            if isinstance(record, Trial):
                self.trials[record.number] = record
                self._strategy.tell(record)
            if self._on_event is not None:
                self._on_event(record)


def _asked(strategy: Strategy, count: int) -> Sequence[Proposal]:
    """Return what a strategy proposes, checked: an iterator would never be empty, and too many would break the budget.

    Raises:
        TypeError: It is no list of proposals.
        ValueError: There are more than ``count``.
    """
    answer: Any = strategy.ask(count)
    name = f"{type(strategy).__name__}.ask({count})"
    if not isinstance(answer, list | tuple) or not all(isinstance(one, Proposal) for one in answer):
        raise TypeError(
            f"{name} must return a list of Proposal, an empty one when it has no more to ask, got {answer!r:.120}."
        )
    if len(answer) > count:
        raise ValueError(f"{name} must return up to {count} proposals, got {len(answer)}.")
    return answer


def _storable(trial: Trial) -> Trial:
    if trial.measurement is None:
        return trial
    try:
        dumps(measurement_to_json(trial.measurement))
    except TypeError as error:
        return finish(trial, guard.failed(Reason.ERROR, str(error)))
    return trial
