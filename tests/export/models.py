"""Small models for the export's tests."""

from typing import Any

import numpy as np

from coeval.architecture.step import Architecture, Step, sequence, step
from coeval.architecture.types import Columns
from coeval.build.network import Network
from coeval.build.weights import arrays
from coeval.component.channel import GELU, LINEAR
from coeval.component.entry import CATEGORY_ENTRY, NUMERIC_ENTRY, TEXT_ENTRY
from coeval.component.head import BINARY_HEAD, CLASS_HEAD, VALUE_HEAD
from coeval.component.merge import CONCATENATE
from coeval.component.norm import BATCH_NORM
from coeval.export.model import Model
from coeval.task.preparation import Preparation, fit
from coeval.task.table import Schema, Table
from coeval.task.task import Problem
from tests.task.tables import schema_of

CLASSES = {
    Problem.BINARY: ("no", "yes"),
    Problem.MULTICLASS: ("a", "b", "ü"),
    Problem.REGRESSION: (),
}


def architecture_for(columns: Columns, problem: Problem, classes: int = 3) -> Architecture:
    """Return a small network with every entry that the columns allow."""
    steps: list[Step] = []
    if columns.numeric:
        steps.append(step(NUMERIC_ENTRY, 0, encoding="piecewise_linear"))
    if columns.categories:
        steps.append(step(CATEGORY_ENTRY, 0))
    if columns.texts:
        steps.append(step(TEXT_ENTRY, 0))
    if len(steps) > 1:
        steps.append(step(CONCATENATE, tuple(range(1, len(steps) + 1))))
    steps.append(step(LINEAR, len(steps), width=16))
    steps.append(step(BATCH_NORM, len(steps)))
    steps.append(step(GELU, len(steps)))
    heads = {
        Problem.BINARY: step(BINARY_HEAD, len(steps)),
        Problem.REGRESSION: step(VALUE_HEAD, len(steps)),
    }
    steps.append(heads.get(problem) or step(CLASS_HEAD, len(steps), classes=classes))
    return Architecture((columns,), sequence(1, steps))


def model_for(
    table: Table,
    problem: Problem = Problem.MULTICLASS,
    schema: Schema | None = None,
    classes: tuple[str, ...] | None = None,
    **settings: Any,
) -> tuple[Model, Network]:
    """Return an untrained model whose predictions differ from row to row, and its network."""
    preparation: Preparation = fit(settings, table, np.arange(table.rows))
    architecture = architecture_for(preparation.columns, problem)
    network = Network(architecture, seed=3)
    network.fit_entries(preparation.transform(table))
    values = problem is Problem.REGRESSION
    model = Model(
        architecture=architecture,
        weights=arrays(network),
        preparation=preparation,
        schema=schema or schema_of(table),
        problem=problem,
        target="goal",
        classes=CLASSES[problem] if classes is None else classes,
        number=classes is not None,
        mean=1e6 if values else 0.0,
        std=250.0 if values else 1.0,
        metric="r2" if values else "log_loss",
    )
    return model, network
