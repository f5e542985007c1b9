"""How to get this result again, and what to do with the files."""

import math
import shlex
from collections.abc import Mapping, Sequence
from pathlib import PurePath

from coeval.report import words
from coeval.report.facts import Facts, dig
from coeval.report.markup import Markup, definitions, join, number, number_head, table, tag

_USES = {
    "model/model.onnx": "the whole model from raw data to predictions, for ONNX Runtime in any language",
    "model/network.py": "the model as plain PyTorch that imports nothing of coeval",
    "model/weights.safetensors": "the trained weights, read by network.py",
    "model/architecture.json": "the architecture as data",
    "model/card.md": "the model card: what it is for, its scores, its limits, its latency",
    "capsule.json": "everything needed to run this search again",
    "run.sqlite": "the journal: every trial, in SQLite",
    "report.html": "this page",
}


_OVERWRITE = "--overwrite"


def reproduction(facts: Facts) -> Markup:
    """Return the command, the seed, the versions, the machine and the sittings."""
    capsule = facts.capsule
    command = _command(capsule.get("command"))
    libraries = dig(capsule, "libraries") or {}
    machine = dig(capsule, "machine") or {}
    memory = machine.get("memory_bytes")
    pairs: list[tuple[object, object]] = [
        ("seed", str(capsule.get("seed", words.MISSING))),
        ("coeval", str(capsule.get("coeval", words.MISSING))),
        *((str(name), str(version)) for name, version in libraries.items()),
        ("machine", _join(machine.get("cpu"), machine.get("platform"))),
        ("cores", str(machine.get("cores") or words.MISSING)),
        ("memory", words.size(float(memory)) if memory else words.MISSING),
        (
            "data fingerprint",
            tag("code", str(dig(capsule, "task", "fingerprint") or words.MISSING)[:16]),
        ),
    ]
    shown = tag("pre.command", command) if command else tag("p.quiet", "No command was recorded.")
    note = (
        "The same seed and a budget in trials, with one worker, give the same candidates in the same order; "
        "a budget in seconds ends where the machine's speed ends it."
    )
    return join([shown, tag("p.note", note), definitions(pairs), _sittings(facts)])


def files(facts: Facts) -> Markup:
    """Return the files of the run's folder with their uses, and the next commands."""
    known = {name: size for name, size in facts.files if name in _USES}
    known.setdefault("report.html", 0)
    rows = [
        (tag("code", name), number(words.size(known[name]) if known[name] else ""), use)
        for name, use in _USES.items()
        if name in known
    ]
    return join([table(("file", number_head("size"), "what it is"), rows), _next(facts)])


def next_commands(folder: str, facts: Facts) -> list[tuple[str, str]]:
    """Return ``(what for, command)`` for what a user may want to do next."""
    name = shlex.quote(folder)
    if facts.final is None:
        return [
            ("finish the search and get a model", f"coeval resume {name}"),
            ("look at the best so far", f"coeval show {name}"),
        ]
    return [
        (
            f"predict new {facts.noun}s",
            f"coeval predict {name} {'new.csv' if facts.image is None else 'FOLDER'} -o predictions.csv",
        ),
        ("see the architecture", f"coeval show {name}"),
        ("take the model away", f"coeval export {name} --format onnx"),
        ("search on", f"coeval resume {name}{_twice(facts)}"),
    ]


def _twice(facts: Facts) -> str:
    """Return the options of twice the budget, which counts over all sittings: a run is refused less than it had."""
    seconds, trials = (dig(facts.capsule, "budget", one) for one in ("seconds", "trials"))
    whole = math.ceil(2 * (seconds or 0))
    minutes = f" --budget {whole // 60}m" if whole % 60 == 0 else f" --budget {whole}s"
    return (minutes if seconds else "") + (f" --trials {2 * trials}" if trials else "")


def _next(facts: Facts) -> Markup:
    """Return the next commands, with the folder as the run's own command named it, if it still has that name."""
    given = PurePath(str(dig(facts.capsule, "options", "out") or ""))
    commands = next_commands(str(given) if given.name == facts.name else facts.name, facts)
    rows = [(what, tag("code", command)) for what, command in commands]
    return join([tag("h3", "Next"), table((), rows)])


def _command(value: object) -> str:
    """Return the recorded command, without ``--overwrite``: who repeats a run must not lose the one at hand."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return shlex.join(str(one) for one in value if one != _OVERWRITE)
    text = str(value) if value else ""
    if _OVERWRITE not in text:
        return text
    try:
        return shlex.join(one for one in shlex.split(text) if one != _OVERWRITE)
    except ValueError:  # not a shell's command line
        return text.replace(_OVERWRITE, "").strip()


def _join(*parts: object) -> str:
    return ", ".join(str(part) for part in parts if part) or words.MISSING


def _sittings(facts: Facts) -> Markup:
    """Return the sittings where there was more than one: a resumed run says so."""
    if len(facts.sittings) < 2:
        return Markup()
    rows = [
        (
            number(index),
            _when(one),
            str(one.get("version") or ""),
            number(str(one.get("workers") or "")),
        )
        for index, one in enumerate(facts.sittings, start=1)
    ]
    return join(
        [
            tag("h3", f"This run had {len(facts.sittings)} sittings"),
            table((number_head("sitting"), "started", "coeval", number_head("workers")), rows),
        ]
    )


def _when(sitting: Mapping[str, object]) -> str:
    started = sitting.get("started")
    return (
        words.when(started) if isinstance(started, int | float) else str(started or words.MISSING)
    )
