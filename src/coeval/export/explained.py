"""Which rows tell a final model's importance of columns honestly, and the job that measures it.

The rows have to be rows that the explained network has not learnt from: on its own training rows a column that was learnt
by heart looks important too. The test rows are left alone, also after they were opened: who drops a column because of what
it says there, and fits again, has chosen by the test split. What is left depends on what the model learnt from:

- a model that has not learnt from the selection rows is explained on them;
- one that was refitted on them is explained by its twin from the contest of finalists, the same candidate trained on train
  and validation rows: what it makes of the columns is the model's, one training apart;
- where the selection rows are few, or there was no contest, by the network that the search itself trained, on the
  validation rows of its fold and the selection rows together: less like the model, but on more rows;
- and if not even that is there, on rows that it has learnt from, which is said: then the numbers tell what it uses,
  not what it gains from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

import numpy as np

from coeval.export.ensemble import Trained
from coeval.export.importance import LEAST, Held, Importance, permutation_importance
from coeval.export.judged import Judged
from coeval.export.retrain import Finalist, restore
from coeval.seed import generator
from coeval.task.memory import TaskSource, load_task
from coeval.task.task import Index, Task

MOST_ROWS = 2000
"""Rows on which columns are dealt out at most: intervals narrow with the root of their number, time grows with it."""


class On(StrEnum):
    """Whose columns are dealt out, and on which rows."""

    SELECTION = "the model, on selection rows, which it has not learnt from"
    TWIN = "the model as it was before it was refitted on all rows, on selection rows, which it had not learnt from"
    SEARCHED = (
        "the winner as the search trained it, on rows held out there, which it had not learnt from"
    )
    LEARNT = (
        "the model, on rows that it has learnt from, which tell what it uses and not what it gains"
    )


@dataclass(frozen=True, slots=True, eq=False)
class Explain:
    """A job: the importance of the columns for one model.

    Attributes:
        source: The task, or its folder.
        on: Which rows.
        model: What is explained; ``None`` where the search's own network is, which has to be restored.
        finalist: That network's.
        weights: That network's.
        seconds: That it may take.
        seed: The run's.
    """

    source: TaskSource
    on: On
    model: Trained | None = None
    finalist: Finalist | None = None
    weights: Mapping[str, np.ndarray] | None = None
    seconds: float = 1.0
    seed: int = 0


def explain(job: Explain) -> dict[str, Any] | None:
    """Return the importance of the columns as plain JSON values; ``None`` where nothing can be said."""
    from coeval.export import fitting  # noqa: PLC0415 - loads torch

    task = load_task(job.source)
    rows = _rows(task, job.on, job.seed)
    model = job.model
    if model is None and job.finalist is not None and job.weights is not None:
        model = restore(job.source, job.finalist, job.weights).model
    if model is None or len(rows) < LEAST:
        return None
    held = Held(task.table.take(rows), Judged.of(task, rows))
    found: Importance | None = permutation_importance(
        partial(fitting.predict_table, model), held, seconds=job.seconds, seed=job.seed
    )
    return None if found is None else {**found.to_json(), "on": str(job.on), "of": job.on.name}


def _rows(task: Task, on: On, seed: int) -> Index:
    """Return rows in random order, ``MOST_ROWS`` at most."""
    splits = task.splits
    if on is On.SEARCHED:
        rows = np.concatenate([task.folds[0][1], splits.selection])
    else:
        rows = splits.selection if len(splits.selection) else splits.validation
    drawn: Index = generator(seed, "explained rows").permutation(rows)[:MOST_ROWS]
    return drawn
