"""What trainings predict for rows that they have not learnt from: the judged rows of the search and the selection rows together.

Selection rows are a tenth of all, and of a few hundred rows that is too little to tell anything (62 rows of 623: a standard error of
log loss of .08, where finalists differ by .01). But the search itself has predicted every train and validation row out of fold, or the
validation rows at least, with networks of the same candidate. A training is judged on both.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from coeval.errors import RunError
from coeval.export.retrain import Finalist, Retrained
from coeval.task.task import Index, Task
from coeval.trial import Artifacts

Floats = npt.NDArray[np.float64]


def held_out_rows(task: Task) -> Index:
    """Return the judged rows of all folds, fold after fold, and then the selection rows."""
    return np.concatenate([task.judged, task.splits.selection])


def held_out(
    trained: Sequence[Retrained],
    finalists: Sequence[Finalist],
    task: Task,
    artifacts: Artifacts | None,
) -> list[Floats] | None:
    """Return what each training predicts on ``held_out_rows``; ``None`` where the search's part of it is not there for all.

    Args:
        trained: On train and validation rows, with predictions for the selection rows.
        finalists: Theirs among them.
        task: Their task.
        artifacts: Holds what the search predicted.
    """
    judged = {
        one.trial: searched(one.predictions, task, artifacts)
        for one in finalists
        if any(own.trial == one.trial for own in trained)
    }
    found: list[Floats] = []
    for one in trained:
        before = judged.get(one.trial)
        if before is None or one.selection is None:
            return None
        found.append(np.concatenate([before, one.selection]))
    return found


def searched(digest: str, task: Task, artifacts: Artifacts | None) -> Floats | None:
    """Return what a trial's networks predicted for the rows that they were judged on; ``None`` where it was not kept.

    Args:
        digest: Of the predictions; empty where there are none.
        task: The trial's.
        artifacts: Holds them.
    """
    if artifacts is None or not digest:
        return None
    try:
        kept = artifacts.get(digest)["predictions"]
    except (KeyError, RunError):  # deleted for want of room, or damaged
        return None
    return kept.astype(np.float64) if len(kept) == len(task.judged) else None
