"""The importance of the columns, measured beside the wait for the baselines, before the model card is written."""

import math
import time
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from coeval.errors import RunError
from coeval.export.explained import Explain, On, explain
from coeval.export.final import FinalModel
from coeval.export.finalists import choose_finalists
from coeval.export.importance import LEAST
from coeval.export.model import Model
from coeval.export.retrain import Rows
from coeval.run.pool import Pool
from coeval.run.reserve import export_seconds
from coeval.run.run import Run
from coeval.run.site import Site

LATE_SECONDS = 1.0
"""For what is not counted: the task in a fresh process, a network restored, the last prediction."""

Importances = Future[dict[str, Any] | None] | None


def begin_importance(
    site: Site, run: Run, final: FinalModel, pool: Pool, seconds: float, end: float
) -> Importances:
    """Start to measure; ``None`` where there is nothing to measure or no time.

    Args:
        site: Where the sitting works.
        run: The finished search.
        final: Its model.
        pool: Where.
        seconds: That were kept for it.
        end: ``time.monotonic()`` seconds by which the model should be written.
    """
    left = end - export_seconds(site.task) - time.monotonic()
    seconds = min(seconds, left - LATE_SECONDS / 2)
    return pool.submit(explain, _job(site, run, final, seconds)) if seconds > 0 else None


def importance_of(found: Importances, site: Site, end: float) -> dict[str, Any] | None:
    """Return what was measured; ``None`` if it is not there in time, or failed: no model waits for it."""
    if found is None:
        return None
    left = end - export_seconds(site.task) - time.monotonic()
    patience = None if left == math.inf else max(left, LATE_SECONDS)
    try:
        return found.result(patience)
    except Exception:  # noqa: BLE001 - late, failed, or its worker died: it must not cost the model
        return None


def _job(site: Site, run: Run, final: FinalModel, seconds: float) -> Explain:
    """Return the job on the rows that say most: see ``export.explained``."""
    source, seed = site.folder.cache, site.options.seed
    plain = Explain(source, On.LEARNT, final.whole, seconds=seconds, seed=seed)
    if len(site.task.splits.selection) >= LEAST:
        if final.rows is not Rows.ALL:
            return replace(plain, on=On.SELECTION, model=final.unseen or final.whole)
        if (twin := final.unseen or _twin(final)) is not None:
            return replace(plain, on=On.TWIN, model=twin)
    trial = next(one for one in run.trials if one.number == final.trial)
    (finalist,) = choose_finalists([trial], site.space, site.objective, 1)
    try:
        weights = site.artifacts.get(finalist.weights)
    except (KeyError, RunError):  # pruned, or damaged
        return plain
    return replace(plain, on=On.SEARCHED, model=None, finalist=finalist, weights=weights)


def _twin(final: FinalModel) -> Model | None:
    """Return the winner as it was trained for the contest, on train and validation rows."""
    found = (one for one in final.trained if one.trial == final.trial and one.is_complete)
    return next((one.model for one in found if one.rows is Rows.KNOWN), None)
