"""``coeval bench evaluation``: what makes evaluations cheaper, one by one and all together, against plain training."""

import json
import math
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table as Grid
from rich.text import Text

from coeval.cli.bench import make_folder
from coeval.cli.words import complain, say, show
from coeval.errors import BudgetError, DataError
from coeval.run.bench_evaluation import PLAIN, Measured, Setup, measure, setups
from coeval.run.folder import write_atomically
from coeval.run.options import Options

INTERRUPTED = 130
DIGITS, TARGET = "digits.csv", "digit"
HEADINGS = (
    "setup",
    "test",
    "validation",
    "ranked a minute",
    "trained whole",
    "s to plain's best",
    "times faster",
)


@dataclass(frozen=True, slots=True)
class Request:
    """The options of the command, as given."""

    data: Path | None
    target: str | None
    budget: str
    seeds: int
    workers: int | None
    out: Path
    json: bool


def evaluation_command(request: Request) -> None:
    """Run every setup, print what was found, keep it as JSON; Ctrl-C keeps what is finished."""
    if request.seeds < 1:
        raise BudgetError(f"--seeds must be 1 or more, got {request.seeds}.")
    data, target = _table(request)
    options = Options(
        data,
        target,
        request.out,
        budget=request.budget,
        workers=request.workers,
        models="neural",
    )
    found, is_complete = _run(options, setups(), request)
    result = {
        "data": str(data),
        "budget": request.budget,
        "complete": is_complete,
        "runs": [asdict(one) for one in found],
    }
    if found:
        write_atomically(request.out / "result.json", json.dumps(result).encode())
    if request.json:
        say(json.dumps(result))
    elif found:
        _print(data, found, request)
    if not is_complete:
        sys.exit(INTERRUPTED)


def _table(request: Request) -> tuple[Path, str]:
    """Return the table to train on: the user's, or scikit-learn's digits.

    Raises:
        DataError: A table was named without its target, or the other way round.
        RunError: The folder cannot be made.
    """
    if (request.data is None) != (request.target is None):
        raise DataError(
            f"--data FILE and --target COLUMN go together, got only {'--target' if request.data is None else '--data'}. "
            "Give both, or neither for scikit-learn's digits."
        )
    make_folder(request.out)
    if request.data is not None and request.target is not None:
        return request.data, request.target
    from sklearn.datasets import load_digits  # noqa: PLC0415 - seconds, for this alone

    bunch = load_digits(as_frame=True)
    path = request.out / DIGITS
    bunch.data.assign(**{TARGET: [f"d{one}" for one in bunch.target]}).to_csv(path, index=False)
    return path, TARGET


def _run(
    options: Options, chosen: Sequence[Setup], request: Request
) -> tuple[list[Measured], bool]:
    """Return the runs that were finished, and whether these are all."""
    found: list[Measured] = []
    console = Console(stderr=True)
    columns = (
        TextColumn("runs"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    hidden = request.json or not console.is_terminal
    total = len(chosen) * request.seeds
    try:
        with Progress(*columns, console=console, transient=True, disable=hidden) as bar:
            task = bar.add_task("", total=total)
            for one in measure(options, chosen, range(request.seeds), request.out):
                found.append(one)
                bar.update(task, advance=1, description=f"{one.setup}, seed {one.seed}")
    except KeyboardInterrupt:
        complain(f"coeval: interrupted after {len(found)} of {total} runs; these are kept.")
        return found, False
    return found, True


def _print(data: Path, found: Sequence[Measured], request: Request) -> None:
    console = Console(highlight=False)
    metric = found[0].objective.name
    better = "more" if found[0].objective.maximise else "less"
    console.print(Text(f"{data.stem}: {metric}, {better} is better", "bold"))
    line = f"{request.budget} a run, medians of {request.seeds} seed{'s' * (request.seeds > 1)}; "
    line += "ranked: trained whole or left behind on a rung; test: of the exported model"
    console.print(Text(line, "dim"), soft_wrap=True)
    console.print()
    grid = Grid(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for place, heading in enumerate(HEADINGS):
        grid.add_column(heading, justify="right" if place else "left", no_wrap=not place)
    for name in dict.fromkeys(one.setup for one in found):
        grid.add_row(*row(name, found), style="bold" if name == PLAIN else None)
    show(console, grid)
    console.print()
    console.print(Text(str(request.out / "result.json"), "dim"), soft_wrap=True)


def row(name: str, found: Sequence[Measured]) -> list[str]:
    """Return a setup's medians over seeds, as text.

    Args:
        name: Of the setup.
        found: All runs; a run is compared with the plain one of its seed.
    """
    mine = [one for one in found if one.setup == name]
    plain = {one.seed: one for one in found if one.setup == PLAIN}
    paired = [(one, plain[one.seed]) for one in mine if one.seed in plain]
    until = [one.seconds_until(base.validation) for one, base in paired]
    took = [base.seconds_until(base.validation) for _, base in paired]
    times = [base / one for base, one in zip(took, until, strict=True)]
    whole = statistics.median(one.whole for one in mine)
    return [
        name,
        f"{statistics.median(one.test for one in mine):.4g}",
        f"{statistics.median(one.validation for one in mine):.4g}",
        f"{statistics.median(one.ranked_per_minute for one in mine):.1f}",
        f"{whole:g}",
        _number(until, "never"),
        _number(times, ""),
    ]


def _number(values: Sequence[float], without: str) -> str:
    middle = statistics.median(values) if values else math.nan
    return f"{middle:.1f}" if math.isfinite(middle) and middle > 0 else without
