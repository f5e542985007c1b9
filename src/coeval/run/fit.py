"""The main job, stage by stage: read, search, finish. Everything it knows is in the run's folder."""

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coeval import __version__
from coeval.errors import RunError
from coeval.evaluate.training import TrainingEvaluator
from coeval.evaluate.watch import Limits as TrialLimits
from coeval.export.finalists import choose_finalists
from coeval.run.budget import Budget
from coeval.run.capsule import capsule
from coeval.run.checks import LEAST_BUDGET, check_device, checked, checked_workers, effort
from coeval.run.finish import finish, note_rivals
from coeval.run.folder import RunFolder, create, open_folder
from coeval.run.forkserver import prestart
from coeval.run.interrupt import Interrupt
from coeval.run.options import Options
from coeval.run.processes import ProcessExecutor
from coeval.run.reserve import EXPORT_SECONDS, Reserve
from coeval.run.rivals import Rivals
from coeval.run.run import Run
from coeval.run.search import search
from coeval.run.site import Site, Watcher, process_age
from coeval.run.sitting import sitting
from coeval.run.strategies import check_strategy, strategy_for
from coeval.space.limits import Limits
from coeval.space.tabular import space_for
from coeval.store.artifacts import FileArtifacts
from coeval.store.journal import SqliteStore
from coeval.store.protocol import Note
from coeval.store.queries import active_seconds, notes, trials
from coeval.task import memory
from coeval.task.read import read
from coeval.task.task import Task
from coeval.trial import Objective, Trial

TRIAL_SHARE = 0.15
"""Share of the budget that one trial may take; then the best epoch so far counts."""
RIVAL_SHARE = 0.1
"""Share of the budget that one baseline is given."""
KEPT_WEIGHTS = 8
"""Trials whose weights stay in the folder: the finalists and a few more."""
PRUNE_EVERY = 50
"""Trials between two clearings of the folder of weights."""
INTERRUPTED_SECONDS = 20.0
"""After Ctrl-C a user waits for a finished model, but not for long."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a sitting left behind: the run's folder, its search, and the ``final`` note's data."""

    folder: RunFolder
    run: Run
    final: dict[str, Any]


def fit(options: Options, watcher: Watcher) -> Outcome:
    """Do the main job.

    Args:
        options: What the user asked for.
        watcher: Follows the run.

    Raises:
        CoevalError: Bad options, data, folder or budget, each with one message; or nothing could be trained.
    """
    began = time.monotonic() - process_age()
    budget = checked(Budget.of(options.budget, options.trials))
    check_strategy(options.strategy)
    check_device(options.device)
    workers = checked_workers(options.workers)
    prestart(workers)
    task = read(
        options.data,
        target=options.target,
        kinds=options.kinds,
        metric=options.metric,
        problem=options.problem,
        group=options.group,
        time=options.time,
        test=options.test,
        seed=options.seed,
    )
    folder = create(options.out, overwrite=options.overwrite)
    try:
        memory.save(task, folder.cache)
    except OSError as error:
        raise RunError(
            f"Cannot write the task to {folder.cache}: {error.strerror or error}. Free some space, or name another "
            "folder with --out."
        ) from error
    task = memory.load(folder.cache)
    space = space_for(task, limits=_limits(options), source=folder.cache, effort=effort(budget))
    folder.write_capsule(capsule(options, budget, task, space))
    return _sit(folder, options, budget, task, space, workers, began, watcher)


def resume(
    path: Path,
    watcher: Watcher,
    *,
    budget: str | None = None,
    trials: int | None = None,
    workers: int | None = None,
) -> Outcome:
    """Go on with a run: the journal is replayed, what was running is evaluated again under its own number.

    Args:
        path: The run's folder.
        watcher: Follows the run.
        budget: A new limit on the active time of all sittings together.
        trials: A new limit on trials.
        workers: Processes that train.

    Raises:
        CoevalError: There is no run, it is damaged or from another version, or its budget is spent.
    """
    began = time.monotonic() - process_age()
    folder = open_folder(path)
    kept = folder.capsule()
    options = Options.from_json(kept["options"])
    whole = checked(
        Budget.of(budget or kept["budget"]["seconds"], trials or kept["budget"]["trials"])
    )
    count = checked_workers(workers if workers is not None else options.workers)
    prestart(count)
    task = memory.load(folder.cache)
    first = Budget.of(kept["budget"]["seconds"], kept["budget"]["trials"])
    space = space_for(task, limits=_limits(options), source=folder.cache, effort=effort(first))
    return _sit(folder, options, whole, task, space, count, began, watcher)


def _limits(options: Options) -> Limits:
    if options.max_parameters is None:
        return Limits()
    return Limits(parameters=options.max_parameters)


def _sit(
    folder: RunFolder,
    options: Options,
    budget: Budget,
    task: Task,
    space: Any,
    workers: int,
    began: float,
    watcher: Watcher,
) -> Outcome:
    """Open the journal, search, finish."""
    store = SqliteStore(folder.journal, space.to_json, space.from_json)
    try:
        events = list(store.events())
        spent = active_seconds(events)
        left = budget.seconds_left(spent)
        if notes(events, "final") and (left < LEAST_BUDGET or _is_full(budget, trials(events))):
            raise RunError(
                f"{folder.path} is finished: its budget is spent. To search on, raise it: "
                f"coeval resume {folder.path} --budget or --trials."
            )
        site = Site(
            folder=folder,
            options=options,
            budget=budget,
            task=task,
            space=space,
            objective=Objective(task.metric.name, task.metric.maximise),
            store=store,
            artifacts=FileArtifacts(folder.weights),
            workers=workers,
            end=math.inf
            if left == math.inf
            else max(began + left, time.monotonic() + LEAST_BUDGET),
            watcher=watcher,
        )
        watcher.begin(site, spent + time.monotonic() - began)
        for event in events:
            watcher.record(event.body)
        site.record(_sitting(site, began))
        rivals = _rivals(site, [one["name"] for one in notes(events, "baseline")])
        try:
            run = _search(site, rivals, trials(events))
            _check_any(run)
            end = site.end
            if run.why == "interrupted":
                end = min(end, time.monotonic() + INTERRUPTED_SECONDS)
            with Interrupt():  # Ctrl-C here is absorbed once: the model is nearly there
                return Outcome(folder, run, finish(site, run, rivals, end))
        finally:
            rivals.close()
    finally:
        store.close()


def _check_any(run: Run) -> None:
    """Check that there is something to finish.

    Raises:
        RunError: No trial succeeded; the message says why the first did not.
    """
    if run.best is not None:
        return
    failures = [
        one.measurement.failure for one in run.trials if one.measurement and one.measurement.failure
    ]
    why = f" The first says: {failures[0].reason}, {failures[0].detail}" if failures else ""
    raise RunError(
        f"None of {len(run.trials)} trials succeeded, so there is no model.{why} Give the run more time with "
        "coeval resume RUN --budget, or mend what the failures name."
    )


def _is_full(budget: Budget, found: tuple[Trial, ...]) -> bool:
    return budget.trials is not None and len(found) >= budget.trials


def _sitting(site: Site, began: float) -> Note:
    started = time.time() - (time.monotonic() - began)
    return sitting(
        site.task,
        site.budget,
        site.options.seed,
        started=started,
        version=__version__,
        command=site.options.command(),
        workers=site.workers,
        threads=1,
    )


def _rivals(site: Site, known: list[str]) -> Rivals:
    seconds = 60.0 if site.budget.seconds is None else RIVAL_SHARE * site.budget.seconds
    return Rivals(
        site.folder.cache,
        seed=site.options.seed,
        max_seconds=seconds,
        has_test=bool(len(site.task.splits.test)),
        skip=frozenset(known),
    )


def _search(site: Site, rivals: Rivals, earlier: Iterable[Trial]) -> Run:
    """Search until the budget, less what the end needs, is spent."""
    reserve = Reserve(site)
    for trial in earlier:
        reserve.record(trial)
    deadline = site.end - EXPORT_SECONDS
    evaluator = TrainingEvaluator(
        site.folder.cache,
        site.space,
        seed=site.options.seed,
        device=site.options.device,
        artifacts=site.artifacts,
        limits=TrialLimits(seconds=_trial_seconds(site.budget), deadline=deadline),
    )
    executor = ProcessExecutor(evaluator, site.workers)

    def on_event(record: Trial | Note) -> None:
        reserve.record(record)
        if isinstance(record, Trial) and record.number % PRUNE_EVERY == PRUNE_EVERY - 1:
            prune(site, reserve.finished)
        site.watcher.record(record)
        note_rivals(site, rivals)

    try:
        return search(
            site.task,
            site.space,
            strategy_for(site.options.strategy, site.space, site.objective, site.options.seed),
            evaluator,
            site.budget,
            objective=site.objective,
            store=site.store,
            executor=executor,
            on_event=on_event,
            deadline=deadline,
            stop=reserve.is_due,
            seed=site.options.seed,
        )
    finally:
        executor.close()
        prune(site, reserve.finished)


def prune(site: Site, finished: Iterable[Trial]) -> None:
    """Delete the weights of all trials but the best; what a worker has just written stays."""
    best = choose_finalists(finished, site.space, site.objective, KEPT_WEIGHTS)
    site.artifacts.prune({one.weights for one in best}, spare_seconds=60.0)


def _trial_seconds(budget: Budget) -> float | None:
    return None if budget.seconds is None else max(3.0, TRIAL_SHARE * budget.seconds)
