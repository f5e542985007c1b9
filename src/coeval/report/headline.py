"""The top of the page: the verdict in one sentence and the scores side by side."""

from coeval.report import chart, words
from coeval.report.facts import Facts, dig
from coeval.report.markup import Markup, definitions, join, tag
from coeval.report.verdict import (
    TRIVIAL,
    Outcome,
    Score,
    baseline_scores,
    judge,
    label,
    own_score,
    read_score,
    stage,
)

Row = tuple[str, Score, str]
"""What is scored, its score, the class that colours it."""


def header(facts: Facts) -> Markup:
    """Return the title, the verdict and what the run was about."""
    task = dig(facts.capsule, "task") or {}
    verdict = judge(facts)
    target = task.get("target")
    title = [str(task.get("name") or facts.name)]
    if target:
        title += [": predicting ", tag("em", target)]
    shape = [
        str(task.get("problem") or "").replace("multiclass", "multi-class"),
        f"{words.count(task.get('rows'))} {facts.noun}s" if task.get("rows") else "",
        words.plural(len(task.get("columns") or ()), "column")
        if facts.image is None
        else words.image(facts.image),
        words.when(facts.began) if facts.began else "",
    ]
    return tag(
        "header",
        tag("p.eyebrow", "coeval · architecture search report"),
        tag("h1", *title),
        tag("p.about", " · ".join(part for part in shape if part)),
        tag(f"p.verdict.{verdict.outcome.name.lower()}", verdict.sentence),
        tag("p.note", verdict.basis) if verdict.basis else Markup(),
        _resumed(facts),
        _figures(facts),
    )


def scores(facts: Facts) -> Markup:
    """Return the model's score with its interval beside the baselines'."""
    own = own_score(facts)
    rows = [(label(one), score, "theirs") for one, score in baseline_scores(facts)]
    if own:
        rows.append(("coeval's model", own, "ours"))
    if not rows:
        return tag("p.quiet", "Nothing has been scored yet.")
    rows.sort(key=lambda row: row[1].value, reverse=facts.objective.maximise)
    way = "higher" if facts.objective.maximise else "lower"
    split = "the locked test split" if stage(facts) == "test" else "validation (not the test split)"
    return join(
        [
            tag("p.axis-name", f"{facts.label} on {split}, {way} is better"),
            _intervals(facts, rows),
            _unfitted(facts),
            _others(facts),
        ]
    )


def _resumed(facts: Facts) -> Markup:
    if not facts.since_final:
        return Markup()
    more = words.plural(facts.since_final, "trial")
    return tag(
        "p.note.warning",
        f"The search was resumed afterwards: {more} finished since this model was made.",
    )


def _figures(facts: Facts) -> Markup:
    """Return the few numbers that a hurried reader wants."""
    own = own_score(facts)
    rivals = baseline_scores(facts)
    pairs: list[tuple[object, object]] = []
    if own:
        shown = [tag("strong", words.score(own.value))]
        if own.has_interval:
            interval = f" {words.score(own.low)} to {words.score(own.high)}"
            shown.append(tag("small", interval))
        pairs.append((f"{stage(facts)} {facts.label}", join(shown)))
    if own and rivals:
        gain = own.value - rivals[0][1].value
        colour = {Outcome.BEATS: "strong.better", Outcome.LOSES: "strong.worse"}
        name = tag(colour.get(judge(facts).outcome, "strong"), words.signed(gain))
        pairs.append(
            ("against the best baseline", join([name, tag("small", f" {label(rivals[0][0])}")]))
        )
    searched = facts.candidates
    failed = f" {len(facts.failed)} failed" if facts.failed else " none failed"
    pairs.append(
        ("candidates tried", join([tag("strong", words.count(searched)), tag("small", failed)]))
    )
    pairs.append(("whole time", tag("strong", words.duration(facts.spent))))
    if parameters := dig(facts.final, "parameters"):
        pairs.append(("parameters", tag("strong", words.compact(parameters))))
    return tag("div.figures", definitions(pairs))


def _intervals(facts: Facts, rows: list[Row]) -> Markup:
    across, away = _axis(rows)
    lines = [_interval(row, across, away) for row in rows]
    marks = chart.ticks(across.low, across.high, 6)
    labels = [
        chart.text(across(one), 14, chart.tick_label(one, marks))
        for one in marks
        if 3 <= across(one) <= 97
    ]
    axis = tag("div.row.axis-row", tag("span"), chart.svg(20, "Score axis", *labels), tag("span"))
    grid = [chart.line(across(one), 0, across(one), 30, "grid") for one in marks]
    body = tag("div.intervals", *(_with_grid(one, grid) for one in lines), axis)
    notes = ["The axis does not start at zero."] if across.low > 0 or across.high < 0 else []
    if any(score.has_interval for _, score, _ in rows):
        notes.append(f"The bar is the 95 % bootstrap interval over the {facts.noun}s.")
    if away:
        notes.append(
            f"{words.listing(sorted(away))}: too far off to share the scale, see the number."
        )
    if stage(facts) != "test":
        notes.append("The model was only scored on validation, which the search optimised.")
    return join([body, tag("p.note", " ".join(notes)) if notes else Markup()])


def _axis(rows: list[Row]) -> tuple[chart.Scale, frozenset[str]]:
    """Return the axis and the names that are left off it because they would squeeze all others together."""
    everything = chart.around(_ends(rows), 2, 98)
    near = [row for row in rows if row[2] == "ours" or not _is_far(row, rows)]
    if len(near) < 2 or len(near) == len(rows):
        return everything, frozenset()
    return chart.around(_ends(near), 6, 94), frozenset(row[0] for row in rows if row not in near)


def _is_far(row: Row, rows: list[Row]) -> bool:
    """Return whether a score lies more than four times the others' whole span away from them."""
    others = _ends([one for one in rows if one is not row and _trivial(one) <= _trivial(row)])
    others = others or _ends([one for one in rows if one is not row])
    low, high = min(others), max(others)
    away = max(low - row[1].value, row[1].value - high)
    return away > 4 * (high - low) > 0


def _trivial(row: Row) -> bool:
    return any(word in row[0].lower() for word in TRIVIAL)


def _ends(rows: list[Row]) -> list[float]:
    found = [score.value for _, score, _ in rows]
    return found + [
        end for _, score, _ in rows if score.has_interval for end in (score.low, score.high)
    ]


def _interval(row: Row, across: chart.Scale, away: frozenset[str]) -> tuple[Row, list[Markup]]:
    name, score, kind = row
    if name in away:
        left = score.value < across.low
        arrow = (
            "\N{BLACK LEFT-POINTING SMALL TRIANGLE}"
            if left
            else "\N{BLACK RIGHT-POINTING SMALL TRIANGLE}"
        )
        return row, [chart.text(1 if left else 99, 20, arrow, "arrow", "start" if left else "end")]
    marks = []
    if score.has_interval:
        marks.append(chart.bar(across(score.low), across(score.high), 10, 10, f"interval {kind}"))
    marks.append(
        chart.dot(across(score.value), 15, 5.5, f"mark {kind}", f"{name}: {score.value:.6g}")
    )
    return row, marks


def _with_grid(drawn: tuple[Row, list[Markup]], grid: list[Markup]) -> Markup:
    (name, score, kind), marks = drawn
    said = f"{name}: {words.score(score.value)}"
    track = chart.svg(30, said, *grid, *marks)
    shown = [tag("strong" if kind == "ours" else "span", words.score(score.value))]
    return tag(f"div.row.{kind}", tag("span.name", name), track, tag("span.value", *shown))


def _unfitted(facts: Facts) -> Markup:
    """Return which baselines have no score here, and why: a missing rival is no victory."""
    scored = [label(one) for one, _ in baseline_scores(facts)]
    missing = [
        f"{label(one)} ({one['detail']})" if one.get("detail") else label(one)
        for one in facts.baselines
        if label(one) not in scored
    ]
    if not missing:
        return Markup()
    return tag("p.note", f"Without a score on {stage(facts)}: {words.listing(missing)}.")


def _others(facts: Facts) -> Markup:
    """Return the other metrics of the final model."""
    found = dig(facts.final, "scores") or {}
    pairs: list[tuple[object, object]] = [
        (str(name).replace("_", " "), words.score(read.value))
        for name, value in found.items()
        if name != facts.objective.name and (read := read_score(value))
    ]
    if not pairs:
        return Markup()
    return join([tag("h3", f"Other metrics of the model on {stage(facts)}"), definitions(pairs)])
