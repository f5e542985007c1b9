"""A comparison of strategies in words: for the terminal, and for the page."""

import math

from coeval.report.markup import Markup
from coeval.report.regret import Series, regret_svg
from coeval.report.regret_page import Page
from coeval.report.words import MISSING
from coeval.run.bench_result import RANDOM, Result, checkpoints
from coeval.run.bench_summary import Summary


def describe(result: Result, seeds: int) -> list[str]:
    """Return a title, then what was compared and how, a line each."""
    truth, table, contest = result.truth, result.table, result.contest
    allowed = int(truth.feasible.sum())
    members = f"{len(truth.feasible):,} members"
    lines = [f"{table.name}: {', '.join(_objective(result))}"]
    if allowed < len(truth.feasible):
        held = ", ".join(f"{one.name} at most {one.most:g}" for one in contest.limits)
        members += f", {allowed:,} feasible{f' ({held})' if held else ''}"
    copies = "copies share one result" if contest.canonical else "copies have results of their own"
    lines.append(
        f"{members}; {copies}; {contest.evaluations:,} evaluations a search, {_seeds(seeds)}"
    )
    lines.append(f"regret: {result.axis}; near: within {truth.within:.3g}")
    lines.append(table.source)
    return lines


INTERVAL, REACHED = "95 %", "get near"
"""Headings of the columns that a narrow terminal can do without."""


def headings(result: Result) -> list[str]:
    """Return the headings of ``rows``."""
    marks = checkpoints(result.contest.evaluations)
    found = ["strategy", *(f"after {one:,}" for one in marks), INTERVAL]
    if result.truth.test is not None:
        found.append("test ± SE")
    return [*found, "until near", REACHED, "CPU s"]


def rows(result: Result) -> list[list[str]]:
    """Return a row for every strategy, the best first, and random search's expectation."""
    found = [_row(result, one) for one in result.summaries]
    if result.random.regret:
        found.append(_random_row(result))
    return found


def drawings(result: Result, seeds: int) -> dict[str, Markup]:
    """Return the drawings by name: the regret, and the test regret where there is one."""
    title, *_ = describe(result, seeds)
    by = f"mean of {_seeds(seeds)} with 95 % bootstrap interval"
    series = [Series(one.strategy, one.regret, one.low, one.high) for one in result.summaries]
    if result.random.regret:
        series.append(Series(RANDOM, result.random.regret, is_random=True))
    found = {"regret": regret_svg(series, title, by, result.axis, result.truth.within)}
    if result.truth.test is not None:
        tests = [Series(one.strategy, one.test_regret, *_band(one)) for one in result.summaries]
        tests.append(Series(RANDOM, result.random.test_regret, is_random=True))
        said = f"the same incumbents on test data; mean of {_seeds(seeds)} ± 1.96 standard errors"
        found["test_regret"] = regret_svg(tests, title, said, "test score, distance to the best")
    return found


def page(result: Result, seeds: int, drawn: dict[str, Markup], command: str) -> Page:
    """Return what the page says."""
    title, *lines = describe(result, seeds)
    unfinished = "" if result.is_complete else " Interrupted: some searches are missing."
    return Page(
        title=title,
        lead=_lead(result) + unfinished,
        drawings=list(drawn.values()),
        columns=headings(result),
        rows=rows(result),
        notes=[*lines, *NOTES],
        command=command,
    )


NOTES = (
    "Every ask counts as an evaluation, repeats and copies too; one at a lower fidelity counts as its share of the epochs. "
    "The incumbent is the best feasible candidate by the values that the strategy sees; before there is one, the worst "
    "feasible member stands for it.",
    "Random search is not run: its mean over all orders of drawing members without replacement is computed from the table.",
    "After so many evaluations: the mean regret; 95 %: its bootstrap interval over the seeds, at the end. Test: the mean "
    "regret of the same incumbents on test data, at the end, with its standard error. Until near: by how many evaluations "
    "half of the searches are near the best; get near: the share that ever is. CPU: what asking and telling took in a search.",
)


def _lead(result: Result) -> str:
    if not result.summaries:
        return "Nothing was finished."
    first = result.summaries[0]
    said = f"{first.strategy} is nearest to the best after {result.contest.evaluations:,} evaluations: a mean regret of {first.regret[-1]:.3g}"
    if result.random.regret:
        said += f", where random search can expect {result.random.regret[-1]:.3g}"
    return said + "."


def _objective(result: Result) -> list[str]:
    return [
        f"{'highest' if one.maximise else 'least'} {one.name.replace('_', ' ')}"
        + (f" (goal {one.goal:g})" if one.goal is not None else "")
        for one in result.truth.objectives
    ]


def _row(result: Result, one: Summary) -> list[str]:
    last = one.at(result.contest.evaluations)
    cells = [_name(result, one)]
    cells += [_number(one.regret[mark - 1]) for mark in checkpoints(result.contest.evaluations)]
    cells.append(_span(last.low, last.high))
    if result.truth.test is not None:
        error = one.test_error[-1]
        sure = f" ±{_number(error)}" if math.isfinite(error) else ""
        cells.append(f"{_number(one.test_regret[-1])}{sure}")
    beyond = f"> {result.contest.evaluations:,}"
    median = f"{one.median:,.0f}" if math.isfinite(one.median) else beyond
    return [*cells, median, f"{one.reached:.0%}", f"{one.seconds:.2g}"]


def _random_row(result: Result) -> list[str]:
    random = result.random
    cells = [RANDOM]
    cells += [_number(random.regret[mark - 1]) for mark in checkpoints(result.contest.evaluations)]
    cells.append("exact")
    if result.truth.test is not None:
        cells.append(_number(random.test_regret[-1]))
    median = f"{random.median:,.0f}" if math.isfinite(random.median) else MISSING
    return [*cells, median, MISSING, MISSING]


def _name(result: Result, one: Summary) -> str:
    counts = {other.searches for other in result.summaries}
    return one.strategy if len(counts) == 1 else f"{one.strategy} ({_seeds(one.searches)})"


def _band(one: Summary) -> tuple[tuple[float, ...], tuple[float, ...]]:
    pairs = list(zip(one.test_regret, one.test_error, strict=True))
    low = tuple(max(0.0, mean - 1.96 * error) for mean, error in pairs)
    return low, tuple(mean + 1.96 * error for mean, error in pairs)


def _number(value: float) -> str:
    if not math.isfinite(value):
        return MISSING
    return f"{value:.3f}" if abs(value) < 100 else f"{value:,.4g}"


def _span(low: float, high: float) -> str:
    return f"{_number(low)}{MISSING}{_number(high)}" if math.isfinite(low) else MISSING


def _seeds(seeds: int) -> str:
    return f"{seeds} seed{'' if seeds == 1 else 's'}"
