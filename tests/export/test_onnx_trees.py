"""Tree ensembles in ONNX Runtime."""

import numpy as np
import onnxruntime
import pytest
import torch
from onnx import helper

from coeval.architecture.types import Columns
from coeval.build.modules.trees import TreeEnsemble
from coeval.evaluate.latency_clock import piece_milliseconds
from coeval.export.latency import models_milliseconds
from coeval.export.onnx_graph import IR_VERSION, ML_OPSET
from coeval.export.onnx_trees import DOMAIN, trees_graph
from coeval.space.tabular import space_for
from coeval.task.table import Rows
from coeval.train.trees import grow
from tests.evaluate.tasks import task_of
from tests.train.test_trees import SETTINGS, Problem, TrainingData, labelled, rows


def run(graph, inputs):
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid(DOMAIN, ML_OPSET)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(None, inputs)[0]


@pytest.mark.parametrize("indicators", [(), (0, 3)])
@pytest.mark.parametrize("problem", list(Problem))
def test_onnx_runtime_computes_what_the_module_computes(problem, indicators):
    outputs = 4 if problem is Problem.MULTICLASS else 1
    ensemble = TreeEnsemble(columns=5, outputs=outputs, rounds=30, leaves=15, indicators=indicators)
    grow(ensemble, SETTINGS, TrainingData(problem, labelled(500, problem)), seed=0)
    assert not indicators or (ensemble.feature >= 5).any()
    asked = rows(400)
    ours = ensemble(tuple(map(torch.tensor, asked))).detach().numpy()
    graph = trees_graph(ensemble, Columns(3, (5, 5), ()))
    theirs = run(graph, {"numeric": asked.numeric, "codes": asked.codes})
    assert theirs.shape == ours.shape
    assert np.abs(theirs - ours).max() < 1e-5
    assert np.ptp(ours) > 0.5


def test_a_table_without_categories_has_numbers_alone():
    known = labelled(300, Problem.REGRESSION)
    plain = Rows(known.rows.numeric, np.zeros((300, 0), np.int64), known.rows.tokens)
    examples = type(known)(plain, known.target)
    ensemble = TreeEnsemble(columns=3, outputs=1, rounds=10, leaves=15)
    grow(ensemble, SETTINGS, TrainingData(Problem.REGRESSION, examples), seed=0)
    ours = ensemble(tuple(map(torch.tensor, plain))).detach().numpy()
    theirs = run(trees_graph(ensemble, Columns(3, (), ())), {"numeric": plain.numeric})
    assert np.abs(theirs - ours).max() < 1e-5


def test_untrained_trees_are_full_ones_that_say_nothing():
    ensemble = TreeEnsemble(columns=5, outputs=3, rounds=4, leaves=15)
    graph = trees_graph(ensemble, Columns(3, (5, 5), ()))
    (trees,) = (one for one in graph.node if one.op_type == "TreeEnsemble")
    written = {one.name: one for one in trees.attribute}
    assert len(written["nodes_featureids"].ints) == 4 * 3 * 14
    assert len(written["leaf_targetids"].ints) == 4 * 3 * 15
    asked = rows(20)
    theirs = run(graph, {"numeric": asked.numeric, "codes": asked.codes})
    assert theirs.shape == (20, 3)
    assert not theirs.any()


def test_what_trees_take_is_measured_before_they_are_grown():
    task = task_of("wine")
    candidate = space_for(task, models="all").seeds()["trees"]
    preparation = tuple(candidate.settings("preparation").items())
    (whole,) = models_milliseconds(task, [(candidate.architecture, preparation)])
    assert whole > 0
    assert piece_milliseconds(candidate.architecture) >= 0  # empty: the whole model corrects it
