"""What the journal says about a run, brought into the order in which a report tells it. Pure: no files."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from coeval.architecture.step import Architecture
from coeval.oneshot.tick import tick_of
from coeval.report.networks import drawn
from coeval.store.protocol import Event, Note
from coeval.store.queries import active_clock
from coeval.trial import Objective, State, Trial, best

Data = Mapping[str, Any]
WRAPPERS = ("asha", "halving", "hyperband", "screened")
"""Strategies around another one, which write their name before its origins."""


@dataclass(frozen=True, slots=True)
class Timed:
    """A trial in its last recorded state, with active seconds of the run at its start and its end."""

    trial: Trial
    started: float
    finished: float | None = None

    @property
    def is_cached(self) -> bool:
        """Return whether another trial's result answered it."""
        return self.trial.measurement is not None and self.trial.measurement.cached_from is not None

    @property
    def seconds(self) -> float:
        """Return what its evaluation took; 0 where nothing was recorded."""
        found = self.trial.measurement
        return float(found.cost.get("seconds", 0.0)) if found else 0.0

    @property
    def group(self) -> str:
        """Return who proposed it: ``seed`` for ``seed:mlp``, ``evolution`` for ``asha:screened:evolution:mutation``."""
        names = self.trial.proposal.origin.split(":")
        inner = next((one for one in names if one not in WRAPPERS), "")
        # A wrapper's samples are no control: they were not drawn and trained as random search does.
        return (names[0] if inner in ("", "random") else inner) or "search"


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a report shows.

    Attributes:
        name: The run folder's name.
        capsule: ``capsule.json``.
        objective: What the search optimised.
        label: The metric as printed.
        sittings: ``sitting`` notes in order.
        trials: By number.
        baselines: The last ``baseline`` note of each, what the ``final`` note says (test scores) laid over it.
        finalists: ``finalist`` notes of the final training that led to ``final``; before one has, of the last.
        openings: Unix times at which the test split was opened.
        stopped: The last ``stopped`` note.
        early: The ``ended_early`` note of the last sitting, if its search ended before its time.
        final: The last ``final`` note; ``None`` when the run was interrupted.
        front: The last ``front`` note, of a run with several objectives.
        latency: The last ``latency`` note: how the prediction of milliseconds was calibrated.
        over_limit: ``over_limit`` notes since the last search ended: finalists that measured over a limit.
        teams: The last ``teams`` note: what a coevolution learnt of its species.
        ablation: The ``ablation_plan`` note since the last ``final`` note: which decisions of the winner were taken back.
        ablated: The ``ablation`` notes since then, one a training.
        winner: The trial behind the final model, else the incumbent.
        architecture: The final model's, else the winner's.
        active: Active seconds from the first to the last event, pauses between sittings left out.
        since_final: Trials that finished after the last ``final`` note: a resume has gone on.
        began: Unix time of the first event.
        files: Path below the folder and size in bytes.
    """

    name: str
    capsule: Data
    objective: Objective
    label: str
    sittings: tuple[Data, ...] = ()
    trials: tuple[Timed, ...] = ()
    baselines: tuple[Data, ...] = ()
    finalists: tuple[Data, ...] = ()
    openings: tuple[float, ...] = ()
    stopped: Data | None = None
    early: Data | None = None
    final: Data | None = None
    front: Data | None = None
    latency: Data | None = None
    over_limit: tuple[Data, ...] = ()
    teams: Data | None = None
    ablation: Data | None = None
    ablated: tuple[Data, ...] = ()
    winner: Trial | None = None
    architecture: Architecture | None = None
    active: float = 0.0
    since_final: int = 0
    began: float | None = None
    files: tuple[tuple[str, int], ...] = ()

    @property
    def is_incumbent(self) -> bool:
        """Return whether the winner is the trial with the best score of the search; another may have won on the selection rows."""
        found = best((one.trial for one in self.trials), self.objective)
        return found is not None and found == self.winner

    @property
    def done(self) -> tuple[Timed, ...]:
        """Return the trials that finished with a measurement."""
        return tuple(one for one in self.trials if one.trial.state is State.DONE)

    @property
    def candidates(self) -> int:
        """Return how many candidates were proposed: a promotion or a repeat is another trial of one of them, a tick none."""
        proposals = [
            one.trial.proposal for one in self.trials if tick_of(one.trial.proposal) is None
        ]
        return sum(one.continues is None and one.repeat == 0 for one in proposals)

    @property
    def failed(self) -> tuple[Timed, ...]:
        """Return the trials that failed."""
        return tuple(one for one in self.trials if one.trial.state is State.FAILED)

    @property
    def explaining(self) -> float:
        """Return the seconds spent on the winner's decisions after the ``final`` note, which could not tell them."""
        is_told = bool(self.ablated) and not self.since_final
        return max(0.0, self.active - self._told) if is_told else 0.0

    @property
    def spent(self) -> float:
        """Return the seconds of the whole run."""
        return self._told + self.explaining if self._told else self.active

    @property
    def _told(self) -> float:
        return float(dig(self.final, "seconds", "total") or 0.0)

    @property
    def has_test(self) -> bool:
        """Return whether a test split was locked: all splits are, unless their sizes say that it has no rows."""
        sizes = dig(self.capsule, "task", "splits")
        return not isinstance(sizes, Mapping) or bool(sizes.get("test"))

    @property
    def image(self) -> tuple[int, int, int] | None:
        """Return height, width and features of the images; ``None`` for a table."""
        found = dig(self.capsule, "task", "image")
        return (int(found[0]), int(found[1]), int(found[2])) if found else None

    @property
    def noun(self) -> str:
        """Return what a prediction is made for."""
        return "row" if self.image is None else "image"

    def value(self, trial: Trial) -> float | None:
        """Return a trial's score on validation, as a user reads it."""
        return trial.measurement.values.get(self.objective.name) if trial.measurement else None

    def better(self, first: float, second: float) -> bool:
        """Return whether the first score is better than the second."""
        return first > second if self.objective.maximise else first < second


def dig(data: Data | None, *path: str) -> Any:
    """Return the value under nested keys, ``None`` where one is missing: older runs record less."""
    found: Any = data
    for key in path:
        if not isinstance(found, Mapping):
            return None
        found = found.get(key)
    return found


def collect(
    name: str,
    capsule: Data,
    events: Iterable[Event],
    *,
    architecture: Architecture | None = None,
    files: tuple[tuple[str, int], ...] = (),
) -> Facts:
    """Return the facts of a run.

    Args:
        name: Of the run's folder.
        capsule: ``capsule.json``.
        events: The whole journal, in order.
        architecture: That of the exported model, if there is one.
        files: Path and size of what lies in the folder.
    """
    journal = tuple(events)
    clock = active_clock(journal)
    trials = _timed(journal, clock)
    metric = dig(capsule, "task", "metric") or {}
    objective = Objective(str(metric.get("name", "score")), bool(metric.get("maximise", True)))
    notes = [(event.time, event.body) for event in journal if isinstance(event.body, Note)]
    final = _last(notes, "final")
    winner = _winner(trials, final, objective)
    own = drawn(winner.proposal.candidate) if winner else None
    return Facts(
        name=name,
        capsule=capsule,
        objective=objective,
        label=str(metric.get("label") or objective.name.replace("_", " ")),
        sittings=_notes(notes, "sitting"),
        trials=trials,
        baselines=_baselines(notes, final),
        finalists=_finalists(notes),
        openings=tuple(time for time, note in notes if note.kind == "test_opened"),
        stopped=_last(notes, "stopped"),
        early=_early(notes),
        final=final,
        front=_last(notes, "front"),
        latency=_last(notes, "latency"),
        over_limit=_since(notes, "stopped", "over_limit"),
        teams=_last(notes, "teams"),
        ablation=next(iter(_since(notes, "final", "ablation_plan")), None),
        ablated=_since(notes, "final", "ablation"),
        winner=winner,
        architecture=architecture or own,
        active=max(clock.values(), default=0.0),
        since_final=_since_final(journal),
        began=journal[0].time if journal else None,
        files=files,
    )


def _timed(journal: Iterable[Event], clock: Mapping[int, float]) -> tuple[Timed, ...]:
    found: dict[int, Timed] = {}
    for event in journal:
        if isinstance(event.body, Note):
            continue
        trial, now = event.body, clock[event.position]
        started = found[trial.number].started if trial.number in found else now
        finished = None if trial.state is State.RUNNING else now
        found[trial.number] = Timed(trial, started, finished)
    return tuple(found[number] for number in sorted(found))


def _since_final(journal: Iterable[Event]) -> int:
    """Return how many trials finished after the last final note; 0 without one."""
    finished, is_final = 0, False
    for event in journal:
        if isinstance(event.body, Trial):
            finished += event.body.state is not State.RUNNING
        elif event.body.kind == "final":
            finished, is_final = 0, True
    return finished if is_final else 0


def _notes(notes: Iterable[tuple[float, Note]], kind: str) -> tuple[Data, ...]:
    return tuple(note.data for _, note in notes if note.kind == kind)


def _last(notes: Iterable[tuple[float, Note]], kind: str) -> Data | None:
    found = _notes(notes, kind)
    return found[-1] if found else None


def _early(notes: Iterable[tuple[float, Note]]) -> Data | None:
    found = None
    for _, note in notes:
        if note.kind == "sitting":
            found = None
        elif note.kind == "ended_early":
            found = note.data
    return found


def _since(notes: Iterable[tuple[float, Note]], start: str, kind: str) -> tuple[Data, ...]:
    """Return the notes of a kind that were written after the last one of another kind."""
    current: list[Data] = []
    for _, note in notes:
        if note.kind == start:
            current = []
        elif note.kind == kind:
            current.append(note.data)
    return tuple(current)


def _finalists(notes: Iterable[tuple[float, Note]]) -> tuple[Data, ...]:
    """Return the finalists behind the last ``final`` note; without one, those noted since the last search ended."""
    current: list[Data] = []
    behind: tuple[Data, ...] | None = None
    for _, note in notes:
        if note.kind == "stopped":
            current = []
        elif note.kind == "finalist":
            current.append(note.data)
        elif note.kind == "final":
            behind = tuple(current)
    return tuple(current) if behind is None else behind


def _winner(trials: Iterable[Timed], final: Data | None, objective: Objective) -> Trial | None:
    number = dig(final, "trial")
    every = [one.trial for one in trials]
    chosen = next((trial for trial in every if trial.number == number), None)
    return chosen or best(every, objective)


def _baselines(notes: Iterable[tuple[float, Note]], final: Data | None) -> tuple[Data, ...]:
    """Return each baseline once: the last note of it, under the final note's scores.

    A resume may fit it again: then the seconds of all its fits count.
    """
    merged: dict[str, dict[str, Any]] = {}
    for data in _notes(notes, "baseline"):
        before = merged.get(str(data.get("name")), {})
        spent = float(before.get("seconds") or 0.0) + float(data.get("seconds") or 0.0)
        merged[str(data.get("name"))] = {**data, "seconds": spent}
    for data in dig(final, "baselines") or ():
        known = merged.setdefault(str(data.get("name")), {})
        known.update({key: value for key, value in data.items() if value is not None})
    return tuple(merged.values())
