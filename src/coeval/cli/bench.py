"""``coeval bench``: strategies side by side on a table of published training results."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table as Grid
from rich.text import Text

from coeval.cli.bench_words import INTERVAL, REACHED, describe, drawings, headings, page, rows
from coeval.cli.words import complain, say, show
from coeval.errors import BudgetError, DataError, RunError, typed
from coeval.evaluate.machine import cores
from coeval.evaluate.table_catalogue import ALIASES, CATALOGUE, load_benchmark
from coeval.report.regret_page import regret_page
from coeval.run.bench import Contest, Entrant, Search, contest_truth, run_searches
from coeval.run.bench_options import DEFAULTS, entrants, parse_limits, parse_objectives
from coeval.run.bench_random import expectation
from coeval.run.bench_result import Result, result_of, to_json
from coeval.run.folder import write_atomically
from coeval.run.strategies import STRATEGIES

INTERRUPTED = 130
GAP = 2
"""Spaces between the columns of the table."""


@dataclass(frozen=True, slots=True)
class Request:
    """The options of the command, as given."""

    table: str
    strategies: tuple[str, ...]
    seeds: int
    evaluations: int
    objectives: tuple[str, ...]
    limits: tuple[str, ...]
    canonical: bool
    data: Path | None
    out: Path | None
    jobs: int | None
    json: bool


def bench_command(request: Request) -> None:
    """Compare strategies, print and draw what was found; Ctrl-C keeps what is finished."""
    _check(request)
    name = ALIASES.get(request.table, request.table)
    load = partial(load_benchmark, name, request.data)
    benchmark = load()
    objectives = parse_objectives(request.objectives, benchmark.table)
    limits = parse_limits(request.limits, benchmark.table)
    contest = Contest(load, request.evaluations, objectives, limits, request.canonical)
    truth = contest_truth(contest)
    found, notes = entrants(request.strategies, benchmark, objectives)
    random = expectation(truth, request.evaluations)
    folder = make_folder(request.out or Path("runs") / f"bench-{name}")
    searches, is_complete = _run(contest, found, request)
    result = result_of(benchmark.table, contest, truth, random, searches, is_complete=is_complete)
    written = _write(result, folder, request) if searches else {}
    if request.json:
        say(json.dumps({**to_json(result, request.seeds), "files": written, "notes": notes}))
    else:
        _print(result, notes, written, request)
    if not is_complete:
        sys.exit(INTERRUPTED)


def list_command(*, as_json: bool) -> None:
    """Name tables and strategies."""
    if as_json:
        tables = {name: {"about": one.line, "file": one.file} for name, one in CATALOGUE.items()}
        strategies = {name: one.line for name, one in STRATEGIES.items()}
        say(json.dumps({"tables": tables, "strategies": strategies}, indent=2))
        return
    console = _console()
    tables_grid = Grid.grid(padding=(0, GAP, 0, 0))
    for name, one in CATALOGUE.items():
        where = f"--data DIR with {one.file}" if one.file else "ships with coeval"
        tables_grid.add_row(Text(name, "bold"), one.line, Text(where, "dim"))
    strategies_grid = Grid.grid(padding=(0, GAP, 0, 0))
    for name, known in STRATEGIES.items():
        usual = "compared by default" if name in DEFAULTS else ""
        strategies_grid.add_row(Text(name, "bold"), known.line, Text(usual, "dim"))
    for title, grid in (("Tables", tables_grid), ("Strategies", strategies_grid)):
        console.print(Text(title, "bold underline"))
        show(console, grid)
        console.print()


def _check(request: Request) -> None:
    """Check the numbers and the folder of tables.

    Raises:
        BudgetError: A number is less than 1.
        DataError: The folder is none.
    """
    for name, value in (
        ("--seeds", request.seeds),
        ("--evaluations", request.evaluations),
        ("--jobs", request.jobs),
    ):
        if value is not None and value < 1:
            raise BudgetError(f"{name} must be 1 or more, got {value}.")
    if request.data is not None and not request.data.is_dir():
        raise DataError(
            f"--data must be a folder with the tables, got {request.data}, which is "
            f"{'a file' if request.data.exists() else 'not there'}."
        )


def _run(contest: Contest, found: Sequence[Entrant], request: Request) -> tuple[list[Search], bool]:
    """Return the searches that were finished, and whether these are all."""
    searches: list[Search] = []
    total = len(found) * request.seeds
    workers = min(request.jobs or cores(), total)
    columns = (
        TextColumn("searches"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    console = Console(stderr=True)
    hidden = request.json or not console.is_terminal
    try:
        with Progress(*columns, console=console, transient=True, disable=hidden) as bar:
            task = bar.add_task("", total=total)
            for one in run_searches(contest, found, range(request.seeds), workers):
                searches.append(one)
                bar.update(task, advance=1, description=f"{one.strategy}, seed {one.seed}")
    except KeyboardInterrupt:
        complain(f"coeval: interrupted after {len(searches)} of {total} searches; these are kept.")
        return searches, False
    return searches, True


def make_folder(folder: Path) -> Path:
    """Make the folder before anything is paid for.

    Raises:
        RunError: It cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(
            f"Cannot write to {folder}: {error.strerror or error}. Name another folder with --out."
        ) from error
    return folder


def _write(result: Result, folder: Path, request: Request) -> dict[str, str]:
    """Write the drawings, the page and the numbers; return their paths.

    Raises:
        RunError: One cannot be written.
    """
    drawn = drawings(result, request.seeds)
    contents: dict[str, Callable[[], str]] = {
        **{f"{name}.svg": partial(str, one) for name, one in drawn.items()},
        "report.html": lambda: regret_page(page(result, request.seeds, drawn, _again(request))),
        "result.json": lambda: json.dumps(to_json(result, request.seeds)),
    }
    try:
        (folder / "test_regret.svg").unlink(missing_ok=True)  # of a comparison with test scores
        for name, content in contents.items():
            write_atomically(folder / name, content().encode())
    except OSError as error:
        raise RunError(
            f"Cannot write to {folder}: {error.strerror or error}. Name another folder with --out."
        ) from error
    return {name.partition(".")[0]: str(folder / name) for name in contents}


def _again(request: Request) -> str:
    """Return the command that makes the comparison again."""
    words = ["coeval bench", request.table]
    words += [f"--strategy {one}" for one in request.strategies]
    words += [f"--objective {one}" for one in request.objectives]
    words += [f"--limit {one}" for one in request.limits]
    words += [f"--seeds {request.seeds}", f"--evaluations {request.evaluations}"]
    words += ["--no-cache"] if not request.canonical else []
    words += [f"--data {typed(request.data)}"] if request.data is not None else []
    return " ".join(words)


def _print(result: Result, notes: Sequence[str], written: dict[str, str], request: Request) -> None:
    console = _console()
    title, *more = describe(result, request.seeds)
    console.print(Text(title, "bold"))
    for line in more:
        console.print(Text(line, "dim"), soft_wrap=True)
    grid = _grid(headings(result), rows(result), console)
    console.print()
    show(console, grid)
    console.print()
    for note in notes:
        console.print(Text(note, "yellow"), soft_wrap=True)
    for path in written.values():
        console.print(Text(path, "dim"), soft_wrap=True)


def _grid(heads: Sequence[str], cells: Sequence[Sequence[str]], console: Console) -> Grid:
    """Return the table, without what a narrow terminal has no room for."""
    columns = list(zip(heads, *cells, strict=True))
    for spare in (INTERVAL, REACHED, *heads[1:2]):
        if sum(max(map(len, column)) + GAP for column in columns) <= console.width + GAP:
            break
        columns = [one for one in columns if one[0] != spare]
    grid = Grid(box=None, padding=(0, GAP, 0, 0), header_style="dim", pad_edge=False)
    for place, (heading, *_) in enumerate(columns):
        grid.add_column(heading, justify="right" if place else "left", no_wrap=True)
    for place, row in enumerate(zip(*[column[1:] for column in columns], strict=True)):
        grid.add_row(*row, style="bold" if place == 0 else None)
    return grid


def _console() -> Console:
    return Console(highlight=False)
