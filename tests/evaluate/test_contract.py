"""The training evaluator keeps the contract that outsiders' evaluators are held to."""

from sklearn.datasets import load_wine

from coeval.evaluate.training import TrainingEvaluator
from coeval.space.tabular import space_for
from coeval.task.frame import from_arrays
from coeval.testing.evaluators import check_evaluator
from coeval.trial import Proposal


def test_the_training_evaluator_keeps_the_contract():
    X, y = load_wine(return_X_y=True)
    task = from_arrays(X[::2], y[::2])
    space = space_for(task)
    proposals = [Proposal(space.seeds()[name]) for name in ("linear", "mlp")]
    check_evaluator(TrainingEvaluator(task, space), proposals, objective=task.metric.name)
