"""A front's points are scored again with the weights that their folds left."""

import numpy as np
import pytest

from coeval.architecture.retype import retyped
from coeval.build.network import network_for
from coeval.build.weights import arrays
from coeval.export.points import Point, intervals
from coeval.space.tabular import space_for
from coeval.task.prepare import prepare
from coeval.train.predict import predict
from tests.evaluate.tasks import task_of


class Kept:
    """Artifacts in a dictionary."""

    def __init__(self):
        self.arrays = {}

    def put(self, given):
        name = f"a{len(self.arrays)}"
        self.arrays[name] = dict(given)
        return name

    def get(self, name):
        return self.arrays[name]


@pytest.mark.parametrize("folds", [1, 3])
def test_the_interval_holds_the_score_over_all_folds(folds):
    task, kept = task_of("wine", folds=folds), Kept()
    space = space_for(task)
    candidate = space.seeds()["linear"]
    settings = tuple(candidate.settings("preparation").items())
    digests, found = [], []
    for seed, (train, judged) in enumerate(task.folds):
        prepared = prepare(dict(settings), task, train)
        network = network_for(retyped(candidate.architecture, *prepared.inputs), seed=seed)
        digests.append(kept.put(arrays(network)))
        rows = prepared.transform(task.table.take(judged))
        found.append(predict(network, rows, task.problem))
    point = Point(4, candidate.architecture, settings, tuple(digests))
    gone = Point(5, candidate.architecture, settings, ("gone",) * folds)
    sure, none = intervals(task, kept, [point, gone])
    rows = np.concatenate([judged for _, judged in task.folds])
    expected = task.metric.score(task.target.values[rows], np.concatenate(found), None)
    assert sure.value == pytest.approx(expected)
    assert sure.low < sure.value < sure.high
    assert none is None
