"""The part of the final training that needs torch: training, restoring and predicting with a ``Model``."""

import time
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from coeval.architecture.component import Settings
from coeval.architecture.retype import retyped
from coeval.architecture.step import Architecture
from coeval.build.network import Network, network_for
from coeval.build.weights import arrays, load
from coeval.export import hurry
from coeval.export.ensemble import Trained, combined, members_of
from coeval.export.model import Model
from coeval.export.retrain import Finalist, Job, Rows, row_indices
from coeval.seed import entropy
from coeval.space.recipe import Recipe
from coeval.task.prepare import Prepared, prepare, rows_to_learn
from coeval.task.table import Kind, Pixels, Table
from coeval.task.table import Rows as PreparedRows
from coeval.task.task import Task
from coeval.train.data import Scale, TrainingData, examples_of, target_scale
from coeval.train.device import configure
from coeval.train.fit import fit
from coeval.train.predict import predict
from coeval.train.taught import taught
from coeval.train.trees_stored import without_empty


def train(task: Task, job: Job) -> tuple[Model, int]:
    """Train a job's finalist from scratch, without early stopping: there are no rows left to decide it.

    The schedule keeps its length and is left at the epoch that the search found best, so the learning
    rate follows the curve that led there; or it follows the clock to the deadline.

    Returns:
        The model and the number of epochs trained, less than wanted if the deadline came first.

    Raises:
        Diverged: The loss is not finite.
    """
    configure(job.threads)
    finalist = job.finalist
    index = row_indices(task, job.rows)
    learn = _learnt_once if task.schema.of(Kind.TEXT) else _learnt
    prepared, rows = learn(task, finalist.preparation, job.rows)
    architecture = retyped(finalist.architecture, *prepared.inputs)
    network = network_for(architecture, seed=entropy(job.seed, "weights"))
    if isinstance(network, Network):
        network.fit_entries(rows)
    examples = examples_of(task, rows, index)
    if job.lesson is not None:
        examples = taught(examples, job.lesson, task.problem)
    fitted = fit(
        network,
        TrainingData(task.problem, examples),
        Recipe.of(dict(finalist.recipe)),
        seed=job.seed,
        device=job.device,
        schedule_epochs=max(finalist.longest, finalist.schedule_epochs),
        stop_after=finalist.longest or finalist.epochs,
        should_stop=lambda: time.monotonic() >= hurry.until(job.deadline),
        until=job.deadline if finalist.longest else None,
    )
    model = _model(task, architecture, prepared, arrays(network), fitted.scale)
    return model, fitted.epochs


def restore(task: Task, finalist: Finalist, weights: Mapping[str, np.ndarray]) -> Model:
    """Return the model whose weights the search stored.

    Raises:
        ExportError: The weights belong to another architecture.
    """
    index = row_indices(task, Rows.SEARCHED)
    prepared = prepare(dict(finalist.preparation), task, index)
    architecture = retyped(finalist.architecture, *prepared.inputs)
    load(network_for(architecture), weights)  # raises where they do not fit
    scale = target_scale(task.problem, examples_of(task, (), index))
    return _model(task, architecture, prepared, weights, scale)


def predict_table(model: Trained, table: Table) -> npt.NDArray[np.float64]:
    """Return probabilities ``(rows, classes)`` or values ``(rows,)`` in the user's units for raw rows.

    Those of a table are computed in 64 bits, so that a row's prediction does not depend, in the 7th digit, on how many
    others come with it; for images that would take several times as long.

    Raises:
        ExportError: The weights do not belong to the architecture.
        DataError: A column is missing, or of another kind.
    """
    return combined(model, [_predicted(one, table) for one in members_of(model)])


def _predicted(model: Model, table: Table) -> npt.NDArray[np.float64]:
    network = network_for(model.architecture)
    load(network, model.weights)
    if isinstance(network, Network):
        network.double()
    rows = model.preparation.transform(table)
    return predict(network, rows, model.problem, Scale(model.mean, model.std))


def _model(
    task: Task,
    architecture: Architecture,
    prepared: Prepared,
    weights: Mapping[str, np.ndarray],
    scale: Scale,
) -> Model:
    architecture, weights = without_empty(architecture, weights)
    return Model(
        architecture=architecture,
        weights=weights,
        preparation=prepared,
        schema=task.schema,
        problem=task.problem,
        target=task.target.name,
        classes=task.target.classes,
        number=task.target.number,
        mean=scale.mean,
        std=scale.std,
        metric=task.metric.name,
    )


def _learnt(task: Task, settings: Settings, rows: Rows) -> tuple[Prepared, PreparedRows | Pixels]:
    """Return a preparation learnt from some rows, and these rows to learn from."""
    index = row_indices(task, rows)
    prepared = prepare(dict(settings), task, index)
    return prepared, rows_to_learn(prepared, task, index)


_learnt_once = lru_cache(maxsize=4)(_learnt)
"""What texts say of the target takes seconds to learn, and is the same for every seed that a finalist is trained under."""
