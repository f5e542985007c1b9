"""From a search to a model in the user's hands: final training, the one look at the test split, export."""

import math
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from coeval.errors import ExportError, typed
from coeval.export.card import CardFacts
from coeval.export.card import Score as CardScore
from coeval.export.ensemble import Trained, cost_of
from coeval.export.final import FinalModel
from coeval.export.finalists import choose_finalists, finalists_for
from coeval.export.optimism import corrected_validation
from coeval.export.retrain import Finalist
from coeval.export.scoring import BaselineScore, OpenedTest, open_test
from coeval.run.capsule import machine
from coeval.run.contest import equally_trained
from coeval.run.deliver import Floats, predict, write
from coeval.run.final_training import train_final
from coeval.run.front_facts import front_note
from coeval.run.importance import begin_importance, importance_of
from coeval.run.interrupt import Interrupt
from coeval.run.pool import Pool
from coeval.run.reserve import ending_seconds, importance_seconds
from coeval.run.rivals import Rival, Rivals
from coeval.run.run import Run
from coeval.run.site import Site
from coeval.run.verified import constraint_facts
from coeval.statistics import Interval, pooled_floor
from coeval.store.protocol import Note
from coeval.store.queries import notes
from coeval.strategy.early_end import EarlyEnd
from coeval.strategy.noise import noise_floor

if TYPE_CHECKING:
    from coeval.export.write import Written


def finish(
    site: Site, run: Run, rivals: Rivals, end: float, interrupt: Interrupt
) -> dict[str, Any]:
    """Make the final model, score it once, export it, and record the result.

    Args:
        site: Where the sitting works.
        run: The finished search.
        rivals: The baselines, finished or not.
        end: ``time.monotonic()`` seconds by which everything should be done.
        interrupt: Who asks for the end in its course gets a model, and what explains it only as far as it is there.

    Returns:
        The ``final`` note's data.

    Raises:
        ExportError: No trial can be made into a model, or the export does not reproduce it.
        RunError: The journal cannot be written.
    """
    started = time.monotonic()
    pool = Pool(site.workers, site.worker_bytes)
    try:
        kept = importance_seconds(site, end - started)
        ending = ending_seconds(site, _best(site, run))
        final, until = train_final(site, run, pool, end - kept - ending, ending, interrupt)
        kept = 0.0 if interrupt.came_after(started) else kept  # only a model is waited for
        due = min(until + kept, interrupt.end - ending)
        explained = begin_importance(site, run, final, pool, kept, due)
        due = _waited(rivals, due, interrupt, ending)
        note_rivals(site, rivals)
        rivals.close()  # who is late would only take the export's time
        compared = equally_trained(site, run, pool, final, rivals.found)
        columns = importance_of(None if interrupt.came_after(started) else explained, due)
        if site.memory is not None:  # an export takes what ONNX takes, but by now nobody else does
            pool.close()
            pool = Pool(1)
        final, facts, written = _delivered(site, run, pool, final, compared, columns)
        if (front := front_note(site, run, pool, min(end, interrupt.end))) is not None:
            site.record(front)
    except BrokenExecutor as error:
        raise ExportError(
            f"A worker died while the model was finished, most likely for want of memory. The search is kept: "
            f"coeval resume {typed(site.folder.path)} --workers 1"
        ) from error
    finally:
        pool.close()
    data = {
        **facts,
        "parity": {"onnx": written.parity.onnx, "source": written.parity.source},
        "latency_ms": dict(written.latency_ms),
        "seconds": _seconds(run, final, started),
    }
    milliseconds = written.latency_ms["one"]
    trials = [one.trial for one in final.members] or [final.trial]
    if held := constraint_facts(site, run, trials, final.whole, milliseconds):
        data["constraints"] = held
    site.record(Note("final", data))
    return data


def _delivered(
    site: Site,
    run: Run,
    pool: Pool,
    final: FinalModel,
    compared: Sequence[Rival],
    columns: Any,
) -> tuple[FinalModel, dict[str, Any], "Written"]:
    """Score the model, write it and compare the files with it; an ensemble whose files differ leaves its heaviest member.

    That member is scored too, which the journal counts as a second look at the test rows.

    Returns:
        What was written, what the journal says of it, and how well the files reproduce it.

    Raises:
        ExportError: The files do not reproduce a single model.
    """

    def delivered(final: FinalModel) -> tuple[FinalModel, dict[str, Any], "Written"]:
        known = _known(site, pool, final.whole)
        opened = None if known is None else _opened(site, known, compared)
        facts = {**_facts(site, run, final, compared, opened), "importance": columns}
        card = _card(site, run, facts, opened)
        cache = site.folder.cache
        job = pool.submit(write, site.folder.model, final.whole, cache, card, known)
        return final, facts, job.result()

    try:
        return delivered(final)
    except ExportError as error:
        if final.ensemble is None:
            raise
        site.record(Note("ensemble_refused", {"failure": str(error)}))
        why = f"{final.provenance} The files of all together did not say what they say, so the heaviest is taken alone: {error}"
    return delivered(replace(final, ensemble=None, unseen=None, members=(), provenance=why))


def _waited(rivals: Rivals, due: float, interrupt: Interrupt, ending: float) -> float:
    """Wait for the baselines; who interrupts waits for none that has not begun.

    Returns:
        When the model should begin to be written: ``due``, or ``ending`` before an interrupted run's end.
    """
    if not interrupt.requested:
        with suppress(KeyboardInterrupt), interrupt.waiting():
            rivals.wait(due)
    if interrupt.requested:
        rivals.skip()
        due = min(due, interrupt.end - ending)
        rivals.wait(due)
    return due


def _best(site: Site, run: Run) -> tuple[Finalist, ...]:
    """Return what the final model may consist of, the best first."""
    return choose_finalists(run.trials, site.space, site.objective, finalists_for(site.task))


def ended_early(site: Site, run: Run, early: EarlyEnd) -> Run:
    """Return the run, with the reason recorded if its search ended because more was not worth its time."""
    found = early.ending
    if found is None or run.why != "stopped":
        return run
    floor = {"sd": found.floor.standard_deviation, "low": found.floor.low}
    data = {
        name: getattr(found, name) for name in ("trial", "trials", "window", "improved", "expected")
    }
    site.record(Note("ended_early", {**data, "floor": floor}))
    return replace(run, why="early")


def note_rivals(site: Site, rivals: Rivals) -> None:
    """Record the baselines that finished since the last look."""
    fresh = rivals.news()
    if fresh:
        site.record(*(one.note(site.objective.name) for one in fresh))


def _known(site: Site, pool: Pool, model: Trained) -> Floats | None:
    """Return what the model predicts for the test rows; ``None`` where there are none."""
    if not len(site.task.splits.test):
        return None
    return pool.submit(predict, model, site.folder.cache).result()


def _opened(site: Site, known: Floats, baselines: Sequence[Rival]) -> OpenedTest:
    """Open the test split; that is recorded before anything is scored, so that a crash cannot hide it."""
    times = 1 + len(notes(site.store.events(), "test_opened"))
    site.record(Note("test_opened", {"at": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "times": times}))
    compared = [
        (one.result.name, one.predictions) for one in baselines if one.predictions is not None
    ]
    return open_test(site.task, known, compared, seed=site.options.seed)


def _facts(
    site: Site,
    run: Run,
    final: FinalModel,
    baselines: Sequence[Rival],
    opened: OpenedTest | None,
) -> dict[str, Any]:
    scored = {} if opened is None else {one.name: one for one in opened.baselines}
    cost = cost_of(final.whole)
    control = [one for one in run.trials if one.proposal.origin == "random"]
    best = min((site.objective.cost(one) for one in control), default=math.inf)
    return {
        "trial": final.trial,
        "metric": site.objective.name,
        "validation": _finite(final.validation),
        "corrected": corrected_validation(
            site.task, run.trials, site.objective, site.artifacts, seed=site.options.seed
        ),
        "selection": final.selection,
        "epochs": final.epochs,
        "provenance": final.provenance,
        "test": None
        if opened is None
        else {**_interval(opened.test), "rows": opened.rows, "groups": opened.groups},
        "scores": {}
        if opened is None
        else {name: _finite(one.value) for name, one in opened.scores.items()},
        "baselines": [_compared(one, scored, site) for one in baselines],
        "noise_floor": _floor(site, run, final),
        "control": {
            "trials": len(control),
            "best_validation": -best if site.objective.maximise else best,
        }
        if best < math.inf
        else None,
        "parameters": cost.parameters,
        "macs": cost.macs,
        **_members(final),
    }


def _members(final: FinalModel) -> dict[str, Any]:
    """Return what an ensemble consists of; nothing where there is none."""
    if final.ensemble is None:
        return {}
    members = [
        {"trial": one.trial, "repeat": one.repeat, "weight": one.weight, "rows": one.rows.value}
        for one in final.members
    ]
    return {"members": members, "temperature": final.ensemble.temperature}


def _floor(site: Site, run: Run, final: FinalModel) -> dict[str, Any] | None:
    """Return the noise floor from the search's repeats and the finalists' trainings together."""
    found = pooled_floor([noise_floor(run.trials, site.objective), final.noise_floor])
    if found is None:
        return None
    return {
        "sd": found.standard_deviation,
        "repeats": found.trainings,
        "freedom": found.freedom,
        "low": found.low,
        "high": found.high,
    }


def _compared(rival: Rival, scored: Mapping[str, BaselineScore], site: Site) -> dict[str, Any]:
    found, test = rival.result, scored.get(rival.result.name)
    return {
        "name": found.name,
        "label": found.label,
        "validation": found.validation.get(site.objective.name),
        "test": None if test is None else _finite(test.test.value),
        "low": None if test is None else _finite(test.test.low),
        "high": None if test is None else _finite(test.test.high),
        "gain": None if test is None else _interval(test.gain),
        "detail": found.detail,
    }


def _card(site: Site, run: Run, facts: dict[str, Any], opened: OpenedTest | None) -> CardFacts:
    task, metric = site.task, site.task.metric
    here = machine()
    return CardFacts(
        title=task.name,
        rows=task.table.rows,
        splits=task.splits.sizes,
        metric_label=metric.label or metric.name,
        maximise=metric.maximise,
        test=None if opened is None else opened.test.value,
        interval=None if opened is None else (opened.test.low, opened.test.high),
        validation=facts["validation"],
        scores=facts["scores"],
        baselines=[
            CardScore(one["label"], one["validation"], one["test"]) for one in facts["baselines"]
        ],
        noise=None if facts["noise_floor"] is None else facts["noise_floor"]["sd"],
        notes=task.notes,
        parameters=facts["parameters"],
        macs=facts["macs"],
        command=site.options.command(),
        seed=site.options.seed,
        seconds=run.seconds,
        trials=len(run.trials),
        fingerprint=task.fingerprint,
        provenance=facts["provenance"],
        machine=f"{here['cpu']}, {here['platform']}",
        importance=facts["importance"],
        audit=str(site.folder.capsule().get("space", {}).get("audit", "")),
    )


def _seconds(run: Run, final: FinalModel, started: float) -> dict[str, float]:
    ending = time.monotonic() - started
    return {
        "search": run.seconds,
        "final": final.seconds,
        "export": ending - final.seconds,
        "total": run.seconds + ending,
    }


def _interval(found: Interval) -> dict[str, float | None]:
    return {"value": _finite(found.value), "low": _finite(found.low), "high": _finite(found.high)}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
