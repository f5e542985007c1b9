"""The part of scoring a front's points again that needs torch; see ``export.points``."""

import numpy as np

from coeval.architecture.retype import retyped
from coeval.bootstrap import score_interval
from coeval.build.network import network_for
from coeval.build.weights import load
from coeval.export.points import Point
from coeval.statistics import Interval
from coeval.task.memory import TaskSource, load_task
from coeval.task.prepare import prepare
from coeval.train.data import examples_of, target_scale
from coeval.train.predict import predict
from coeval.trial import Artifacts


def interval(source: TaskSource, artifacts: Artifacts, point: Point) -> Interval:
    """Return a point's score over all folds' judged rows with its 95 % bootstrap interval.

    Raises:
        KeyError: Weights are gone.
        CoevalError: They are damaged, or belong to another architecture.
    """
    task = load_task(source)
    parts = []
    for (train, judged), digest in zip(task.folds, point.weights, strict=True):
        prepared = prepare(dict(point.preparation), task, train)
        network = network_for(retyped(point.architecture, *prepared.inputs))
        load(network, artifacts.get(digest))
        scale = target_scale(task.problem, examples_of(task, (), train))
        given = prepared.transform(task.table.take(judged))
        parts.append(predict(network, given, task.problem, scale))
    rows = task.judged
    weights, groups = task.weights_of(rows), task.groups_of(rows)
    targets = task.target.values[rows]
    return score_interval(task.metric, targets, np.concatenate(parts), weights, groups)
