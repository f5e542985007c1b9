"""How long candidates' exported models take here, before they are trained: weights do not change it.

This file imports no torch: the driver hands the job to a worker.
"""

from collections.abc import Sequence

from coeval.architecture.component import Settings
from coeval.architecture.step import Architecture
from coeval.task.memory import TaskSource


def models_milliseconds(
    source: TaskSource, models: Sequence[tuple[Architecture, Settings]]
) -> list[float]:
    """Return the milliseconds of one call of each ``model.onnx`` with one row or image, untrained, on one thread.

    Args:
        source: The task, or its folder.
        models: Architectures, typed by any preparation, each with the preparation's settings.

    Raises:
        ExportError: One cannot be written as ONNX.
    """
    from coeval.export.latency_model import model_milliseconds  # noqa: PLC0415 - loads torch

    return [model_milliseconds(source, *one) for one in models]
