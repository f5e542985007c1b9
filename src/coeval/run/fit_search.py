"""The search of the main job: what trains, what follows the trials, and when it ends."""

import math
import time
from collections.abc import Sequence
from dataclasses import replace

from coeval.evaluate.folds import CACHE_BYTES
from coeval.evaluate.forecast import Forecast
from coeval.evaluate.protocol import Evaluator
from coeval.evaluate.together import Joint, batch_for
from coeval.evaluate.training import TrainingEvaluator
from coeval.evaluate.watch import Limits
from coeval.export.final import Resources, stored
from coeval.export.finalists import choose_finalists, refit_seconds
from coeval.export.retrain import Rows
from coeval.export.stretch import stretch_seconds
from coeval.run.budget import Budget
from coeval.run.compiling import compiling
from coeval.run.finish import ended_early, note_rivals
from coeval.run.front import Front, front_strategy
from coeval.run.gate import Gated, Timely
from coeval.run.held import Held
from coeval.run.interrupt import Interrupt
from coeval.run.one_shot import divide
from coeval.run.processes import ProcessExecutor
from coeval.run.protocol import Executor
from coeval.run.reserve import Reserve, export_seconds, ticks_end
from coeval.run.rivals import ONCE, Rivals, default_seed, unscored
from coeval.run.run import Run
from coeval.run.search import search
from coeval.run.site import Site
from coeval.run.storage import Storage
from coeval.run.strategies import rungs_of, strategy_for
from coeval.run.teams import note_teams
from coeval.run.ticks import TicksPass, note_one_shot, trains_ticks, with_ticks
from coeval.store.protocol import Event, Note
from coeval.store.queries import notes
from coeval.strategy.early_end import EarlyEnd
from coeval.strategy.protocol import Strategy
from coeval.trial import Objective, Trial

TAUGHT = 1000
"""Events of earlier sittings from which a resume learns what trainings take; older ones count next to nothing."""
TRIAL_SHARE = 0.2
"""Share of the budget that one trial may take; then the best epoch so far counts."""

FIRST_SHARE = 0.4
"""Share of what is left in which a first trial on a table may end, however long the export is thought to take. For huge tables that errs on the safe side: of 600,000
rows 13 s are kept, of which a linear model took 4."""


def search_for(site: Site, rivals: Rivals, earlier: Sequence[Event], interrupt: Interrupt) -> Run:
    """Search until the budget, less what the end needs, is spent, or until it is not worth its time.

    Args:
        site: Where the sitting works.
        rivals: The baselines, which train beside the search.
        earlier: What the journal holds.
        interrupt: Of the sitting.

    Raises:
        RunError: The journal cannot be written, or no worker can start.
    """
    reserve = Reserve(site)
    objectives = site.demands.constraints.objectives(site.objective)
    front = Front(objectives)
    storage = Storage(
        site, lambda: [*reserve.best, *(front.members if len(objectives) > 1 else ())]
    )
    # Who resumes a finished run wants it to go on.
    early = EarlyEnd(site.objective)
    ends_early = site.options.early_end and not notes(earlier, "final") and len(objectives) == 1
    deadline = _deadline(site)
    evaluator = with_ticks(site, _evaluator(site, storage, deadline), ticks_end(site))
    forecast = Forecast(
        site.task,
        site.space,
        memory_bytes=None if site.memory is None else site.memory.trial_bytes,
    )
    executor = _executor(site, evaluator, forecast)
    default = default_seed(site.task, site.space)

    def follow(record: Trial | Note) -> None:
        reserve.record(record)
        if isinstance(record, Trial):
            early.record(record)
            front.record(record)
            if record.proposal.origin == f"seed:{default}" and record.is_comparable:
                _refit_default(site, rivals, record, default)
            storage.record(record)

    def on_event(record: Trial | Note) -> None:
        follow(record)
        storage.tidy()
        site.watcher.record(record)

    def stop() -> bool:
        note_rivals(site, rivals)
        return reserve.is_due() or (ends_early and early.ending is not None)

    for event in earlier:  # in the order in which they happened
        follow(event.body)
    for event in earlier[-TAUGHT:]:
        if isinstance(event.body, Trial) and event.body.measurement is not None:
            forecast.observe(event.body.measurement)
    storage.begin()
    try:
        with compiling(site):
            run = search(
                site.task,
                site.space,
                _strategy(site, objectives),
                evaluator,
                site.budget,
                objective=objectives,
                store=site.store,
                executor=executor,
                on_event=on_event,
                deadline=deadline,
                stop=stop,
                seed=site.options.seed,
                interrupt=interrupt,
            )
        note_one_shot(site, run.trials)
        note_teams(site, run.trials)
        return ended_early(site, run, early) if ends_early else run
    finally:
        executor.close()
        storage.tidy()


def _deadline(site: Site) -> float:
    """Return the ``time.monotonic()`` seconds at which trials are told to end; who has a model to make ends as soon as that needs the time."""
    plain, now = site.end - export_seconds(site.task), time.monotonic()
    return plain if site.task.is_image else max(plain, now + FIRST_SHARE * (site.end - now))


def _strategy(site: Site, objectives: Sequence[Objective]) -> Strategy:
    """Return what proposes: members of the space that keep the limits."""
    name, space, seed = site.options.strategy, site.demands.space, site.options.seed
    first = Budget.of(site.options.budget, site.options.trials)  # a resume must ask the same
    if len(objectives) > 1:
        return front_strategy(
            name,
            space,
            objectives,
            seed,
            site.levers,
            seconds=first.seconds,
            trials=first.trials,
        )
    return strategy_for(
        name,
        space,
        site.objective,
        seed,
        site.levers,
        rungs_of=rungs_of(site.task),
        seconds=first.seconds,
        trials=first.trials,
    )


def _evaluator(site: Site, storage: Storage, deadline: float) -> TrainingEvaluator:
    levers = site.levers
    return TrainingEvaluator(
        site.folder.cache,
        site.space,
        seed=site.options.seed,
        device=site.options.device,
        artifacts=site.artifacts,
        slices=storage.slices,
        inherit="any" if levers.inherit else "none",
        joint=_joint(site),
        engine="auto" if levers.compiled else "eager",
        limits=trial_limits(site, deadline),
    )


def _executor(site: Site, evaluator: Evaluator, forecast: Forecast) -> Executor:
    batch = batch_for(site.options.device, _joint(site))
    memory, ahead = site.worker_bytes, batch == 1  # a batch of many takes so long that no gap shows
    ahead = ahead and not trains_ticks(site)  # a tick must not wait behind what was asked for ahead
    workers = ProcessExecutor(evaluator, site.workers, batch=batch, memory=memory, look_ahead=ahead)
    timely = Gated(workers, Timely(TicksPass(forecast)))
    return timely if site.demands.is_plain else Gated(timely, Held(site.demands.costs))


def _joint(site: Site) -> Joint:
    return "auto" if site.levers.together else "never"


def _refit_default(site: Site, rivals: Rivals, trial: Trial, name: str) -> None:
    """Have the default network refitted as the winner will be, so that both meet the test split alike.

    Where that would take much of the search's time, the weights of its trial meet the test split. Where the winner's final training is a
    long one, a refit of the search's length is no match for it; ``contest`` trains the default network beside the winner where there are
    the cores.
    """
    (chosen,) = choose_finalists([trial], site.space, site.objective, 1)
    measured = trial.measurement
    assert measured is not None  # it is comparable
    resources = Resources(
        source=site.folder.cache,
        seed=site.options.seed,
        device=site.options.device,
        deadline=None if site.end == math.inf else site.end - export_seconds(site.task),
    )
    known = unscored(name, measured)
    if stretch_seconds(chosen, site.task):
        rivals.add_default(replace(known, detail="trained as briefly as in the search"), None)
    elif refit_seconds(chosen, site.task) > rivals.again_seconds:
        rivals.add_default(
            replace(known, detail=ONCE), stored(chosen, site.folder.cache, site.artifacts)
        )
    else:
        rivals.add_default(known, resources.job(chosen, Rows.ALL, 0))


def trial_limits(site: Site, deadline: float | None) -> Limits:
    """Return when a trial of the search is refused or stopped."""
    seconds, plan = _trial_seconds(site), site.memory
    if plan is None:
        return Limits(seconds=seconds, deadline=deadline)
    return Limits(
        memory_bytes=plan.trial_bytes,
        seconds=seconds,
        cache_bytes=min(plan.cache_bytes, CACHE_BYTES),
        deadline=deadline,
    )


def _trial_seconds(site: Site) -> float | None:
    whole = site.seconds
    if whole == math.inf:
        return None
    return max(3.0, divide(whole).trial if trains_ticks(site) else TRIAL_SHARE * whole)
