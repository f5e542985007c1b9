"""``coeval fit`` and ``coeval resume``: the live display, the closing words, or JSON."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from coeval.cli.words import complain, say
from coeval.errors import typed
from coeval.report import signals
from coeval.report.page import gather, write
from coeval.report.progress import Progress, Tracker
from coeval.report.summary import plain, summary
from coeval.report.terminal import LiveDisplay
from coeval.run.fit import Outcome, fit, resume
from coeval.run.options import Options
from coeval.run.site import Site
from coeval.store.protocol import Note
from coeval.strategy.gauge import gauge
from coeval.task.summary import summary as task_summary
from coeval.trial import State, Trial


class Display:
    """A ``Watcher`` that shows the run, or stays silent."""

    def __init__(self, *, silent: bool) -> None:
        self._console = Console(stderr=True, quiet=silent)
        self._tracker: Tracker | None = None
        self._live: LiveDisplay | None = None
        self._kept = " before the search began"

    def begin(self, site: Site, spent: float, earlier: Sequence[Trial | Note]) -> None:
        """Say what was read, and begin to show."""
        metric = site.task.metric
        self._kept = f". What was finished is kept: coeval resume {typed(site.folder.path)}"
        for line in task_summary(site.task):
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)
        start = Progress(
            title=f"{site.task.name}: {site.task.target.name}",
            label=metric.label or metric.name,
            maximise=metric.maximise,
            elapsed=spent,
            budget=site.budget.seconds,
            budget_trials=site.budget.trials,
        )
        self._tracker = Tracker(site.objective, start)
        self._tracker.replay(earlier)
        if not self._console.quiet:
            self._live = LiveDisplay(self._tracker.now, self._console)
            self._live.__enter__()

    def record(self, record: Trial | Note) -> None:
        """Show a record that was written."""
        if isinstance(record, Note) and record.kind == "interrupted":
            self._say(
                f"interrupted: finishing the best so far, at most {record.data['seconds']:.0f} s; again to stop at once"
            )
            return
        if self._tracker is None:
            return
        self._tracker.record(record)
        if isinstance(record, Note) and record.kind == "memory" and record.data["said"]:
            self._say(f"note: {record.data['said']}")
        if self._live is not None and not (
            isinstance(record, Trial) and record.state is State.RUNNING
        ):
            self._live.update()

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False, soft_wrap=True)

    def __enter__(self) -> "Display":
        """Begin a command."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        """Leave the terminal as it was; say what an interruption means."""
        if self._live is not None:
            self._live.__exit__(None, None, None)
            self._live = None
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            complain(f"coeval: interrupted{self._kept}")


def fit_command(options: Options, *, as_json: bool) -> None:
    """Run ``coeval fit``."""
    with Display(silent=as_json) as display:
        outcome = fit(options, display)
    _close(outcome, as_json=as_json)


def resume_command(
    run: Path, *, budget: str | None, trials: int | None, workers: int | None, as_json: bool
) -> None:
    """Run ``coeval resume``."""
    with Display(silent=as_json) as display:
        outcome = resume(run, display, budget=budget, trials=trials, workers=workers)
    _close(outcome, as_json=as_json)


def _close(outcome: Outcome, *, as_json: bool) -> None:
    """Write the report and say how it ended."""
    folder = outcome.folder.path
    write(folder)
    if as_json:
        say(json.dumps(_result(outcome), allow_nan=False))
        return
    facts = gather(folder)
    console = Console()
    if console.is_terminal:
        console.print(summary(facts, folder), crop=False)
    else:
        say("\n".join(plain(facts, folder)))


def _result(outcome: Outcome) -> dict[str, Any]:
    counts = outcome.run.counts
    objective = outcome.run.objective
    return {
        "run": str(outcome.folder.path),
        "model": str(outcome.folder.model),
        "report": str(outcome.folder.report),
        "metric": {"name": objective.name, "maximise": objective.maximise},
        "why": outcome.run.why,
        "trials": counts.total,
        "failed": counts.failed,
        "cached": counts.cached,
        "notes": list(outcome.notes),
        "front": [one.number for one in outcome.run.front] if outcome.run.further else None,
        "signals": signals.plain(gauge(outcome.run.trials, objective)),
        "final": outcome.final,
    }
