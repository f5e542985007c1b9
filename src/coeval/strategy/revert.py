"""A candidate without one of the decisions that made it: each edit of its lineage taken back alone, all else kept.

What ablation studies do by hand (Newell 1975; Meyes et al. 2019, arXiv:1901.08644), as members of the space. A setting goes
back to what the lineage began with. An edit of a network is taken back by the move that undoes it, which the space has to
know: of all networks one move away, the one whose steps differ from the winner's as the parent's differ from the child's.
"""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from coeval.architecture.component import Settings, Value
from coeval.architecture.step import Architecture, Region
from coeval.space.digest import candidate_digest
from coeval.space.protocol import Candidate, CandidateSpace, Genotype
from coeval.strategy.lineage import Ancestor, change

SHORT = 3
"""Edits below which a lineage is short: then the differences from the default are taken back too."""

_Label = tuple[str, Settings]


@dataclass(frozen=True, slots=True)
class Reversion:
    """A candidate without one decision.

    Attributes:
        part: Of the candidate.
        what: The decision in words, such as ``"lr 0.002 → 0.004"``.
        candidate: All of the winner but that.
        trial: That decided so; ``None`` where the winner is set against the default instead.
    """

    part: str
    what: str
    candidate: Candidate
    trial: int | None = None


@dataclass(frozen=True, slots=True)
class Reversions:
    """What can be taken back of a candidate.

    Attributes:
        found: The networks' edits first, the latest first; then the settings; then what differs from the default.
        stuck: Edits of networks, in words, that cannot be taken back alone: later ones stand on them.
    """

    found: tuple[Reversion, ...]
    stuck: tuple[str, ...] = ()


def reversions(
    space: CandidateSpace,
    chain: Sequence[Ancestor],
    default: Mapping[str, Candidate],
    *,
    seconds: float = 5.0,
) -> Reversions:
    """Return the last candidate of a lineage without each of its decisions.

    Args:
        space: Whose members are returned.
        chain: From ``lineage.lineage``.
        default: The candidate that a short lineage is set against, under its name; none if empty.
        seconds: That looking for undoing moves may take.
    """
    end = time.monotonic() + seconds
    winner = chain[-1].candidate
    networks: list[Reversion] = []
    stuck: list[str] = []
    for name, part in winner.parts:
        if isinstance(part, Architecture):
            undone, left = _networks(space, chain, name, end)
            networks += undone
            stuck += left
    found = [*networks, *_settings(chain)]
    known = {candidate_digest(winner)}
    kept = list(_fresh(space, found, known))
    if len(kept) < SHORT:
        kept += _fresh(space, _from_default(winner, default), known)
    return Reversions(tuple(kept), tuple(stuck))


def _fresh(
    space: CandidateSpace, found: Sequence[Reversion], known: set[str]
) -> Iterator[Reversion]:
    """Yield the members of the space that compute something else than those before."""
    for one in found:
        digest = candidate_digest(one.candidate)
        if digest not in known and space.contains(one.candidate):
            known.add(digest)
            yield one


def _settings(chain: Sequence[Ancestor]) -> list[Reversion]:
    """Return the winner with each setting as the lineage began, the part that trains first."""
    first, winner = chain[0].candidate, chain[-1].candidate
    found = []
    for name, part in reversed(winner.parts):
        before = dict(first.parts).get(name)
        if not isinstance(part, tuple) or not isinstance(before, tuple):
            continue
        for key, value in part:
            old = dict(before).get(key, value)
            if old != value:
                trial = _since(chain, name, key, value)
                what = change(key, old, value)
                found.append(Reversion(name, what, _with_setting(winner, name, key, old), trial))
    return found


def _since(chain: Sequence[Ancestor], part: str, key: str, value: Value) -> int:
    """Return the trial from which on a setting had its value."""
    since = chain[-1].trial.number
    for one in reversed(chain):
        if one.candidate.settings(part).get(key) != value:
            break
        since = one.trial.number
    return since


def _from_default(winner: Candidate, default: Mapping[str, Candidate]) -> list[Reversion]:
    """Return the winner with each part of what differs from the default as it is there."""
    found = []
    for seed, candidate in default.items():
        for name, part in reversed(winner.parts):
            theirs = dict(candidate.parts).get(name)
            if isinstance(part, tuple) and isinstance(theirs, tuple):
                changed = {key: old for key, old in theirs if dict(part).get(key, old) != old}
                for key, old in changed.items():
                    what = f"{change(key, old, dict(part)[key])}, against the default"
                    found.append(Reversion(name, what, _with_setting(winner, name, key, old)))
            elif isinstance(theirs, Architecture) and theirs != part:
                what = f"its network in place of the default {seed}"
                found.append(Reversion(name, what, _with(winner, name, theirs)))
    return found


def _networks(
    space: CandidateSpace, chain: Sequence[Ancestor], part: str, end: float
) -> tuple[list[Reversion], list[str]]:
    """Return the winner without each edit of one of its networks, and those that no move undoes."""
    winner = chain[-1].candidate
    bodies = [dict(one.candidate.parts)[part] for one in chain]
    edits = [
        (place, edit.what)
        for place, one in enumerate(chain)
        for edit in one.edits
        if edit.part == part
    ]
    undone = _undone(space, part, bodies, [place for place, _ in edits], end)
    found, stuck = [], []
    for place, what in reversed(edits):
        if place in undone:
            candidate = _with(winner, part, undone[place])
            found.append(Reversion(part, what, candidate, chain[place].trial.number))
        else:
            stuck.append(what)
    return found, stuck


def _undone(
    space: CandidateSpace, part: str, bodies: Sequence[Genotype], places: Sequence[int], end: float
) -> dict[int, Genotype]:
    """Return the last of a lineage's networks without the edit at each place, where that is possible."""
    last = bodies[-1]
    found: dict[int, Genotype] = {
        place: bodies[place - 1] for place in places if bodies[place] == last
    }
    labels = [_labels(one) for one in bodies]
    wanted = {
        place: _moved(labels[-1], labels[place], labels[place - 1])
        for place in places
        if place not in found and Counter(labels[place]) != Counter(labels[place - 1])
    }
    closeness: dict[int, float] = {}
    for child in space.parts[part].neighbours(last) if wanted else ():
        if time.monotonic() > end:
            break
        order = _labels(child.genotype)
        steps = _signed(Counter(order))
        for place, goal in wanted.items():
            if steps == goal:
                near = SequenceMatcher(None, order, labels[place - 1], autojunk=False).ratio()
                if near > closeness.get(place, -1.0):
                    found[place], closeness[place] = child.genotype, near
    return found


def _moved(last: list[_Label], child: list[_Label], parent: list[_Label]) -> dict[_Label, int]:
    """Return how often each step stands in the last network less what the child has more than its parent."""
    counts = Counter(last)
    counts.subtract(Counter(child))
    counts.update(Counter(parent))
    return _signed(counts)


def _signed(counts: Counter[_Label]) -> dict[_Label, int]:
    return {label: count for label, count in counts.items() if count}


def _labels(genotype: Genotype) -> list[_Label]:
    """Return a network's steps in order, those of regions included, without what they refer to."""
    return list(_steps(genotype.body)) if isinstance(genotype, Architecture) else []


def _steps(region: Region) -> Iterator[_Label]:
    for one in region.steps:
        yield one.component.name, one.settings
        for inner in one.regions:
            yield from _steps(inner)


def _with_setting(candidate: Candidate, part: str, key: str, value: Value) -> Candidate:
    settings = candidate.settings(part)
    return _with(candidate, part, tuple({**settings, key: value}.items()))


def _with(candidate: Candidate, part: str, genotype: Genotype) -> Candidate:
    parts = tuple((name, genotype if name == part else one) for name, one in candidate.parts)
    return Candidate(parts)
