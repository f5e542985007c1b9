"""The part of measuring a candidate's exported model that needs torch and ONNX Runtime; see ``export.latency``."""

import math

import numpy as np

from coeval.architecture.component import Settings
from coeval.architecture.retype import retyped
from coeval.architecture.step import Architecture
from coeval.build.network import network_for
from coeval.build.weights import arrays
from coeval.export.fitting import restore
from coeval.export.onnx_model import onnx_model
from coeval.export.retrain import Finalist, Rows, row_indices
from coeval.export.session import Session
from coeval.export.write import describe
from coeval.task.memory import TaskSource, load_task
from coeval.task.prepare import prepare

REPEATS = 3
"""Medians whose median counts, so that a busy moment does not decide."""


def model_milliseconds(
    source: TaskSource, architecture: Architecture, preparation: Settings
) -> float:
    """Return the milliseconds of one call of ``model.onnx`` with one row or image, untrained, on one thread.

    Args:
        source: The task, or its folder.
        architecture: Typed by any preparation.
        preparation: Its settings.

    Raises:
        ExportError: The network cannot be written as ONNX.
    """
    task = load_task(source)
    index = row_indices(task, Rows.SEARCHED)
    prepared = prepare(dict(preparation), task, index)
    typed = retyped(architecture, *prepared.inputs)
    finalist = Finalist(
        trial=0,
        validation=math.nan,
        architecture=architecture,
        preparation=preparation,
        recipe=(),
        epochs=1,
        schedule_epochs=1,
        epoch_seconds=0.0,
        train_rows=len(index),
    )
    network = network_for(typed, seed=0)
    model = restore(task, finalist, arrays(network))
    session = Session(onnx_model(model, network).SerializeToString(), describe(model))
    some = task.table.take(index[:1])
    return float(np.median([session.milliseconds(some) for _ in range(REPEATS)]))
