"""What a worker does at the end of a run: predict the test rows, write the model, compare the files with it."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from coeval.export.card import CardFacts
from coeval.export.ensemble import Trained
from coeval.export.retrain import predictions
from coeval.run.reserve import VERIFIED_ROWS
from coeval.task import memory
from coeval.task.task import Task

if TYPE_CHECKING:
    from coeval.export.write import Written

MOST_IMAGES = 500
"""On which an export is compared with the model at most."""

Floats = npt.NDArray[np.float64]


def predict(model: Trained, source: Path) -> Floats:
    """Return what a model predicts for the test rows, of which there are some."""
    task = memory.load(source)
    found = predictions(model, task, task.splits.test)
    assert found is not None
    return found


def write(
    folder: Path, model: Trained, source: Path, card: CardFacts, known: Floats | None
) -> "Written":
    """Write a model and compare the files with it, on test rows whose predictions are known or on others held out."""
    from coeval.export.write import write_model  # noqa: PLC0415 - loads torch: workers have it, the driver need not

    task = memory.load(source)
    rows = verified_rows(task)
    expected = None if known is None else known[np.isin(task.splits.test, rows)]
    return write_model(folder, model, task.table, rows, card, expected)


def verified_rows(task: Task) -> npt.NDArray[np.intp]:
    """Return the rows on which an export is compared with the model, in their split's order: test rows, else others held out.

    Of images ``MOST_IMAGES``, spread evenly: all of ten thousand would take three networks half a minute. Of a table
    ``VERIFIED_ROWS``.
    """
    splits = task.splits
    held = (splits.test, splits.selection, splits.validation, splits.train)
    rows = next(one for one in held if len(one))
    most = MOST_IMAGES if task.is_image else VERIFIED_ROWS
    return rows if len(rows) <= most else rows[np.linspace(0, len(rows) - 1, most).astype(np.intp)]
