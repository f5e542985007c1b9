"""What was searched and what it cost."""

from collections.abc import Mapping

from coeval.report import chart, kinds, noise, words
from coeval.report.facts import Data, Facts, Timed, dig
from coeval.report.markup import Markup, definitions, join, number, number_head, table, tag
from coeval.report.timeline import timeline
from coeval.report.verdict import read_score
from coeval.trial import State

Phase = tuple[str, str, float]
"""Class that colours it, name, seconds."""


_ENDS = {
    "time": "when the time for the search was spent",
    "trials": "when the budgeted trials were done",
    "interrupted": "by an interrupt (Ctrl-C)",
    "stopped": "when its caller stopped it",
    "exhausted": "because nothing new was left to try",
    "failing": "because no trial succeeded",
}


def searched(facts: Facts) -> Markup:
    """Return what was searched: the space, the strategy, how many candidates, and their scores over time."""
    space = dig(facts.capsule, "space") or {}
    cached = sum(one.is_cached for one in facts.trials)
    running = sum(one.trial.state is State.RUNNING for one in facts.trials)
    pairs: list[tuple[object, object]] = [
        ("candidates", words.count(facts.candidates)),
        ("trials", words.count(len(facts.trials))),
        ("failed", words.count(len(facts.failed))),
        ("answered from cache", words.count(cached)),
        ("size of the space", words.space_size(space.get("size"))),
        ("strategy", _strategy(dig(facts.capsule, "strategy"))),
        ("budget", _budget(dig(facts.capsule, "budget"))),
    ]
    if preset := space.get("preset"):
        pairs.insert(0, ("space", str(preset).replace("_", " ")))
    if memory := dig(facts.capsule, "options", "memory"):
        pairs.append(("memory limit", str(memory)))
    if running:
        pairs.insert(4, ("left unfinished", words.count(running)))
    if why := dig(facts.stopped, "why"):
        in_time = why == "stopped" and facts.final is not None
        said = "in time for the final training" if in_time else _ENDS.get(str(why), str(why))
        said = "early, see below" if facts.early else said
        pairs.append(("ended", said))
    return join(
        [
            definitions(pairs),
            _parts(space.get("parts")),
            _audit(space.get("audit")),
            _kinds(facts),
            timeline(facts),
            _ties(facts),
            _failures(facts),
            finalists(facts),
        ]
    )


def finalists(facts: Facts) -> Markup:
    """Return how the final model was chosen and trained, with the finalists' scores."""
    said = dig(facts.final, "provenance") or (
        "Finalists are trained again from scratch on train and validation rows and compared on selection; "
        f"the winner is refitted on {'everything but the test rows' if facts.has_test else 'all rows'}, as far as time allows."
    )
    rows = []
    for one in facts.finalists:
        trial = next((t.trial for t in facts.trials if t.trial.number == one.get("trial")), None)
        cells = [one.get("trial"), words.score(facts.value(trial) if trial else None)]
        score = read_score(one.get("selection"))
        cells.append(words.score(score.value if score else None))
        cells.append(words.count(one.get("epochs")))
        cells.append(words.duration(one.get("seconds")))
        rows.append([*map(number, cells), str(one.get("failure") or "")])
    heads = [number_head(name) for name in ("trial", "validation", "selection", "epochs", "time")]
    if not rows:
        return tag("p.note", said) if facts.final else Markup()
    return join(
        [tag("h3", "Finalists"), tag("p.note", said), table([*heads, ""], rows, "table.ledger")]
    )


def ledger(facts: Facts) -> Markup:
    """Return where the time went: the wall clock by phase, and the trials' compute by who asked for it."""
    pieces: list[Markup] = []
    wall = _wall(facts)
    if wall:
        pieces.append(_account("Wall clock", wall, "time of the whole run, start to finish"))
    compute = _compute(facts)
    if compute:
        note = "seconds of training summed over all workers"
        pieces.append(_account("Compute of trials and baselines", compute, note))
    rate = _rate(facts)
    if rate:
        pieces.append(tag("p.note", rate))
    return join(pieces) if pieces else tag("p.quiet", "No time was recorded.")


def _strategy(value: object) -> str:
    if isinstance(value, Mapping):
        name = str(value.get("name") or "")
        rest = [
            f"{str(key).replace('_', ' ')} {one}"
            for key, one in value.items()
            if key != "name" and isinstance(one, str | int | float)
        ]
        return (
            f"{name} ({', '.join(rest)})"
            if name and rest
            else name or ", ".join(rest) or words.MISSING
        )
    return str(value) if value else words.MISSING


def _budget(value: object) -> str:
    if not isinstance(value, Mapping):
        return str(value) if value else words.MISSING
    seconds, trials = value.get("seconds"), value.get("trials")
    said = [words.duration(float(seconds))] if seconds else []
    said += [words.plural(int(trials), "trial")] if trials else []
    return " or ".join(said) or words.MISSING


def _parts(parts: object) -> Markup:
    """Return the sizes of the space's parts."""
    if not isinstance(parts, Mapping) or not parts:
        return Markup()
    said = []
    for name, value in parts.items():
        size = value.get("size") if isinstance(value, Mapping) else value
        said.append(f"{name} {words.space_size(size)}")
    times = f" {words.TIMES} "
    return tag("p.note", f"The space is the product of its parts: {times.join(said)}.")


def _audit(line: object) -> Markup:
    """Return what the space's components can and cannot compute; older runs did not record it."""
    return tag("p.note", f"Its components: {line}") if line else Markup()


def _kinds(facts: Facts) -> Markup:
    """Return how networks, trees and linear models compare where they competed."""
    said = kinds.compared(facts)
    return tag("p.note", said) if said else Markup()


def _ties(facts: Facts) -> Markup:
    """Return why the search ended before its time, and whom the noise floor cannot tell from the best."""
    said = (noise.ended_early(facts), noise.sentence(facts))
    return join([tag("p.note", one) for one in said if one])


def _failures(facts: Facts) -> Markup:
    """Return how many trials failed, by reason."""
    reasons: dict[str, int] = {}
    for one in facts.failed:
        found = one.trial.measurement
        if found and found.failure:
            reasons[found.failure.reason.value] = reasons.get(found.failure.reason.value, 0) + 1
    if not reasons:
        return Markup()
    said = words.listing([f"{amount:,} {reason}" for reason, amount in sorted(reasons.items())])
    return tag("p.note", f"Failed trials by reason: {said}. Each stands in the table of trials.")


def _account(title: str, phases: list[Phase], note: str) -> Markup:
    whole = sum(seconds for _, _, seconds in phases)
    rows = [
        (
            join([tag(f"span.key.{name}", at={"aria-hidden": "true"}), label]),
            number(words.duration(seconds)),
            number(words.percent(seconds / whole if whole else 0.0)),
        )
        for name, label, seconds in phases
    ]
    rows.append((tag("td.total", "together"), number(words.duration(whole)), number("")))
    described = ", ".join(f"{label} {words.duration(seconds)}" for _, label, seconds in phases)
    return tag(
        "div.account",
        tag("h3", title),
        tag("p.quiet", note),
        chart.shares(phases, f"{title}: {described}"),
        table((), rows, "table.ledger"),
    )


_PHASES = {
    "start": ("p-read", "starting and reading the data"),
    "reading": ("p-read", "reading the data"),
    "baselines": ("p-base", "baselines"),
    "search": ("p-search", "search"),
    "final": ("p-final", "final training and choice"),
    "export": ("p-export", "export and verification"),
    "report": ("p-export", "report"),
}


def _wall(facts: Facts) -> list[Phase]:
    """Return the wall clock by phase as recorded; what the phases leave of the total is named as such."""
    recorded: Data = dig(facts.final, "seconds") or {}
    phases: list[Phase] = [
        (*_PHASES.get(name, ("p-other", name.replace("_", " "))), float(seconds))
        for name, seconds in recorded.items()
        if name != "total" and isinstance(seconds, int | float) and seconds > 0
    ]
    if not phases:
        searching = dig(facts.stopped, "seconds") or facts.active
        return [("p-search", "search, so far", float(searching))] if searching else []
    rest = float(recorded.get("total") or 0.0) - sum(seconds for _, _, seconds in phases)
    if rest > 0.05:
        whole = (
            "everything else" if "baselines" in recorded else "starting, reading, baselines, export"
        )
        phases.append(("p-other", whole, rest))
    if facts.explaining > 0.05:
        phases.append(("p-final", "explaining the winner", facts.explaining))
    return phases


_GROUPS = {
    "seed": ("o-seed", "trials: expert's seeds"),
    "random": ("o-random", "trials: random control"),
    "evolution": ("o-evolution", "trials: evolution"),
    "tick": ("o-other", "training the supernet"),
}


def _compute(facts: Facts) -> list[Phase]:
    """Return seconds of evaluation by origin, failed trials and baselines apart."""
    spent: dict[tuple[str, str], float] = {}
    for one in facts.trials:
        if one.seconds > 0 and not one.is_cached:
            key = _compute_key(one)
            spent[key] = spent.get(key, 0.0) + one.seconds
    baselines = sum(float(one.get("seconds") or 0.0) for one in facts.baselines)
    if baselines:
        spent["p-base", "baselines"] = baselines
    return [(name, label, seconds) for (name, label), seconds in sorted(spent.items())]


def _compute_key(one: Timed) -> tuple[str, str]:
    if one.trial.state is State.FAILED:
        return "p-failed", "trials: failed"
    return _GROUPS.get(one.group, ("o-other", f"trials: {one.group}"))


def _rate(facts: Facts) -> str:
    ended = [one for one in facts.trials if one.finished is not None]
    span = max((one.finished or 0.0 for one in ended), default=0.0)
    if len(ended) < 2 or span <= 0:
        return ""
    workers = dig(facts.sittings[-1], "workers") if facts.sittings else None
    by = f" with {words.plural(int(workers), 'worker')}" if workers else ""
    return f"{len(ended) / span * 60:,.0f} trials a minute{by}."
