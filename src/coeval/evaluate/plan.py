"""What a proposal asks of the training evaluator, and what that will cost, before anything is built."""

import math
from dataclasses import dataclass

from coeval.architecture.component import Settings
from coeval.architecture.inference import infer
from coeval.architecture.step import Architecture
from coeval.component.solved import asked_of
from coeval.evaluate.cost import Work, layers
from coeval.space.narrow import narrowed
from coeval.space.protocol import CandidateSpace
from coeval.space.recipe import Recipe
from coeval.task.task import Task
from coeval.train.memory import estimate
from coeval.trial import Proposal


class Refusal(Exception):  # noqa: N818 - an answer, caught by the evaluator
    """Says why a trial is not started; the message stands in the failed measurement."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a proposal asks for, and what it will cost.

    No epochs at all: nothing is trained, only signals of the untrained network are measured.
    """

    preparation: Settings
    architecture: Architecture
    recipe: Recipe
    epochs: int
    rows_share: float
    folds: int
    work: Work
    memory_bytes: int


def make_plan(task: Task, space: CandidateSpace, proposal: Proposal) -> Plan:
    """Return the plan of a proposal.

    Raises:
        Refusal: It asks for what this evaluator does not do.
    """
    fidelity = proposal.fidelity
    if proposal.cases is not None:
        raise Refusal("TrainingEvaluator judges every candidate on all cases; got cases.")
    shares = (fidelity.rows, fidelity.width)
    if not (0 <= fidelity.epochs <= 1 and all(0 < one <= 1 for one in shares)):
        raise Refusal(
            f"shares of rows and width must lie in (0, 1], that of epochs in [0, 1]; got {fidelity}."
        )
    candidate = proposal.candidate
    architecture = narrowed(space.architecture(candidate), fidelity.width)
    recipe = Recipe.of(candidate.settings("recipe"))
    train, judged = max(task.folds, key=lambda fold: len(fold[0]))
    rows = max(math.ceil(fidelity.rows * len(train)), 2)
    cost = infer(architecture).cost
    work = Work(
        cost,
        layers(architecture.body),
        rows,
        len(judged),
        recipe.batch_size,
        len(task.table.columns),
    )
    columns = architecture.inputs[0]
    return Plan(
        preparation=tuple(candidate.settings("preparation").items()),
        architecture=architecture,
        recipe=recipe,
        epochs=max(round(fidelity.epochs * recipe.epochs), 1) if fidelity.epochs else 0,
        rows_share=fidelity.rows,
        folds=len(task.folds),
        work=work,
        memory_bytes=estimate(
            cost,
            recipe,
            columns,  # type: ignore[arg-type]
            rows + len(judged),
            asked_of(architecture),
        ),
    )
