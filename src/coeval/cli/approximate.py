"""``coeval approximate``: the sequence of known functions that comes closest to a table's target."""

import contextlib
import json
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from coeval.cli.words import say, show
from coeval.errors import SpaceError, unknown
from coeval.exact.certificate import Semantics
from coeval.exact.cost import Prediction
from coeval.report.approximation import approximation as below
from coeval.report.approximation import headline
from coeval.report.words import score
from coeval.run.approximate import approximate
from coeval.run.approximate_components import material, parse_grid, parse_names
from coeval.run.approximate_folder import RESULT, journal, keep, prepare
from coeval.run.approximate_plan import Plan, Stage, Watch
from coeval.run.approximate_result import Approximation
from coeval.run.budget import parse_duration
from coeval.task.points import Points, read_points

PATIENCE = 2.0
"""Seconds without a word; only what takes longer shows a bar."""
LEAST_SECONDS = 0.2
"""However little reading left of a budget."""


@dataclass(frozen=True, slots=True)
class Request:
    """The command's options, as typed; ``began`` is when the command did, from which the budget counts."""

    points: Path
    target: str
    components: str
    length: int
    exact: bool
    ties: bool
    budget: str
    semantics: str
    constants: str
    grid: str | None
    steps: int | None
    hold_out: float
    seed: int
    front: bool
    latex: bool
    out: Path | None
    overwrite: bool
    json: bool
    began: float


def approximate_command(request: Request) -> None:
    """Read, search, print."""
    if request.ties and not request.exact:
        raise SpaceError(
            "--ties compares the answers of the exact search alone, got it without --exact. Add --exact, or leave --ties out."
        )
    numbers = None if request.grid is None else parse_grid(request.grid)
    made = material(
        parse_names(request.components),
        constants=request.constants,
        grid=numbers,
        steps=request.steps,
    )
    plan = Plan(
        length=request.length,
        seconds=max(LEAST_SECONDS, _end(request) - time.monotonic()),
        exact=request.exact,
        ties=request.ties,
        semantics=_semantics(request.semantics),
        hold_out=request.hold_out,
        seed=request.seed,
    )
    points = read_points(request.points, request.target)
    with contextlib.ExitStack() as stack:
        store = None
        if request.out is not None:  # before a search of minutes whose result could not be kept
            prepare(request.out, overwrite=request.overwrite)
            store = stack.enter_context(journal(request.out, points, made, plan))
        display = stack.enter_context(Display(points, plan, silent=request.json))
        found = approximate(points, made, plan, store=store, watch=display)
    if request.out is not None:
        keep(request.out, found)
    _say(found, request)


def _end(request: Request) -> float:
    return request.began + parse_duration(request.budget)


def _say(found: Approximation, request: Request) -> None:
    if request.json:
        extra = {"latex": found.latex} if request.latex else {}
        say(json.dumps(found.to_json() | extra, allow_nan=False))
        return
    console = Console(highlight=False)
    lines = found.certificate.describe().splitlines()
    plain = found.to_json()
    console.print(headline(plain), soft_wrap=True)
    show(console, below(plain, lines, front=request.front))
    if request.latex:
        console.print(f"\n{found.latex}", markup=False, soft_wrap=True)
    if request.out is not None:
        console.print(f"\n{request.out / RESULT}", style="cyan", soft_wrap=True)


def _semantics(name: str) -> Semantics:
    choices: tuple[Semantics, ...] = ("tree", "chain", "dag")
    found = next((one for one in choices if one == name), None)
    if found is None:
        raise SpaceError(unknown("--semantics", name, choices))
    return found


class Display(Watch):
    """Says what the length would cost, and shows a bar once a search takes more than ``PATIENCE`` seconds."""

    def __init__(self, points: Points, plan: Plan, *, silent: bool) -> None:
        self._console = Console(stderr=True, quiet=silent, highlight=False)
        self._points, self._plan = points, plan
        self._began = time.monotonic()
        self._bar: Progress | None = None

    def __enter__(self) -> "Display":
        """Say what was read."""
        inputs = ", ".join(self._points.names[:8]) + (" …" if len(self._points.names) > 8 else "")
        target = self._points.target_name
        self._console.print(
            f"{self._points.rows:,} points of {target} over {inputs}",
            style="dim",
            markup=False,
            soft_wrap=True,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the terminal as it was."""
        if self._bar is not None:
            self._bar.stop()

    def forecast(self, cost: Prediction) -> None:
        """Say the cost before it is paid."""
        follows = "" if self._plan.exact else ", then coevolution"
        self._console.print(
            f"{cost.describe()}; exact as far as the budget reaches{follows}",
            style="dim",
            soft_wrap=True,
        )

    def stage(self, stage: Stage) -> None:
        """Show where the search stands."""
        elapsed = time.monotonic() - self._began
        if elapsed < PATIENCE or not self._console.is_terminal:
            return
        if self._bar is None:
            columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
            self._bar = Progress(*columns, console=self._console, transient=True)
            self._bar.add_task("", total=self._plan.seconds)
            self._bar.start()
        task = self._bar.tasks[0].id
        said = f"{stage.phase}: {stage.said}, error {score(stage.error)} of the variance"
        self._bar.update(task, completed=elapsed, description=said)
