"""What a batch of numeric trials asks for: which programs are new, which are shared, and what is told beside the error."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from coeval.architecture.program import Program
from coeval.evaluate.numeric_linear import linear_weights
from coeval.evaluate.numeric_score import semantic_keys
from coeval.evaluate.numeric_values import Known
from coeval.trial import Proposal, Trial

Floats = npt.NDArray[np.float64]

CASES = "rows:"
"""How ``Proposal.cases`` begins; the indices of the rows follow, as in ``"rows:3,17,40"``."""
TRAINER = "trainer"
"""How the origin of a proposal begins whose errors are wanted row by row."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A trial as its programs.

    Attributes:
        number: The trial's.
        programs: All, in the order of the parts.
        varied: The place of the one that other trials of a batch do not share: the last part that the moves
            name, or the last that has steps.
        fresh: Those that are charged: of the parts that the moves name, or all.
        wants_errors: Whether squared errors are to be told row by row.
    """

    number: int
    programs: tuple[Program, ...]
    varied: int
    fresh: tuple[Program, ...]
    wants_errors: bool

    @property
    def partners(self) -> tuple[Program, ...]:
        """Return all programs but the varied one."""
        return self.programs[: self.varied] + self.programs[self.varied + 1 :]


def entry(trial: Trial) -> Entry:
    """Return a trial as its programs.

    Raises:
        ValueError: Its candidate has no programs.
    """
    proposal: Proposal = trial.proposal
    parts = proposal.candidate.parts
    programs = tuple([part for _, part in parts if isinstance(part, Program)])
    if len(programs) != len(parts) or not parts:
        raise ValueError(
            f"The numeric evaluator takes candidates of programs, got the parts {[n for n, _ in parts]} "
            f"of trial {trial.number}. Search a space of programs."
        )
    wants_errors = proposal.cases is None and proposal.origin.startswith(TRAINER)
    moved = {move.part for move in proposal.moves}
    places = [place for place, (name, _) in enumerate(parts) if name in moved] if moved else []
    if not places:
        last = max((place for place, one in enumerate(programs) if one.code), default=0)
        return Entry(trial.number, programs, last, programs, wants_errors)
    fresh = tuple([programs[place] for place in places])
    return Entry(trial.number, programs, places[-1], fresh, wants_errors)


def charges(entries: Sequence[Entry], known: Known, rows: int) -> list[float]:
    """Return for each trial rows x live steps of its new programs; each counts for the first trial that has it."""
    charged: set[Program] = set()
    found = []
    for one in entries:
        steps = 0
        for program in one.fresh:
            if program not in charged:
                charged.add(program)
                steps += known.lengths[program]
        found.append(float(steps * rows))
    return found


def facts(
    entries: Sequence[Entry], known: Known, errors: Floats, target: Floats, *, is_linear: bool
) -> list[dict[str, Any]]:
    """Return what each trial tells beside its error: key, weights of the best, and errors by row where wanted.

    Args:
        entries: The batch.
        known: Its programs' values on all rows.
        errors: ``(trials,)``, NaN for failures.
        target: ``(rows,)``.
        is_linear: Whether programs are weighted.
    """
    found: list[dict[str, Any]] = [{} for _ in entries]
    defined = np.flatnonzero(~np.isnan(errors)).tolist()
    if not defined:
        return found
    varied = list(
        dict.fromkeys(entries[place].programs[entries[place].varied] for place in defined)
    )
    keys = dict(
        zip(varied, semantic_keys(np.stack([known.values[p] for p in varied])), strict=True)
    )
    best = int(np.nanargmin(errors))
    for place in defined:
        one = entries[place]
        found[place]["key"] = keys[one.programs[one.varied]]
        if not (one.wants_errors or place == best):
            continue
        values = np.stack([known.values[program] for program in one.programs])
        weights = linear_weights(values, target) if is_linear else ()
        if is_linear and place == best:
            found[place]["weights"] = list(weights)
        if one.wants_errors:
            predicted = weights[0] + np.asarray(weights[1:]) @ values if is_linear else values[0]
            found[place]["errors"] = ((predicted - target) ** 2).tolist()
    return found


def contexts(
    entries: Sequence[Entry], values: Mapping[Program, Floats]
) -> Iterator[tuple[tuple[Program, ...], list[int]]]:
    """Yield each set of partners with the places of the trials that share it; trials with undefined programs are left out."""
    shared: dict[tuple[Program, ...], list[int]] = {}
    for place, one in enumerate(entries):
        if all(program in values for program in one.programs):
            shared.setdefault(one.partners, []).append(place)
    yield from shared.items()


def indices(cases: str, rows: int) -> npt.NDArray[np.intp]:
    """Return the rows that ``cases`` names.

    Raises:
        ValueError: It is not of the form ``"rows:3,17,40"``, or a row does not exist.
    """
    try:
        found = np.array([int(one) for one in cases.removeprefix(CASES).split(",")], dtype=np.intp)
        legal = cases.startswith(CASES) and bool(((found >= 0) & (found < rows)).all())
    except ValueError:
        legal = False
    if not legal:
        raise ValueError(
            f"Cases must name rows from 0 to {rows - 1}, as in 'rows:3,17,40', got {cases!r:.60}."
        )
    return found
