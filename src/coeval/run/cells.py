"""Cells of a finished run, for ``coeval fit … --cells-from RUN`` and ``coeval show RUN --cells``."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coeval.errors import RunError, SpaceError, typed
from coeval.run.budget import Budget
from coeval.run.folder import open_folder
from coeval.run.options import Options
from coeval.space.cells import Cells, cells_of
from coeval.store.journal import SqliteStore
from coeval.store.queries import best, notes, trials
from coeval.trial import Objective, Trial

CELLS = "cells"
"""Where a capsule keeps the cells that its run was given."""


def cells_from(run: Path) -> Cells:
    """Return the cells of a run's model, or of its best trial so far where there is no model yet.

    Raises:
        RunError: There is no run, it searched a space without cells, or no trial has succeeded.
    """
    folder = open_folder(run)
    capsule = folder.capsule()
    given = capsule.get(CELLS)
    preset = given["preset"] if given else Options.from_json(capsule["options"]).preset
    metric = capsule["task"]["metric"]
    winner = _winner(folder.journal, Objective(metric["name"], metric["maximise"]))
    if winner is None:
        budget = Budget(capsule["budget"]["seconds"], capsule["budget"]["trials"])
        raise RunError(
            f"No trial of {run} has succeeded, so it has no cells. Give it more time: coeval resume {typed(run)} {budget.twice}"
        )
    name = preset or ("stages" if capsule["task"].get("image") else "a table's")
    try:
        return cells_of(name, winner.proposal.candidate)
    except SpaceError as error:
        raise RunError(f"Cells of {run} cannot be taken over: {error}") from error


def kept_cells(capsule: Mapping[str, Any]) -> Cells | None:
    """Return the cells that a run was given, as its capsule keeps them; ``None`` where it was given none.

    Raises:
        RunError: They are damaged.
    """
    if capsule.get(CELLS) is None:
        return None
    try:
        return Cells.from_json(capsule[CELLS])
    except (SpaceError, AttributeError) as error:
        raise RunError(
            f"The capsule's cells are damaged: {error} Restore capsule.json from a copy."
        ) from error


def _winner(journal: Path, objective: Objective) -> Trial | None:
    """Return the trial of the exported model, else the best so far; its candidate is plain JSON."""
    store = SqliteStore(journal, json.dumps, _raw, read_only=True)
    try:
        events = tuple(store.events())
    finally:
        store.close()
    for final in reversed(notes(events, "final")):
        found = [one for one in trials(events) if one.number == final.get("trial")]
        if found:
            return found[0]
    return best(events, objective)


def _raw(value: Any) -> Any:
    """Return a candidate as the journal holds it: its space is not known yet."""
    return value
