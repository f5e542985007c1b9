"""One self-contained HTML page about a run: ``report.html``, readable without a network, for years.

Nothing is fetched: style, script and charts stand in the page, and its content security policy
forbids everything else, so that even a hostile column name could not run or load anything.
"""

import base64
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from functools import partial
from importlib.resources import files as package_files
from pathlib import Path
from typing import Any

from coeval.architecture.component import ComponentSet
from coeval.architecture.serial import from_json, region_from_json, type_from_json
from coeval.architecture.step import Architecture
from coeval.component.library import NEURAL
from coeval.errors import RunError, SpaceError
from coeval.report import (
    data,
    evidence,
    front,
    headline,
    model,
    one_shot,
    reproduce,
    search,
    signals,
    teams,
    trials,
    why,
)
from coeval.report.facts import Facts, collect, dig
from coeval.report.markup import Markup, join, tag
from coeval.space.protocol import Candidate, Genotype
from coeval.store.journal import SqliteStore
from coeval.store.protocol import Event

Section = tuple[str, str, Callable[[Facts], Markup]]

SECTIONS: tuple[Section, ...] = (
    ("result", "Result", headline.scores),
    ("trust", "How far to trust it", evidence.trust),
    ("front", "Limits and front", front.section),
    ("search", "What was searched", search.searched),
    ("one-shot", "The search inside one network", one_shot.section),
    (
        "architecture",
        "The architecture",
        model.winner,
    ),
    ("why", "Why this model", why.section),
    ("teams", "Who works with whom", teams.section),
    ("signals", "Cheap signals", signals.section),
    ("cost", "What it cost", search.ledger),
    ("data", "The data", lambda facts: join([data.splits(facts), data.columns(facts)])),
    ("trials", "Every trial", trials.trials),
    ("reproduce", "Reproduce it", reproduce.reproduction),
    ("files", "Use it", reproduce.files),
)


def render(facts: Facts) -> str:
    """Return the whole page."""
    shown = [(name, title, body) for name, title, make in SECTIONS if (body := make(facts))]
    menu = tag("nav", *(tag("a", title, at={"href": f"#{name}"}) for name, title, _ in shown))
    sections = (
        tag("section", tag("h2", title), body, at={"id": name}) for name, title, body in shown
    )
    version = str(facts.capsule.get("coeval") or "")
    foot = f"Made by coeval {version} from run.sqlite and capsule.json; nothing on this page was measured by the page."
    script = _asset("script.js")
    pieces = {
        "title": str(dig(facts.capsule, "task", "name") or facts.name) + " · coeval",
        "script-hash": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        "style": Markup(_asset("style.css")),
        "body": join([headline.header(facts), menu, tag("main", *sections), tag("footer", foot)]),
        "script": Markup(script),
    }
    return _fill(_asset("template.html"), pieces)


def write(folder: Path, components: ComponentSet = NEURAL) -> Path:
    """Write ``report.html`` into a run's folder and return its path.

    Args:
        folder: Holds ``capsule.json`` and ``run.sqlite``, also of a run that still goes on.
        components: What the journal's architectures are made of.

    Raises:
        RunError: The folder holds no run, its capsule or journal cannot be read, or the page cannot be written.
    """
    page = render(gather(folder, components))
    target, part = folder / "report.html", folder / f".report.{os.getpid()}.part"
    try:
        part.write_text(page, encoding="utf-8")
        part.replace(target)  # a reader sees the old page or the new one, never half of one
    except OSError as problem:
        part.unlink(missing_ok=True)
        raise RunError(
            f"The report could not be written to {target}: {problem.strerror}. "
            "Free some space or fix the folder's permissions, then: coeval report."
        ) from problem
    return target


def gather(folder: Path, components: ComponentSet = NEURAL) -> Facts:
    """Return the facts of the run in a folder.

    Raises:
        RunError: The folder holds no run, or its capsule or journal cannot be read.
    """
    capsule = _capsule(folder)
    events = _journal(folder, components)
    return collect(
        folder.resolve().name,
        capsule,
        events,
        architecture=_exported(folder / "model" / "architecture.json", components),
        files=_sizes(folder),
    )


def _capsule(folder: Path) -> Mapping[str, Any]:
    path = folder / "capsule.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as problem:
        raise RunError(
            f"A run's folder holds capsule.json, got {folder} without one. "
            "Name the folder that coeval fit printed at its end."
        ) from problem
    except (OSError, ValueError) as problem:
        raise RunError(
            f"{path} cannot be read as JSON: {problem}. Restore it from a copy; the report needs it."
        ) from problem
    if not isinstance(found, dict):
        raise RunError(f"{path} must hold a JSON object, got {type(found).__name__}.")
    return found


def _journal(folder: Path, components: ComponentSet) -> tuple[Event, ...]:
    path = folder / "run.sqlite"
    if not path.is_file():
        raise RunError(
            f"A run's folder holds run.sqlite, got {folder} without one. "
            "Name the folder that coeval fit printed at its end."
        )
    store = SqliteStore(path, _never, partial(candidate, components=components), read_only=True)
    try:
        return tuple(store.events())
    finally:
        store.close()


def candidate(value: Any, components: ComponentSet) -> Candidate:
    """Return a journal's candidate without its space: an architecture has a body, other parts are settings.

    Raises:
        ValueError: The value is no candidate, or its architecture uses components that are not given.
    """
    if not isinstance(value, Mapping):
        raise ValueError(f"expected a candidate's parts, got {type(value).__name__}")
    parts: list[tuple[str, Genotype]] = []
    for name, part in value.items():
        if not isinstance(part, Mapping):
            raise ValueError(f"expected settings or an architecture in {name!r}")
        try:
            found = _architecture(part, components) if "body" in part else tuple(part.items())
        except SpaceError as problem:
            raise ValueError(str(problem)) from problem
        parts.append((str(name), found))
    return Candidate(tuple(parts))


def _architecture(value: Mapping[str, Any], components: ComponentSet) -> Architecture:
    """Return an architecture without inferring its types again: a third of the time for 10,000 trials."""
    inputs = tuple(type_from_json(one) for one in value["inputs"])
    return Architecture(inputs, region_from_json(value["body"], components, "body"))


def _never(value: Candidate) -> Any:
    raise RunError("The report reads the journal and never writes it.")


def _exported(path: Path, components: ComponentSet) -> Architecture | None:
    """Return the exported model's architecture; ``None`` where there is none that this version reads."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return from_json(found.get("architecture", found), components)
    except (OSError, ValueError, AttributeError, SpaceError):
        return None  # the journal's own copy is drawn instead


def _sizes(folder: Path) -> tuple[tuple[str, int], ...]:
    paths = [path for place in (folder, folder / "model") for path in sorted(place.glob("*"))]
    return tuple(
        (path.relative_to(folder).as_posix(), path.stat().st_size)
        for path in paths
        if path.is_file()
    )


def _asset(name: str) -> str:
    return (package_files("coeval.report") / "assets" / name).read_text(encoding="utf-8")


def _fill(template: str, pieces: Mapping[str, object]) -> str:
    """Return the template with ``{{name}}`` replaced in one pass: what a piece holds is never filled again."""
    parts = template.split("{{")
    filled = [parts[0]]
    for part in parts[1:]:
        name, _, rest = part.partition("}}")
        filled += [join([pieces[name]]), rest]
    return "".join(filled)
