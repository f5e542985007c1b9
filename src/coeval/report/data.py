"""The data: how it was split, what each column was taken for, what was found suspicious."""

from collections.abc import Mapping

from coeval.report import chart, words
from coeval.report.facts import Facts, dig
from coeval.report.markup import Markup, definitions, join, number, number_head, table, tag

_SPLITS = {
    "train": ("s-train", "train", "candidates learn from it"),
    "validation": ("s-validation", "validation", "drives the search"),
    "selection": ("s-selection", "selection", "chooses among the finalists"),
    "test": ("s-test", "test", "locked; decides nothing but the score"),
}
_MOST_COLUMNS = 500


def splits(facts: Facts) -> Markup:
    """Return the diagram of the splits, what each is for, and when the test was opened."""
    sizes = dig(facts.capsule, "task", "splits")
    if not isinstance(sizes, Mapping):
        return tag("p.quiet", "The sizes of the splits were not recorded.")
    counted = [
        (*_SPLITS.get(str(name), ("s-train", str(name), "")), int(rows))
        for name, rows in sizes.items()
        if isinstance(rows, int | float) and rows
    ]
    whole = sum(rows for *_, rows in counted) or 1
    diagram = chart.shares(
        [(name, label, float(rows)) for name, label, _, rows in counted],
        ", ".join(f"{label} {rows:,} {facts.noun}s" for _, label, _, rows in counted),
    )
    rows = [
        (
            join([tag(f"span.key.{name}", at={"aria-hidden": "true"}), label]),
            number(f"{count:,}"),
            number(words.percent(count / whole)),
            purpose,
        )
        for name, label, purpose, count in counted
    ]
    parts = [
        diagram,
        table(("split", number_head(f"{facts.noun}s"), number_head("share"), "purpose"), rows),
        _opened(facts),
    ]
    folds = dig(facts.capsule, "task", "folds")
    if isinstance(folds, int) and folds > 1:
        said = f"With so few {facts.noun}s each trial is scored out of fold, over {folds} folds of train and validation."
        parts.append(tag("p.note", said))
    return join(parts)


def columns(facts: Facts) -> Markup:
    """Return every column with its kind and the reason for it; of images, their size."""
    found = dig(facts.capsule, "task", "columns") or () if facts.image is None else ()
    kinds: dict[str, int] = {}
    for one in found:
        kinds[str(one.get("kind"))] = kinds.get(str(one.get("kind")), 0) + 1
    pairs: list[tuple[object, object]] = [
        (f"{facts.noun}s", words.count(dig(facts.capsule, "task", "rows"))),
        *([] if facts.image is None else [("each", words.image(facts.image))]),
        *(
            ("dropped" if kind == "drop" else kind, words.count(amount))
            for kind, amount in kinds.items()
        ),
    ]
    classes = dig(facts.capsule, "task", "classes")
    if classes:
        names = [words.shorten(str(one), 30) for one in classes]
        shown = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
        pairs.append((f"{len(names)} classes", shown))
    rows = [
        (
            tag("code", words.shorten(str(one.get("name")), 60)),
            tag(f"span.kind.kind-{_kind(one)}", "dropped" if _kind(one) == "drop" else _kind(one)),
            str(one.get("reason") or ""),
        )
        for one in found[:_MOST_COLUMNS]
    ]
    left = len(found) - len(rows)
    more = tag("p.note", f"{left:,} further columns stand in capsule.json.") if left else Markup()
    listed = table(("column", "taken as", "because"), rows)
    name = f"All {len(rows)} columns" if not left else f"The first {len(rows)} columns"
    folded = tag("details", tag("summary", name), listed, more, at={"open": len(rows) <= 20})
    return join([definitions(pairs), notes(facts), folded if rows else Markup()])


def notes(facts: Facts) -> Markup:
    """Return what reading the data inferred, dropped or found suspicious."""
    found = dig(facts.capsule, "task", "notes") or ()
    if not found:
        return Markup()
    return tag("ul.notes", *(tag("li", words.shorten(str(one), 600)) for one in found))


def _kind(column: object) -> str:
    kind = str(column.get("kind")) if isinstance(column, Mapping) else ""
    return kind if kind in {"numeric", "categorical", "date", "text", "drop"} else "other"


def _opened(facts: Facts) -> Markup:
    times = len(facts.openings)
    if not facts.has_test:
        return tag("p.note", "No test split was set aside for this run.")
    if not times:
        return tag("p.note", "The test split has not been opened.")
    moments = words.listing([words.when(one) for one in facts.openings])
    if times == 1:
        return tag("p.note", f"Test opened once, at {moments}.")
    return tag("p.note.warning", f"Test opened {times} times: {moments}.")
