"""What the terminal says at the end: the score beside the baselines', what was searched, files, next commands."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from coeval.architecture.text import one_line
from coeval.report import evidence, front, kinds, noise, one_shot, words
from coeval.report.facts import Facts, dig
from coeval.report.reproduce import next_commands
from coeval.report.verdict import Outcome, baseline_scores, judge, label, own_score, stage

_COLOURS = {Outcome.BEATS: "green", Outcome.LOSES: "red", Outcome.UNFINISHED: "yellow"}
Row = tuple[str, str, str]


def summary(facts: Facts, folder: Path) -> RenderableType:
    """Return the closing block for a terminal, to be printed with ``crop=False``: paths and commands stay whole.

    Args:
        facts: From ``page.gather(folder)``.
        folder: As the user named it.
    """
    verdict = judge(facts)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name, side in zip(_heads(facts), ("left", "right", "left"), strict=True):
        table.add_column(name, justify="right" if side == "right" else "left")
    for row in score_rows(facts):
        table.add_row(*map(Text, row), style="bold" if row[0] == OWN else "")
    commands = [(command, use) for use, command in next_commands(str(folder), facts)]
    return Group(
        Text(verdict.sentence, f"bold {_COLOURS.get(verdict.outcome, '')}".strip()),
        *([Text(verdict.basis, "dim")] if verdict.basis else []),
        Padding(table, (1, 0)),
        *(Text(one) for one in said(facts)),
        Text(),
        _whole(made(facts, folder), "cyan"),
        Text(),
        _whole(commands, ""),
    )


def _whole(pairs: Sequence[tuple[str, str]], style: str) -> Text:
    """Return what a user copies, with what it is for, a line each; a narrow terminal breaks the lines, nothing cuts them."""
    width = max(len(first) for first, _ in pairs)
    lines = [Text.assemble((first.ljust(width), style), "  ", (use, "dim")) for first, use in pairs]
    return Text("\n", no_wrap=True, overflow="ignore").join(lines)


def plain(facts: Facts, folder: Path) -> list[str]:
    """Return the same as plain lines, for a pipe or a log file."""
    verdict = judge(facts)
    lines = [verdict.sentence, *([verdict.basis] if verdict.basis else [])]
    rows = [_heads(facts), *score_rows(facts)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    if len(rows) > 1:
        lines += [
            f"  {name:<{widths[0]}}  {value:>{widths[1]}}  {interval}".rstrip()
            for name, value, interval in rows
        ]
    lines += said(facts)
    lines += [f"{path}: {use}" for path, use in made(facts, folder)]
    lines += [f"{use}: {command}" for use, command in next_commands(str(folder), facts)]
    return lines


OWN = "coeval's model"


def score_rows(facts: Facts) -> list[Row]:
    """Return ``(who, score, interval)``, best first."""
    found = [(label(one), score) for one, score in baseline_scores(facts)]
    if own := own_score(facts):
        found.append((OWN, own))
    found.sort(key=lambda pair: pair[1].value, reverse=facts.objective.maximise)
    return [
        (
            name,
            words.score(score.value),
            f"{words.score(score.low)} to {words.score(score.high)}" if score.has_interval else "",
        )
        for name, score in found
    ]


def said(facts: Facts) -> list[str]:
    """Return what was searched and what was found, one sentence a line."""
    cached = sum(one.is_cached for one in facts.trials)
    size = words.space_size(dig(facts.capsule, "space", "size"))
    running = len(facts.trials) - len(facts.done) - len(facts.failed)
    left = f", {running:,} unfinished" if running else ""
    again = f" in {len(facts.trials):,} trials" if len(facts.trials) > facts.candidates else ""
    lines = [
        f"Searched {words.plural(facts.candidates, 'candidate')}{again} ({len(facts.failed):,} failed, "
        f"{cached:,} cached{left}) of {size} in {words.duration(facts.spent)}."
    ]
    if facts.architecture is not None:
        others = len(dig(facts.final, "members") or ["itself"]) - 1
        beside = f", with {words.plural(others, 'more member')} of an ensemble" if others else ""
        lines.append(f"Found: {one_line(facts.architecture)}{beside}")
    parameters, latency = dig(facts.final, "parameters"), dig(facts.final, "latency_ms", "one")
    if parameters:
        speed = (
            f", {latency:.3g} ms {'a row' if facts.image is None else 'an image'}"
            if isinstance(latency, int | float)
            else ""
        )
        lines.append(f"It has {words.count(parameters)} parameters{speed}.")
    if ranked := kinds.compared(facts):
        lines.append(ranked)
    if gap := evidence.gap(facts):
        lines.append(gap)
    if early := noise.ended_early(facts):
        lines.append(early)
    if tied := noise.sentence(facts):
        lines.append(tied)
    lines += one_shot.lines(facts)
    lines += front.lines(facts)
    if len(facts.openings) > 1:
        lines.append(
            f"The test split was opened {len(facts.openings)} times: read its score as optimistic."
        )
    return lines


def made(facts: Facts, folder: Path) -> list[tuple[str, str]]:
    """Return the paths that a user wants to know, with what they are."""
    known = (
        ("report.html", "everything about this run, on one page"),
        (
            "model/model.onnx",
            f"{'raw columns' if facts.image is None else 'images'} in, predictions out",
        ),
        ("model/network.py", "the model in plain PyTorch"),
        ("model/card.md", "the model card"),
    )
    present = {name for name, _ in facts.files} | {"report.html"}
    return [(str(folder / name), use) for name, use in known if name in present]


def _heads(facts: Facts) -> Row:
    own = own_score(facts)
    interval = "95 % interval" if stage(facts) == "test" or (own and own.has_interval) else ""
    return "", f"{stage(facts)} {facts.label}", interval
