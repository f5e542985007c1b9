"""The lineage of a trial, told from the log: from a seed or a sample to it, one accepted candidate after the other.

A candidate is accepted when another one is bred from it. What lies between two of them are edits, in words: of a part that
consists of settings those that differ, of a network what the moves said of themselves.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from coeval.architecture.component import Value
from coeval.space.protocol import Candidate, Genotype, Move
from coeval.trial import State, Trial

ARROW = "\N{RIGHTWARDS ARROW}"


@dataclass(frozen=True, slots=True)
class Edit:
    """What became different from one candidate to the next, in one setting or in one network.

    Attributes:
        part: Of the candidate.
        what: In words, such as ``"lr 0.002 → 0.004"``.
        setting: Its name; empty for a network.
    """

    part: str
    what: str
    setting: str = ""


@dataclass(frozen=True, slots=True)
class Ancestor:
    """One candidate of a lineage.

    Attributes:
        trial: Which proposed it first.
        measured: Its most thorough measurement: of a candidate that was promoted, that of its last promotion.
        edits: From the candidate before it; none for the first.
    """

    trial: Trial
    measured: Trial
    edits: tuple[Edit, ...] = ()

    @property
    def candidate(self) -> Candidate:
        """Return the candidate."""
        return self.trial.proposal.candidate


def lineage(trials: Iterable[Trial], winner: Trial) -> tuple[Ancestor, ...]:
    """Return the candidates that led to a trial, the first one first, its own last.

    Args:
        trials: Of the whole search.
        winner: One of them.
    """
    known = {one.number: one for one in trials}
    chain = [_proposed(winner, known)]
    while (number := chain[-1].proposal.parent) in known and number is not None:
        parent = _proposed(known[number], known)
        if parent.number >= chain[-1].number:  # no search writes that; a log that was mended might
            break
        if parent.proposal.candidate == chain[-1].proposal.candidate:
            chain.pop()
        chain.append(parent)
    found: list[Ancestor] = []
    for trial in reversed(chain):
        before = found[-1].candidate if found else None
        found.append(Ancestor(trial, _measured(trial, known), _edits(before, trial)))
    return tuple(found)


def shown_value(value: Value) -> str:
    """Return a setting's value as people read it.

    Example:
        >>> shown_value(0.002), shown_value(True), shown_value("flat_cosine")
        ('0.002', 'yes', 'flat cosine')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value).replace("_", " ")


def change(name: str, before: Value, after: Value) -> str:
    """Return in words that a setting has another value.

    Example:
        >>> change("weight_decay", 0.0, 0.1)
        'weight decay 0 → 0.1'
    """
    return f"{name.replace('_', ' ')} {shown_value(before)} {ARROW} {shown_value(after)}"


def _proposed(trial: Trial, known: Mapping[int, Trial]) -> Trial:
    """Return the trial that proposed a trial's candidate: of a promotion the one that began."""
    while (number := trial.proposal.continues) in known and number is not None:
        if number >= trial.number:
            break
        trial = known[number]
    if trial.proposal.parent is not None:
        return trial
    # A promotion that trains anew continues nothing.
    same = (one for one in known.values() if one.proposal.candidate == trial.proposal.candidate)
    return min(same, key=lambda one: one.number, default=trial)


def _measured(trial: Trial, known: Mapping[int, Trial]) -> Trial:
    """Return the candidate's most thorough measurement, the earliest of equals; the trial itself if there is none."""
    same = (
        one
        for one in known.values()
        if one.state is State.DONE
        and one.proposal.repeat == 0
        and one.proposal.cases is None
        and one.proposal.candidate == trial.proposal.candidate
    )
    return max(same, key=lambda one: (one.proposal.fidelity.share, -one.number), default=trial)


def _edits(before: Candidate | None, trial: Trial) -> tuple[Edit, ...]:
    if before is None:
        return ()
    old, found = dict(before.parts), []
    for name, part in trial.proposal.candidate.parts:
        if name in old and old[name] != part:
            found += _part_edits(name, old[name], part, trial.proposal.moves)
    return tuple(found)


def _part_edits(name: str, before: Genotype, after: Genotype, moves: Iterable[Move]) -> list[Edit]:
    if isinstance(before, tuple) and isinstance(after, tuple):
        old = dict(before)
        return [
            Edit(name, change(key, old[key], value), key)
            for key, value in after
            if key in old and old[key] != value
        ]
    said = [one.detail or one.name for one in moves if one.part == name]
    what = "; ".join(said).replace("->", ARROW).replace("_", " ") or "another network"
    return [Edit(name, what)]
