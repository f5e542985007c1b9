"""Any point of a run's front, or any finished trial, as a model of its own."""

from pathlib import Path
from typing import Any

from coeval.architecture.inference import infer
from coeval.errors import CoevalError, RunError, typed
from coeval.export.card import CardFacts
from coeval.export.final import Resources, make_final
from coeval.export.finalists import choose_finalists
from coeval.export.model import Model
from coeval.export.retrain import Finalist, restore
from coeval.run.capsule import machine
from coeval.run.deliver import verified_rows
from coeval.run.fit_space import space_again
from coeval.run.folder import RunFolder, open_folder
from coeval.run.options import Options
from coeval.space.protocol import CandidateSpace
from coeval.store.artifacts import FileArtifacts
from coeval.store.journal import SqliteStore
from coeval.store.queries import notes, trials
from coeval.task import memory
from coeval.task.task import Task
from coeval.trial import Objective, Trial

POINTS = "points"
"""Folder of the models of points, below that of the run."""
_SEARCHED = "with the weights of the search itself, trained on the first training rows alone"


def point_folder(run: Path, number: int) -> Path:
    """Return the folder of a trial's model; written, verified, if it is not there yet.

    The weights are those that the search stored, so that the model scores as the front says; where they were
    pruned it is trained again.

    Args:
        run: The run's folder.
        number: The trial's.

    Raises:
        CoevalError: There is no run, no such trial, or it cannot be exported.
    """
    folder = open_folder(run)
    target = folder.path / POINTS / str(number)
    if (target / "architecture.json").is_file():
        return target
    kept = folder.capsule()
    options = Options.from_json(kept["options"])
    task = memory.load(folder.cache)
    space = space_again(folder, kept, task)
    trial, count = _trial(folder, space, number)
    (finalist,) = choose_finalists(
        [trial], space, Objective(task.metric.name, task.metric.maximise), 1
    )
    model, how = _model(folder, options, finalist)
    card = _card(task, options, finalist, model, how, count)
    from coeval.export.write import write_model  # noqa: PLC0415 - loads torch

    write_model(target, model, task.table, verified_rows(task), card)
    return target


def _trial(folder: RunFolder, space: CandidateSpace, number: int) -> tuple[Trial, int]:
    """Return a finished trial and how many there are.

    Raises:
        RunError: There is none of that number, or it has no score.
    """
    store = SqliteStore(folder.journal, space.to_json, space.from_json, read_only=True)
    try:
        events = list(store.events())
    finally:
        store.close()
    found = {one.number: one for one in trials(events)}
    if number in found and found[number].is_comparable:
        return found[number], len(found)
    known: list[Any] = [one for note in notes(events, "front")[-1:] for one in note["points"]]
    which = ", ".join(str(one["trial"]) for one in known)
    hint = (
        f"The front's points are {which}."
        if known
        else f"{folder.path} has no front; coeval fit --objective score,latency makes one."
    )
    what = "did not finish with a score" if number in found else "is none of this run"
    raise RunError(f"--point must name a finished trial: {number} {what}. {hint}")


def _model(folder: RunFolder, options: Options, finalist: Finalist) -> tuple[Model, str]:
    """Return the model of a trial, and how it came about."""
    artifacts = FileArtifacts(folder.weights)
    try:
        found = restore(folder.cache, finalist, artifacts.get(finalist.weights)).model
    except (KeyError, CoevalError):  # pruned or damaged
        found = None
    if found is not None:
        return found, f"Trial {finalist.trial}, {_SEARCHED}."
    resources = Resources(source=folder.cache, seed=options.seed, device=options.device, rounds=1)
    final = make_final([finalist], resources)
    return final.model, final.provenance


def _card(
    task: Task, options: Options, finalist: Finalist, model: Model, how: str, count: int
) -> CardFacts:
    cost, here = infer(model.architecture).cost, machine()
    return CardFacts(
        title=task.name,
        rows=task.table.rows,
        splits=task.splits.sizes,
        metric_label=task.metric.label or task.metric.name,
        maximise=task.metric.maximise,
        validation=finalist.validation,
        notes=task.notes,
        parameters=cost.parameters,
        macs=cost.macs,
        command=f"{options.command()}; coeval export {typed(options.out)} --point {finalist.trial}",
        seed=options.seed,
        trials=count,
        fingerprint=task.fingerprint,
        provenance=how,
        machine=f"{here['cpu']}, {here['platform']}",
    )
