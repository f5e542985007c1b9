"""What a running search has to tell: an immutable picture, and the tracker that draws it from the records."""

import math
import time
from bisect import bisect_right, insort
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from coeval.report import networks, noise, words
from coeval.statistics import NoiseFloor
from coeval.store.protocol import Note
from coeval.strategy.gauge import Gauge, gauge, is_judged
from coeval.strategy.noise import Repeated
from coeval.trial import Objective, State, Trial

PHASES = {
    "sitting": "search",
    "compiling": "compiling training loops, once on this machine",
    "compiled": "search",
    "stopped": "final training",
    "test_opened": "scoring",
    "final": "finished",
    "ablation_plan": "explaining; the model is safe",
}
"""The phase that a note begins."""
GAUGE_EVERY = 2.0
"""Least seconds between two looks at the cheap signals: each takes some 20 ms."""


@dataclass(frozen=True, slots=True)
class Incumbent:
    """The best trial so far: its number and origin, its validation score, its architecture on one line."""

    number: int
    origin: str
    score: float
    line: str


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands.

    Attributes:
        title: What is searched for, such as the task's name.
        label: The metric as printed.
        maximise: Whether more of it is better.
        phase: What is being done.
        elapsed: Active seconds, earlier sittings included.
        budget: The most of them, if limited.
        budget_trials: The most trials, if limited.
        done: Trials that finished with a score, cached ones included.
        failed: Trials that failed.
        cached: Trials that another's result answered.
        per_minute: Finished trials a minute in this sitting.
        incumbent: The best so far.
        baselines: ``(label, validation score)``, in order of arrival.
        gauges: How far each cheap signal is trusted.
        floor: The noise floor, once the incumbent was repeated.
        tied: Further candidates that it cannot tell from the incumbent.
    """

    title: str = ""
    label: str = "score"
    maximise: bool = True
    phase: str = "starting"
    elapsed: float = 0.0
    budget: float | None = None
    budget_trials: int | None = None
    done: int = 0
    failed: int = 0
    cached: int = 0
    per_minute: float | None = None
    incumbent: Incumbent | None = None
    baselines: tuple[tuple[str, float], ...] = ()
    gauges: tuple[Gauge, ...] = ()
    floor: NoiseFloor | None = None
    tied: int = 0

    @property
    def share(self) -> float:
        """Return how much of the budget is spent, 0 to 1, by the limit that is nearer."""
        shares = [0.0]
        if self.budget:
            shares.append(self.elapsed / self.budget)
        if self.budget_trials:
            shares.append((self.done + self.failed) / self.budget_trials)
        return min(1.0, max(shares))

    @property
    def trials_said(self) -> str:
        """Return the counts as a phrase."""
        said = [f"{self.done:,} done", f"{self.failed:,} failed", f"{self.cached:,} cached"]
        if self.per_minute is not None:
            said.append(f"{self.per_minute:,.0f} a minute")
        return ", ".join(said)

    @property
    def time_said(self) -> str:
        """Return elapsed and left as a phrase."""
        spent = words.duration(self.elapsed)
        if self.budget is None:
            return spent if self.budget_trials is None else f"{spent}, {self._trials_left()}"
        left = max(0.0, self.budget - self.elapsed)
        return f"{spent} of {words.duration(self.budget)}, {words.duration(left)} left"

    @property
    def noise_said(self) -> str:
        """Return the noise floor and the ties as a phrase; empty before the floor is known."""
        if self.floor is None:
            return ""
        said = f"{noise.size(self.floor)} from seed to seed"
        return f"{said}, {self.tied:,} tied with it" if self.tied else said

    def ranked_baselines(self) -> list[tuple[str, float]]:
        """Return the baselines, best first."""
        return sorted(self.baselines, key=lambda one: one[1], reverse=self.maximise)

    def _trials_left(self) -> str:
        left = max(0, (self.budget_trials or 0) - self.done - self.failed)
        return f"{words.plural(left, 'trial')} left"


class Tracker:
    """Follows a run's records: hand ``record`` to ``search`` as its ``on_event``.

    For a resumed run, hand the journal's earlier records to ``replay`` first.
    """

    def __init__(
        self, objective: Objective, start: Progress, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin at ``start``, whose ``elapsed`` says how much time was spent before now."""
        self.objective = objective
        self._progress = start
        self._clock = clock
        self._judged: list[Trial] = []
        self._gauges: tuple[Gauge, ...] = ()
        self._gauged = -math.inf, 0  # when, and after how many judged trials
        self._repeated = Repeated(objective)
        self._costs: list[float] = []  # of the comparable ones that are no copies, ascending
        self._began = clock() - start.elapsed
        self.start_rate()

    def now(self) -> Progress:
        """Return the picture at this moment."""
        since = self._clock() - self._rate_from
        rate = self._finished / since * 60 if self._finished and since > 0 else None
        elapsed = self._clock() - self._began
        gauges = self._latest_gauges()
        return replace(self._progress, elapsed=elapsed, per_minute=rate, gauges=gauges)

    def record(self, record: Trial | Note) -> None:
        """Take one record of the journal into account."""
        if isinstance(record, Note):
            self._note(record)
        elif record.state is not State.RUNNING:
            self._trial(record)

    def replay(self, records: Iterable[Trial | Note]) -> None:
        """Take the records of earlier sittings into account: they count, but not into the rate or the phase."""
        phase = self._progress.phase
        for record in records:
            self.record(record)
        self.phase(phase)
        self.start_rate()

    def start_rate(self) -> None:
        """Count the trials a minute from here on."""
        self._finished, self._rate_from = 0, self._clock()

    def phase(self, name: str) -> None:
        """Say what is being done."""
        self._progress = replace(self._progress, phase=name)

    def _latest_gauges(self) -> tuple[Gauge, ...]:
        """Return the gauges, computed anew where trials have finished since, and not too often.

        The display asks from a thread of its own while trials arrive: what they write is only read here.
        """
        moment, before = self._gauged
        count = len(self._judged)
        if count != before and self._clock() - moment >= GAUGE_EVERY:
            self._gauged = self._clock(), count
            self._gauges = gauge(self._judged[:count], self.objective)
        return self._gauges

    def _note(self, note: Note) -> None:
        value = note.data.get("validation")
        if note.kind == "baseline" and isinstance(value, int | float):
            label = str(note.data.get("label") or note.data.get("name"))
            kept = tuple(one for one in self._progress.baselines if one[0] != label)
            self._progress = replace(self._progress, baselines=(*kept, (label, float(value))))
        if note.kind in PHASES:
            self.phase(PHASES[note.kind])

    def _trial(self, trial: Trial) -> None:
        now = self._progress
        failed = trial.state is State.FAILED
        cached = trial.measurement is not None and trial.measurement.cached_from is not None
        self._finished += 1
        if is_judged(trial, self.objective):
            self._judged.append(trial)
        self._progress = replace(
            now,
            done=now.done + (not failed),
            failed=now.failed + failed,
            cached=now.cached + cached,
            incumbent=self._incumbent(trial),
        )
        self._note_noise(trial, cached)

    def _note_noise(self, trial: Trial, cached: bool) -> None:
        now, cost = self._progress, self.objective.cost(trial)
        self._repeated.record(trial)
        if trial.is_comparable and not cached and math.isfinite(cost):
            insort(self._costs, cost)
        floor, tied = self._repeated.floor, 0
        if floor is not None and self._costs:
            tied = bisect_right(self._costs, self._costs[0] + floor.standard_deviation) - 1
        self._progress = replace(now, floor=floor, tied=tied)

    def _incumbent(self, trial: Trial) -> Incumbent | None:
        held = self._progress.incumbent
        cost = self.objective.cost(trial)
        sign = -1.0 if self.objective.maximise else 1.0
        if not trial.is_comparable or not math.isfinite(cost):
            return held
        if held is not None and cost >= sign * held.score:
            return held
        line = networks.line(trial.proposal.candidate)
        return Incumbent(trial.number, trial.proposal.origin, sign * cost, line)
