"""An audit in words: a line for tables and cards, a paragraph for the terminal."""

from collections.abc import Iterable
from textwrap import wrap

from coeval.universality.additions import Addition, Goal
from coeval.universality.audit import Audit, Level
from coeval.universality.capability import Arithmetic
from coeval.universality.rules import Verdict
from coeval.universality.witness.result import WitnessRun

WIDTH = 100
_MARGIN = 15
_SHOWN_ADDITIONS = 4

_SAYS = {
    Verdict.EXECUTED: "Turing equivalent, executed",
    Verdict.THEOREM: "Turing equivalent",
    Verdict.IDEAL: "Turing equivalent on ideal numbers only",
    Verdict.WEAK: "weakly universal",
    Verdict.FINITE: "a finite automaton, not Turing equivalent",
    Verdict.NOT: "not Turing equivalent",
    Verdict.UNKNOWN: "Turing equivalence unknown",
}
_ON = {
    Arithmetic.EXACT: "exact numbers of any size",
    Arithmetic.SATURATING: "integers of any size, activations saturating in float64",
    Arithmetic.FLOAT64: "float64",
}


def verdict_line(audit: Audit) -> str:
    """Return both verdicts on one line, for reports, cards and listings.

    Args:
        audit: What ``audit`` returned.

    Example:
        >>> from coeval.universality.audit import audit
        >>> verdict_line(audit(["linear", "relu", "repeat"]))
        'not Turing equivalent (R1) · universal approximator (U1, U2)'
    """
    names = {"yes": "universal approximator", "no": "no universal approximator"}
    rules = f" ({', '.join(audit.approximation.rules)})" if audit.approximation.rules else ""
    approximation = names.get(audit.approximation.answer, "universal approximation unknown")
    return f"{_turing(audit)} · {approximation}{rules}"


def _turing(audit: Audit) -> str:
    level = audit.turing
    rules = f" ({', '.join(level.rules)})" if level.rules else ""
    everywhere = len({one.verdict for one in audit.levels}) == 1
    place = "" if everywhere else f" on {_ON[level.arithmetic]}"
    return f"{_SAYS[level.verdict]}{rules}{place}"


def describe(audit: Audit) -> str:
    """Return the audit as text for the terminal: both verdicts, limits, what is missing, what was run, sources.

    Args:
        audit: What ``audit`` returned.
    """
    rows = [
        ("components", ", ".join(audit.components)),
        *_turing_rows(audit),
        *_approximation_rows(audit),
        *(("limit", f"{one.says}{f' ({one.rule})' if one.rule else ''}.") for one in audit.limits),
        *_addition_rows(audit),
        *(("witness", _witness(one)) for one in audit.witnesses),
        *(("capacity", f"{one}.") for one in audit.capacity),
        *(("built from", one) for one in _construction(audit)),
        ("sources", ". ".join(f"{rule}: {citation}" for rule, citation in audit.sources) + "."),
    ]
    return "\n".join(_row(label, text, first) for label, text, first in _labelled(rows))


def _turing_rows(audit: Audit) -> list[tuple[str, str]]:
    level = audit.turing
    assumed = f" Assumes: {level.assumes}." if level.assumes else ""
    rows = [("Turing", f"{_turing(audit)}: {level.reason}.{assumed}")]
    others = [one for one in audit.levels if one.verdict is not level.verdict]
    rows += [("", _other(one)) for one in others if _worth_saying(one)]
    return rows


def _worth_saying(level: Level) -> bool:
    return level.arithmetic is not Arithmetic.SATURATING or level.verdict is not Verdict.UNKNOWN


def _other(level: Level) -> str:
    rules = f" ({', '.join(level.rules)})" if level.rules else ""
    return f"On {_ON[level.arithmetic]}: {_SAYS[level.verdict]}{rules}: {level.reason}."


def _approximation_rows(audit: Audit) -> list[tuple[str, str]]:
    found = audit.approximation
    rules = f" ({', '.join(found.rules)})" if found.rules else ""
    return [("approximation", f"{found.answer}{rules}: {found.reason}.")]


def _addition_rows(audit: Audit) -> list[tuple[str, str]]:
    rows = []
    if audit.missing:
        rows.append(("missing", f"{', '.join(audit.missing)}."))
    for goal in Goal:
        found = [one for one in audit.additions if one.goal is goal]
        if found:
            rows.append(("add", f"for {goal}: {_choices(found)}."))
    return rows


def _choices(additions: list[Addition]) -> str:
    shown = [" + ".join(one.components) for one in additions[:_SHOWN_ADDITIONS]]
    more = len(additions) - len(shown)
    rest = f", or one of {more} more sets" if more else ""
    return f"{', or '.join(shown)}{rest} (cost {additions[0].cost}; by {additions[0].rules[0]})"


def _construction(audit: Audit) -> list[str]:
    if not audit.turing.verdict.certifies:
        return []
    return [*audit.construction, *([f"gate: {audit.gate}"] if audit.gate else [])]


def _witness(done: WitnessRun) -> str:
    steps = sum(one.steps for one in done.machines)
    runs = "; ".join(f"{one.name}: {one.result} ({one.steps:,} steps)" for one in done.machines)
    if not done.matched:
        parted = next(one for one in done.machines if not one.matched)
        return f"{done.kind} network FAILED on {parted.name}: {parted.note or parted.result}."
    return (
        f"{done.kind} network ({done.arithmetic}), all {steps:,} steps as an interpreter takes them. "
        f"{runs}."
    )


def _labelled(rows: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str, bool]]:
    before = None
    for label, text in rows:
        yield label or before or "", text, bool(label) and label != before
        before = label or before


def _row(label: str, text: str, first: bool) -> str:
    lead = f"{label if first else '':<{_MARGIN}}"
    lines = wrap(text, WIDTH - _MARGIN, break_long_words=False, break_on_hyphens=False)
    return "\n".join(f"{lead if not i else ' ' * _MARGIN}{one}" for i, one in enumerate(lines))
