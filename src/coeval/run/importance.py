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
from coeval.run.run import Run
from coeval.run.site import Site

LATE_SECONDS = 1.0
"""For what is not counted: the task in a fresh process, a network restored, the last prediction."""

FEW = 100
"""Selection rows below which the search's own network is explained, for which more rows are held out."""
MOST_RESTORED = 100_000
"""Training rows above which the search's network is not restored: fitting its preparation again takes seconds there, and
so many rows are hardly learnt by heart."""

Importances = Future[dict[str, Any] | None] | None


def begin_importance(
    site: Site, run: Run, final: FinalModel, pool: Pool, seconds: float, due: float
) -> Importances:
    """Start to measure; ``None`` where there is nothing to measure or no time.

    Args:
        site: Where the sitting works.
        run: The finished search.
        final: Its model.
        pool: Where.
        seconds: That were kept for it.
        due: ``time.monotonic()`` seconds at which the model should begin to be written.
    """
    left = due - time.monotonic()
    seconds = min(seconds, left - LATE_SECONDS / 2)
    return pool.submit(explain, _job(site, run, final, seconds)) if seconds > 0 else None


def importance_of(found: Importances, due: float) -> dict[str, Any] | None:
    """Return what was measured; ``None`` if it is not there in time, or failed: no model waits for it."""
    if found is None:
        return None
    left = due - time.monotonic()
    patience = None if left == math.inf else max(left, LATE_SECONDS)
    try:
        return found.result(patience)
    except Exception:  # noqa: BLE001 - late, failed, or its worker died: it must not cost the model
        return None


def _job(site: Site, run: Run, final: FinalModel, seconds: float) -> Explain:
    """Return the job on the rows that say most: see ``export.explained``."""
    source, seed = site.folder.cache, site.options.seed
    plain = Explain(source, On.LEARNT, final.whole, seconds=seconds, seed=seed)
    selection, unseen = len(site.task.splits.selection), _unseen(plain, final)
    if unseen is not None and selection >= FEW:
        return unseen
    last = plain if unseen is None or selection < LEAST else unseen
    if len(site.task.folds[0][0]) > MOST_RESTORED:
        return last
    trial = next(one for one in run.trials if one.number == final.trial)
    (finalist,) = choose_finalists([trial], site.space, site.objective, 1)
    try:
        weights = site.artifacts.get(finalist.weights)
    except (KeyError, RunError):  # pruned, or damaged
        return last
    return replace(plain, on=On.SEARCHED, model=None, finalist=finalist, weights=weights)


def _unseen(plain: Explain, final: FinalModel) -> Explain | None:
    """Return the job for a model that has not learnt from the selection rows; ``None`` where there is none."""
    if final.rows is not Rows.ALL:
        return replace(plain, on=On.SELECTION, model=final.unseen or final.whole)
    twin = final.unseen or _twin(final)
    return None if twin is None else replace(plain, on=On.TWIN, model=twin)


def _twin(final: FinalModel) -> Model | None:
    """Return the winner as it was trained for the contest, or by the search itself: without the selection rows."""
    found = (one for one in final.trained if one.trial == final.trial and one.is_complete)
    return next((one.model for one in found if one.rows is not Rows.ALL), None)
