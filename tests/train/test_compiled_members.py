"""Ensembles train in the compiled loop as they do in PyTorch."""

import dataclasses

import pytest

from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Columns
from coeval.component.channel import DROPOUT, GLU_GATE, LINEAR, RELU
from coeval.component.entry import CATEGORY_ENTRY, NUMERIC_ENTRY
from coeval.component.members import MEMBER_LINEAR, MEMBERS, VOTE
from coeval.component.merge import CONCATENATE
from coeval.component.norm import BATCH_NORM, LAYER_NORM
from coeval.component.region import RESIDUAL
from coeval.task.task import Problem
from tests.train import test_compiled as plain

PROBLEMS = {
    "logit": Problem.BINARY,
    "classes": Problem.MULTICLASS,
    "value": Problem.REGRESSION,
}
BODY = sequence(1, [step(LAYER_NORM, 0), step(LINEAR, 1, width=20), step(RELU, 2)])
TRUNKS = {
    "none": (),
    "linear": (step(LINEAR, 4, width=20), step(RELU, 5)),
    "dropout": (step(LINEAR, 4, width=20), step(DROPOUT, 5, rate=0.2), step(GLU_GATE, 6)),
    "residual": (step(LINEAR, 4, width=20), step(RESIDUAL, 5, BODY)),
    "batch_norm": (step(LINEAR, 4, width=20), step(BATCH_NORM, 5)),
}


def ensemble(trunk, kind, members=5):
    steps = [
        step(NUMERIC_ENTRY, 0, encoding="piecewise_linear", width=4),
        step(CATEGORY_ENTRY, 0, width=4),
        step(CONCATENATE, (1, 2)),
        step(MEMBERS, 3, count=members),
        *TRUNKS[trunk],
    ]
    steps.append(step(MEMBER_LINEAR, len(steps), width=3 if kind == "classes" else 1))
    steps.append(step(VOTE, len(steps), kind=kind))
    return Architecture((Columns(3, (5, 40)),), sequence(1, steps))


@pytest.fixture(autouse=True)
def _problems(monkeypatch):
    """What a network is for is told from its head, here from what is voted on."""
    monkeypatch.setattr(
        plain, "problem_of", lambda one: PROBLEMS[one.body.steps[-1].setting("kind")]
    )


@pytest.mark.parametrize("trunk", TRUNKS)
def test_any_trunk_trains_as_in_eager(trunk):
    optimizer = "sgd" if trunk == "batch_norm" else "adamw"
    recipe = dataclasses.replace(plain.QUICK, optimizer=optimizer)
    plain.assert_trained_alike(ensemble(trunk, "classes"), recipe)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", PROBLEMS)
def test_every_members_loss_is_taken_as_in_eager(kind, weighted):
    plain.assert_trained_alike(ensemble("linear", kind), weighted=weighted)


def test_the_loop_goes_on_from_what_pytorch_left():
    architecture = ensemble("dropout", "logit")
    data = plain.rows_for(architecture)
    _, expected = plain.trained(plain.engines(architecture, data)[0], epochs=3)
    _, state = plain.trained(plain.engines(architecture, data)[0], epochs=2)
    other = plain.engines(architecture, data)[1]
    other.load(state)
    other.epoch()
    plain.assert_alike(expected, other.state(), tolerance=3e-4)
