"""From a search to a model in the user's hands: final training, the one look at the test split, export."""

import math
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from coeval.architecture.inference import infer
from coeval.export.card import CardFacts
from coeval.export.card import Score as CardScore
from coeval.export.final import FinalModel, Resources, make_final
from coeval.export.finalists import choose_finalists
from coeval.export.model import Model
from coeval.export.retrain import Job, Rows, load_task, predictions, retrain
from coeval.export.scoring import OpenedTest, open_test
from coeval.run.capsule import machine
from coeval.run.pool import Pool
from coeval.run.reserve import EXPORT_SECONDS
from coeval.run.rivals import Rival, Rivals
from coeval.run.run import Run
from coeval.run.site import Site
from coeval.statistics import Interval
from coeval.store.protocol import Note
from coeval.store.queries import notes
from coeval.task.task import Task
from coeval.trial import Trial

if TYPE_CHECKING:
    from coeval.export.write import Written

DEFAULT = "default_mlp"
DEFAULT_SEED = "seed:mlp"
Floats = npt.NDArray[np.float64]
DefaultRefit = tuple[Trial, Future[Floats | None]]


@dataclass(frozen=True, slots=True)
class Baseline:
    """A baseline as it stands beside the model."""

    name: str
    label: str
    validation: float | None
    predictions: Floats | None


def finish(site: Site, run: Run, rivals: Rivals, end: float) -> dict[str, Any]:
    """Make the final model, score it once, export it, and record the result.

    Args:
        site: Where the sitting works.
        run: The finished search.
        rivals: The baselines, finished or not.
        end: ``time.monotonic()`` seconds by which everything should be done.

    Returns:
        The ``final`` note's data.

    Raises:
        ExportError: No trial can be made into a model, or the export does not reproduce it.
        RunError: The journal cannot be written.
    """
    started = time.monotonic()
    pool = Pool(site.workers)
    try:
        default = _default_network(site, run, pool, end)
        final = _final(site, run, pool, end)
        rivals.wait(end - EXPORT_SECONDS)
        note_rivals(site, rivals)
        baselines = [_baseline(one, site) for one in rivals.found]
        baselines += _waited(default, site)
        opened = _opened(site, pool, final.model, baselines)
        facts = _facts(site, run, final, baselines, opened)
        written = pool.submit(
            _write,
            site.folder.model,
            final.model,
            site.folder.cache,
            _card(site, run, facts, opened),
        ).result()
    finally:
        pool.close()
    data = {
        **facts,
        "parity": {"onnx": written.parity.onnx, "source": written.parity.source},
        "latency_ms": dict(written.latency_ms),
        "seconds": _seconds(run, final, started),
    }
    site.record(Note("final", data))
    return data


def _final(site: Site, run: Run, pool: Pool, end: float) -> FinalModel:
    finalists = choose_finalists(run.trials, site.space, site.objective)
    resources = Resources(
        source=site.folder.cache,
        seed=site.options.seed,
        device=site.options.device,
        deadline=None if end == math.inf else end - EXPORT_SECONDS,
        workers=site.workers,
        mapped=pool.map,
    )
    final = make_final(finalists, resources, site.artifacts)
    site.record(
        *(
            Note(
                "finalist",
                {
                    "trial": one.trial,
                    "selection": _finite(one.selection),
                    "epochs": one.epochs,
                    "seconds": one.seconds,
                },
            )
            for one in final.finalists
        )
    )
    return final


def _default_network(site: Site, run: Run, pool: Pool, end: float) -> DefaultRefit | None:
    """Start to refit the default network as the winner will be, so that both meet the test split alike."""
    trials = [one for one in run.trials if one.proposal.origin == DEFAULT_SEED]
    chosen = choose_finalists(trials, site.space, site.objective, 1)
    if not chosen or not len(site.task.splits.test):
        return None
    resources = Resources(
        source=site.folder.cache,
        seed=site.options.seed,
        device=site.options.device,
        deadline=None if end == math.inf else end - EXPORT_SECONDS,
    )
    job = resources.job(chosen[0], Rows.ALL, 0)
    return trials[0], pool.submit(_retrain_and_predict, job, site.folder.cache)


def _retrain_and_predict(job: Job, source: Path) -> Floats | None:
    model = retrain(job).model
    if model is None:
        return None
    task = load_task(source)
    return predictions(model, task, task.splits.test)


def _waited(default: DefaultRefit | None, site: Site) -> list[Baseline]:
    if default is None:
        return []
    trial, future = default
    value = None if trial.measurement is None else trial.measurement.values.get(site.objective.name)
    return [Baseline(DEFAULT, "default network", value, future.result())]


def note_rivals(site: Site, rivals: Rivals) -> None:
    """Record the baselines that finished since the last look."""
    fresh = rivals.news()
    if fresh:
        site.record(*(one.note(site.objective.name) for one in fresh))


def _baseline(rival: Rival, site: Site) -> Baseline:
    found = rival.result
    validation = found.validation.get(site.objective.name)
    return Baseline(found.name, found.label, validation, rival.predictions)


def _opened(
    site: Site, pool: Pool, model: Model, baselines: Sequence[Baseline]
) -> OpenedTest | None:
    """Open the test split: recorded first, so that a crash cannot hide that it was seen."""
    rows = site.task.splits.test
    if not len(rows):
        return None
    found = pool.submit(_predict, model, site.folder.cache).result()
    times = 1 + len(notes(site.store.events(), "test_opened"))
    site.record(Note("test_opened", {"at": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "times": times}))
    compared = [(one.name, one.predictions) for one in baselines if one.predictions is not None]
    return open_test(site.task, found, compared, seed=site.options.seed)


def _predict(model: Model, source: Path) -> Floats:
    task = load_task(source)
    found = predictions(model, task, task.splits.test)
    assert found is not None
    return found


def _write(folder: Path, model: Model, source: Path, card: CardFacts) -> "Written":
    from coeval.export.write import write_model  # noqa: PLC0415 - loads torch: workers have it, the driver need not

    task = load_task(source)
    return write_model(folder, model, task.table, verified_rows(task), card)


def verified_rows(task: Task) -> npt.NDArray[np.intp]:
    """Return the rows on which an export is compared with the model: all test rows, else other held-out rows."""
    splits = task.splits
    return next(
        rows
        for rows in (splits.test, splits.selection, splits.validation, splits.train)
        if len(rows)
    )


def _facts(
    site: Site,
    run: Run,
    final: FinalModel,
    baselines: Sequence[Baseline],
    opened: OpenedTest | None,
) -> dict[str, Any]:
    scored = {} if opened is None else {one.name: one for one in opened.baselines}
    cost = infer(final.model.architecture).cost
    control = [one for one in run.trials if one.proposal.origin == "random"]
    best = min((site.objective.cost(one) for one in control), default=math.inf)
    return {
        "trial": final.trial,
        "metric": site.objective.name,
        "validation": final.validation,
        "selection": final.selection,
        "epochs": final.epochs,
        "provenance": final.provenance,
        "test": None if opened is None else {**_interval(opened.test), "rows": opened.rows},
        "scores": {}
        if opened is None
        else {name: _finite(one.value) for name, one in opened.scores.items()},
        "baselines": [
            {
                "name": one.name,
                "label": one.label,
                "validation": one.validation,
                "test": scored[one.name].test.value if one.name in scored else None,
                "low": _finite(scored[one.name].test.low) if one.name in scored else None,
                "high": _finite(scored[one.name].test.high) if one.name in scored else None,
                "gain": _interval(scored[one.name].gain) if one.name in scored else None,
            }
            for one in baselines
        ],
        "noise_floor": None
        if final.noise_floor is None
        else {"sd": final.noise_floor.sd, "repeats": final.noise_floor.repeats},
        "control": {
            "trials": len(control),
            "best_validation": -best if site.objective.maximise else best,
        }
        if best < math.inf
        else None,
        "parameters": cost.parameters,
        "macs": cost.macs,
    }


def _card(site: Site, run: Run, facts: dict[str, Any], opened: OpenedTest | None) -> CardFacts:
    task, metric, splits = site.task, site.task.metric, site.task.splits
    names = ("train", "validation", "selection", "test")
    here = machine()
    return CardFacts(
        title=task.name,
        rows=task.table.rows,
        splits={name: len(getattr(splits, name)) for name in names},
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
    return {"value": found.value, "low": _finite(found.low), "high": _finite(found.high)}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
