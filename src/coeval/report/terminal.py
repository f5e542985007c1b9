"""The live display of a search: a few calm lines in a terminal, plain lines anywhere else."""

from collections.abc import Callable
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from coeval.report import signals, words
from coeval.report.progress import Progress
from coeval.strategy.gauge import Gauge

HEARTBEAT = 15.0
"""Most seconds between two plain lines."""
_BARS = 4
_CELLS = 19


def panel(progress: Progress) -> RenderableType:
    """Return the display of one moment: about seven lines, and up to six for the cheap signals."""
    head = Table.grid(expand=True)
    head.add_column()
    head.add_column(justify="right")
    head.add_row(Text(progress.title, "bold"), Text(progress.phase, "cyan"))
    rows = Table.grid(padding=(0, 2))
    rows.add_column(style="dim", no_wrap=True)
    rows.add_column()
    rows.add_row("trials", Text(progress.trials_said))
    for name, shown in (("best", _incumbent(progress)), ("baselines", _baselines(progress))):
        rows.add_row(name, shown)
    if progress.gauges:
        rows.add_row("signals", _signals(progress))
    bar = Table.grid(expand=True, padding=(0, 2, 0, 0))
    bar.add_column(ratio=1)
    bar.add_column(no_wrap=True)
    spent = ProgressBar(total=1.0, completed=progress.share, complete_style="blue")
    bar.add_row(spent, Text(progress.time_said))
    return Group(head, bar, rows)


def line(progress: Progress) -> str:
    """Return the display of one moment as one plain line, the incumbent without its architecture.

    Example:
        >>> line(Progress(phase="search", elapsed=4.0, budget=20.0, done=3))
        '[4.0 s of 20.0 s, 16.0 s left] search: 3 done, 0 failed, 0 cached'
    """
    said = [f"[{progress.time_said}] {progress.phase}: {progress.trials_said}"]
    if best := progress.incumbent:
        said.append(f"best {progress.label} {words.score(best.score)} (trial {best.number})")
        said += [progress.noise_said] if progress.noise_said else []
    return ", ".join(said)


class LiveDisplay:
    """Shows a run while it works: use it in a ``with`` block.

    In a terminal the picture is redrawn by itself four times a second. Elsewhere ``update`` prints a
    line when there is news (a phase, a baseline, a better incumbent), or after ``HEARTBEAT`` seconds.
    """

    def __init__(self, now: Callable[[], Progress], console: Console | None = None) -> None:
        """Show what ``now`` returns (a ``Tracker``'s) on a console, by default standard error."""
        self._now = now
        self._console = console or Console(stderr=True)
        self._live = (
            Live(
                get_renderable=lambda: panel(now()),
                console=self._console,
                refresh_per_second=4,
                transient=True,
            )
            if self._console.is_terminal
            else None
        )
        self._last: Progress | None = None

    def __enter__(self) -> "LiveDisplay":
        """Begin to show."""
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Clear the display, so that what follows is not below half a picture."""
        if self._live is not None:
            self._live.stop()

    def update(self) -> None:
        """Say that something happened."""
        if self._live is not None:
            return  # redrawn by its own clock
        progress, last = self._now(), self._last
        if last is not None and last.baselines != progress.baselines:
            self.say(f"baseline {_label_score(progress.baselines[-1])} {progress.label}")
        if last is None or _is_news(last, progress):
            best = progress.incumbent
            is_new = best is not None and (last is None or last.incumbent != best)
            self.say(f"{line(progress)}: {best.line}" if best and is_new else line(progress))
            self._last = progress
        elif last.baselines != progress.baselines:
            self._last = progress

    def say(self, text: str) -> None:
        """Print a line above the display, or in its course."""
        self._console.print(Text(text), soft_wrap=True)


def _is_news(last: Progress, progress: Progress) -> bool:
    return (
        last.phase != progress.phase
        or last.incumbent != progress.incumbent
        or progress.elapsed - last.elapsed >= HEARTBEAT
    )


def _label_score(baseline: tuple[str, float]) -> str:
    return f"{baseline[0]} {words.score(baseline[1])}"


def _incumbent(progress: Progress) -> Text:
    best = progress.incumbent
    if best is None:
        return Text("none yet", "dim")
    shown = Text.assemble(
        (words.score(best.score), "bold green"),
        f" {progress.label} on validation",
        f" ({progress.noise_said})" if progress.noise_said else "",
        (
            f"  trial {best.number}, {best.origin}" if best.origin else f"  trial {best.number}",
            "dim",
        ),
    )
    return shown.append(f"\n{best.line}", "italic") if best.line else shown


def _signals(progress: Progress) -> RenderableType:
    """Return a line for each of the best signals, ticked where trusted, and the rest in one."""
    known = signals.ranked(progress.gauges)
    if not known:
        return Text(signals.too_few(progress.gauges), "dim")
    shown = known[:_BARS] if len(known) > _BARS + 1 else known
    table = Table.grid(padding=(0, 2))
    for is_narrowed in (False, False, False, False, True):
        table.add_column(no_wrap=not is_narrowed)
    for one in shown:
        style = "" if one.is_used else "dim"
        interval = f"{signals.correlation(one.low)} to {signals.correlation(one.high)}"
        table.add_row(
            Text("✓" if one.is_used else " ", "green"),
            Text(signals.short_label(one.name), style),
            _interval_bar(one),
            Text(signals.correlation(one.rho), style),
            Text(interval, "dim", no_wrap=True, overflow="ellipsis"),
        )
    rest = known[len(shown) :]
    said = " · ".join(
        f"{signals.short_label(one.name)} {signals.correlation(one.rho)}" for one in rest
    )
    lines = [said] if rest else []
    lines.append(f"rank correlation over {signals.basis(known)}")
    return Group(table, *(Text(one, "dim", no_wrap=True, overflow="ellipsis") for one in lines))


def _interval_bar(one: Gauge) -> Text:
    """Return the interval from -1 to 1 as a line with a dot, and a mark at zero."""
    low, dot, high = (
        round((value + 1) / 2 * (_CELLS - 1)) for value in (one.low, one.rho, one.high)
    )
    cells = ["─" if low <= place <= high else " " for place in range(_CELLS)]
    cells[_CELLS // 2] = "│" if cells[_CELLS // 2] == " " else "┼"
    cells[dot] = "●"
    return Text("".join(cells), "green" if one.is_used else "dim")


def _baselines(progress: Progress) -> Text:
    ranked = progress.ranked_baselines()
    return Text(" · ".join(map(_label_score, ranked))) if ranked else Text("none yet", "dim")
