"""The real space and strategy of a small table, with an evaluator that costs nothing: what remains is the search itself."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from coeval.evaluate.protocol import Report
from coeval.seed import entropy, generator
from coeval.space.digest import candidate_digest
from coeval.space.tabular import space_for
from coeval.strategy.evolution import RegularisedEvolution
from coeval.strategy.protocol import Strategy
from coeval.task.metric import Metric
from coeval.task.table import Column, ColumnSchema, Kind, Schema, Table
from coeval.task.task import Problem, Splits, Target, Task
from coeval.trial import Failure, Measurement, Objective, Proposal, Reason, Trial

ROWS = 2000


def small_task() -> Task:
    """Return a table of two numbers and a category. Built by hand, so that starting takes no pandas."""
    rng = generator(0, "world")
    parts = np.split(rng.permutation(ROWS), [1200, 1500, 1700])
    kinds = {"a": Kind.NUMERIC, "b": Kind.NUMERIC, "c": Kind.CATEGORICAL}
    columns = (
        Column("a", Kind.NUMERIC, rng.normal(size=ROWS)),
        Column("b", Kind.NUMERIC, rng.normal(size=ROWS)),
        Column("c", Kind.CATEGORICAL, rng.integers(0, 3, ROWS, dtype=np.int32), ("x", "y", "z")),
    )
    return Task(
        name="world",
        problem=Problem.REGRESSION,
        schema=Schema(tuple(ColumnSchema(name, kind) for name, kind in kinds.items())),
        table=Table(columns, ROWS),
        target=Target("y", rng.normal(size=ROWS)),
        splits=Splits(*parts),
        folds=((parts[0], parts[1]),),
        metric=Metric("rmse", False, lambda truth, found, weights: 0.0, "RMSE"),
        weights=None,
        fingerprint="world",
    )


def world() -> tuple[Task, object, Strategy]:
    """Return the task, its space and a fresh strategy."""
    task = small_task()
    space = space_for(task, models="neural")
    return task, space, RegularisedEvolution(space, Objective("rmse"), seed=0)


@dataclass
class Pretending:
    """Scores a candidate by its digest after a little sleep, and writes down what it evaluates.

    Attributes:
        log: A file that gets one line with the trial's number for each evaluation; none if empty.
        most: Seconds that an evaluation takes at most.
    """

    log: str = ""
    most: float = 0.0

    def evaluate(
        self, trials: Sequence[Trial], report: Report
    ) -> Iterator[tuple[int, Measurement]]:
        """Yield a measurement that depends on candidate and number alone."""
        for trial in trials:
            if self.log:
                with open(self.log, "a", encoding="utf-8") as file:
                    file.write(f"{trial.number}\n")
            draw = entropy(0, candidate_digest(trial.proposal.candidate), trial.number)
            if self.most:  # even a sleep of nothing would give the processor away
                time.sleep(self.most * (draw % 1000) / 1000)
            if draw % 13 == 0:
                yield trial.number, Measurement(failure=Failure(Reason.DIVERGED, "pretended"))
                continue
            score = draw / 2**64
            cost = {"seconds": 1.0, "epochs": 8.0, "parameters": float(draw % 9999)}
            curve = {"rmse": tuple(score + 1 / epoch for epoch in range(1, 9))}
            yield trial.number, Measurement({"rmse": score, "mae": score / 2}, {}, curve, cost)

    def bucket(self, proposal: Proposal) -> str:
        """Return one key for all."""
        return ""
