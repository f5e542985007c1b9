"""The main job, stage by stage: read, search, finish. Everything it knows is in the run's folder."""

import math
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coeval import __version__
from coeval.errors import RunError, typed
from coeval.run.ablation import ablate
from coeval.run.budget import Budget
from coeval.run.capsule import capsule
from coeval.run.cells import CELLS, cells_from
from coeval.run.checks import LEAST_BUDGET, check_device, checked, checked_workers, effort
from coeval.run.component_sets import IMAGES, TABLES, recorded_verdict
from coeval.run.constraints import constraints_of
from coeval.run.demands import Demands, demands_of
from coeval.run.finish import finish
from coeval.run.fit_search import search_for
from coeval.run.fit_space import space_again, space_of
from coeval.run.folder import RunFolder, check_journal, create, open_folder
from coeval.run.forkserver import preload_for, prestart
from coeval.run.interrupt import INTERRUPTED_SECONDS, Interrupt
from coeval.run.levers import Levers
from coeval.run.memory_limit import memory_plan, parse_size
from coeval.run.options import Options
from coeval.run.reserve import EXPORT_SECONDS, ablation_seconds
from coeval.run.rivals import Rivals
from coeval.run.run import Run
from coeval.run.site import Site, Watcher, process_age
from coeval.run.sitting import sitting
from coeval.run.strategies import PULLED, check_strategy, strategy_for
from coeval.space.tabular import check_models
from coeval.store.artifacts import FileArtifacts
from coeval.store.journal import SqliteStore
from coeval.store.protocol import Event, Note
from coeval.store.queries import active_seconds, notes, trials
from coeval.task import memory
from coeval.task.images import is_images
from coeval.task.read import read
from coeval.task.task import Task
from coeval.trial import Objective, State, Trial

RIVAL_SHARE = 0.1
"""Share of the budget that one baseline is given."""
FINISH_SECONDS = EXPORT_SECONDS + 2.0
"""A late start or resume still makes a model, if need be of what the journal holds."""
HUGE, MARGIN_SHARE, MARGIN_MOST = 100_000, 1.0, 0.25
"""Rows from which on as much time as passed before the search is kept for its end, beyond what every run keeps. With half of it, 500,000
rows of pixels with all models ended 7 s late on a core of their own. It is a share of what is left at most: where 600,000 rows took 15 s of 40 s to
read, all of it would leave nothing to search in."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a sitting left behind: the run's folder, its search, the ``final`` note's data, the task's notes."""

    folder: RunFolder
    run: Run
    final: dict[str, Any]
    notes: tuple[str, ...]


def fit(
    options: Options, watcher: Watcher, levers: Levers = PULLED, *, began: float | None = None
) -> Outcome:
    """Do the main job.

    Args:
        options: What the user asked for.
        watcher: Follows the run.
        levers: What makes evaluations cheaper; all by default.
        began: ``time.monotonic()`` seconds at which the budget's clock began; with the process, by default.

    Raises:
        CoevalError: Bad options, data, folder or budget, each with one message; or nothing could be trained.
    """
    began = time.monotonic() - process_age() if began is None else began
    budget = checked(Budget.of(options.budget, options.trials))
    check_strategy(options.strategy)
    check_models(options.models)
    check_device(options.device)
    constraints = constraints_of(options)
    workers = checked_workers(options.workers)
    if options.memory is not None:
        parse_size(options.memory)  # refused before the data are read
    cells = None if options.cells_from is None else cells_from(options.cells_from)
    models = "neural" if is_images(options.data) else options.models
    prestart(workers, preload=preload_for(models))
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
    space = space_of(options, task, options.out / "cache", effort(budget), cells)
    objective = Objective(task.metric.name, task.metric.maximise)
    # Made here so that it refuses before there is a folder; each sitting makes its own.
    strategy_for(options.strategy, space, objective, options.seed, levers)
    memory_plan(options.memory, workers, task)
    folder = create(options.out, overwrite=options.overwrite)
    try:
        memory.save(task, folder.cache)
    except OSError as error:
        raise RunError(
            f"Cannot write the task to {folder.cache}: {error.strerror or error}. Free some space, or name another "
            "folder with --out."
        ) from error
    task = memory.load(folder.cache)
    verdict = recorded_verdict(IMAGES if task.is_image else TABLES)
    with demands_of(constraints, space, folder.cache, options.seed, budget.seconds) as demands:
        content = capsule(options, budget, task, space, verdict)
        kept = {"levers": levers.to_json(), "constraints": demands.facts()}
        given = None if cells is None else cells.to_json()
        folder.write_capsule({**content, **kept, CELLS: given})
        return _sit(folder, options, levers, budget, task, space, demands, workers, began, watcher)


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
    check_journal(folder)
    kept = folder.capsule()
    options = Options.from_json(kept["options"])
    check_device(options.device)
    before = kept["budget"]
    whole = checked(
        Budget.of(
            before["seconds"] if budget is None else budget,
            before["trials"] if trials is None else trials,
        )
    )
    count = checked_workers(workers if workers is not None else options.workers)
    prestart(count, preload=preload_for(options.models))
    task = memory.load(folder.cache)
    space = space_again(folder, kept, task)
    levers = Levers.from_json(kept.get("levers"))
    asked = constraints_of(options)
    with demands_of(asked, space, folder.cache, options.seed, whole.seconds) as demands:
        return _sit(folder, options, levers, whole, task, space, demands, count, began, watcher)


def _sit(
    folder: RunFolder,
    options: Options,
    levers: Levers,
    budget: Budget,
    task: Task,
    space: Any,
    demands: Demands,
    workers: int,
    began: float,
    watcher: Watcher,
) -> Outcome:
    """Open the journal and work, or refuse to."""
    store = SqliteStore(folder.journal, space.to_json, space.from_json)
    try:
        events = list(store.events())
        spent = active_seconds(events)
        left = budget.seconds_left(spent)
        if notes(events, "final") and (left < LEAST_BUDGET or _is_full(budget, trials(events))):
            raise RunError(
                f"{folder.path} is finished: its budget is spent. To search on, raise it: "
                f"coeval resume {typed(folder.path)} {_at_least(budget, spent, trials(events)).twice}"
            )
        plan = memory_plan(options.memory, workers, task)
        _keep(folder, budget)
        site = Site(
            folder=folder,
            options=options,
            levers=levers,
            budget=budget,
            seconds=max(left, FINISH_SECONDS),
            task=task,
            space=space,
            objective=Objective(task.metric.name, task.metric.maximise),
            store=store,
            artifacts=FileArtifacts(folder.weights),
            workers=workers if plan is None else plan.workers,
            end=math.inf
            if left == math.inf
            else max(began + left - _margin(task, began, left), time.monotonic() + FINISH_SECONDS),
            watcher=watcher,
            demands=demands,
            memory=plan,
        )
        earlier = [event.body for event in events]
        with Interrupt() as interrupt:
            interrupt.then(lambda: _announce(site))
            watcher.begin(site, spent + time.monotonic() - began, earlier)
            site.record(_sitting(site, began), *_memory_note(site), *demands.notes)
            return _work(site, events, began, interrupt)
    finally:
        store.close()


def _keep(folder: RunFolder, budget: Budget) -> None:
    """Keep a budget that was changed in the capsule: under the journal's lock, once the sitting may begin."""
    kept, wanted = folder.capsule(), {"seconds": budget.seconds, "trials": budget.trials}
    if kept["budget"] != wanted:
        folder.write_capsule({**kept, "budget": wanted})


def _work(site: Site, events: Sequence[Event], began: float, interrupt: Interrupt) -> Outcome:
    """Search, finish, explain."""
    rivals = _rivals(site)
    passed = time.monotonic() - began
    try:
        run = search_for(site, rivals, events, interrupt)
        _check_any(run, site, passed)
        end = min(site.end, interrupt.end)
        kept = 0.0 if interrupt.requested else ablation_seconds(site, run.best)
        final = finish(site, run, rivals, end - kept, interrupt)
        ablate(site, run, int(final["trial"]), end, interrupt)
        return Outcome(site.folder, run, final, site.task.notes)
    finally:
        rivals.close()


def _announce(site: Site) -> None:
    """Tell the watcher of an interruption, in a thread: what was interrupted may hold a lock that a display waits for."""
    seconds = max(0.0, min(INTERRUPTED_SECONDS, site.end - time.monotonic()))
    note = Note("interrupted", {"seconds": seconds})
    threading.Thread(target=site.watcher.record, args=(note,), daemon=True).start()


def _margin(task: Task, began: float, seconds: float) -> float:
    """Return how much before its time a run on a huge table is to be done.

    Its last steps go through the rows as reading them did, so they take longer where that did: on a wide table, a slow machine, or
    one with other work.

    Args:
        task: What is solved.
        began: ``time.monotonic()`` seconds at which the sitting did.
        seconds: That it has.
    """
    if task.table.rows < HUGE:
        return 0.0
    passed = time.monotonic() - began
    return min(MARGIN_SHARE * passed, MARGIN_MOST * max(0.0, seconds - passed))


def _check_any(run: Run, site: Site, passed: float) -> None:
    """Check that there is something to finish.

    Args:
        run: The search.
        site: Where it worked.
        passed: Seconds of the sitting before the search could begin.

    Raises:
        RunError: No trial succeeded; the message says why the first did not.
    """
    if run.best is not None:
        return
    again = f"coeval resume {typed(site.folder.path)}"
    more = f"{again} {site.budget.twice}"
    if all(one.state is State.RUNNING for one in run.trials):
        if run.why == "interrupted":
            raise RunError(
                f"Interrupted before the first trial had ended, so there is no model. To go on: {again}"
            )
        limit = "" if site.seconds == math.inf else f" of {site.seconds:.1f} s"
        raise RunError(
            f"The search ended before its first trial did, so there is no model: reading and preparing the data took "
            f"{passed:.1f} s{limit}. Give the run more time: {more}"
        )
    raise RunError(
        f"None of {len(run.trials)} trials succeeded, so there is no model.{run.first_failure} Mend what the failures name, or "
        f"give the run more time: {more}"
    )


def _is_full(budget: Budget, found: tuple[Trial, ...]) -> bool:
    finished = sum(one.state is not State.RUNNING for one in found)
    return budget.trials is not None and finished >= budget.trials


def _at_least(budget: Budget, seconds: float, found: tuple[Trial, ...]) -> Budget:
    """Return a budget, raised to what was spent where it is less."""
    return Budget(
        None if budget.seconds is None else max(budget.seconds, seconds),
        None if budget.trials is None else max(budget.trials, len(found)),
    )


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


def _memory_note(site: Site) -> list[Note]:
    plan = site.memory
    if plan is None:
        return []
    shares = {"limit": plan.limit, "workers": plan.workers, "trial": plan.trial_bytes}
    return [Note("memory", {**shares, "said": plan.said})]


def _rivals(site: Site) -> Rivals:
    seconds = 60.0 if site.seconds == math.inf else RIVAL_SHARE * site.seconds
    return Rivals(
        site.folder.cache,
        site.task,
        seed=site.options.seed,
        max_seconds=seconds,
        has_test=bool(len(site.task.splits.test)),
        memory=None if site.memory is None else site.memory.rival_bytes,
    )
