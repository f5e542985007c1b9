"""A search on one of the tables in this process, as several benchmarks make it: until its seconds are over."""

from collections.abc import Callable

import pandas as pd

from benchmarks.runs import DATA
from coeval.evaluate.protocol import Evaluator
from coeval.run.budget import Budget
from coeval.run.run import Run
from coeval.run.search import search
from coeval.space.protocol import CandidateSpace
from coeval.strategy.protocol import Strategy
from coeval.task.read import read
from coeval.task.task import Task
from coeval.trial import Objective


def task_of(name: str, seed: int) -> Task:
    """Return one of the tables as a task, split under a seed."""
    manifest = pd.read_csv(DATA / "manifest.csv").set_index("name")
    return read(DATA / f"{name}.parquet", target=manifest.loc[name, "target"], seed=seed)


def objective_of(task: Task) -> Objective:
    """Return what a search on a task optimises."""
    return Objective(task.metric.name, task.metric.maximise)


def searched(
    task: Task,
    space: CandidateSpace,
    strategy: Strategy,
    evaluator: Evaluator,
    *,
    seconds: float,
    clock: Callable[[], float],
    seed: int,
) -> Run:
    """Return a search that ended after so many seconds of a clock."""
    began = clock()
    return search(
        task,
        space,
        strategy,
        evaluator,
        Budget(trials=100_000),
        objective=objective_of(task),
        stop=lambda: clock() - began >= seconds,
        seed=seed,
    )
