"""A search of real trainings that says each epoch, to be killed: ``python -m tests.run.victim FOLDER TRIALS [batched]``.

As ``coeval fit`` searches, but in this process, and with a slice every few hundredths of a second. Batched, up to
eight random candidates train in one tensor.
"""

import sys
from pathlib import Path

import coeval.train.fit
import coeval.train.population
from coeval.evaluate.training import TrainingEvaluator
from coeval.run.budget import Budget
from coeval.run.keeper import Keeper
from coeval.run.search import search
from coeval.run.serial import SerialExecutor
from coeval.run.strategies import strategy_for
from coeval.space.tabular import space_for
from coeval.store.artifacts import FileArtifacts
from coeval.store.journal import SqliteStore
from coeval.store.slices import FileSlices
from coeval.strategy.random import RandomSearch
from coeval.trial import Objective, State, Trial
from tests.evaluate.tasks import task_of
from tests.run import test_together


class Telling(TrainingEvaluator):
    """Says every epoch that is trained."""

    def evaluate(self, trials, report):
        def told(number, progress, values):
            if values:
                sys.stdout.write(f"{number} {progress}\n")
                sys.stdout.flush()
            return report(number, progress, values)

        return super().evaluate(trials, told)


def main(folder: Path, trials: int, *, batched: bool) -> None:
    coeval.train.fit.SLICE_SECONDS = coeval.train.population.SLICE_SECONDS = 0.03
    if batched:
        task, space = test_together.TASK, test_together.space()
    else:
        task = task_of("digits", rows=600)
        space = space_for(task, effort=1.0)
    objective = Objective(task.metric.name, task.metric.maximise)
    artifacts, slices = FileArtifacts(folder / "weights"), FileSlices(folder / "running")
    keeper = Keeper(artifacts, objective, lambda: [])

    def record(one):
        if isinstance(one, Trial):
            keeper.record(one)
            keeper.tidy()
            if one.state is not State.RUNNING:
                slices.drop(one.number)

    if batched:
        strategy = RandomSearch(space, 0)
        evaluator = Telling(task, space, artifacts=artifacts, slices=slices, joint="always")
    else:
        strategy = strategy_for("evolution", space, objective, 0)
        evaluator = Telling(task, space, artifacts=artifacts, slices=slices, inherit="any")
    store = SqliteStore(folder / "run.sqlite", space.to_json, space.from_json)
    search(
        task,
        space,
        strategy,
        evaluator,
        Budget(trials=trials),
        objective=objective,
        store=store,
        executor=SerialExecutor(evaluator, batch=8 if batched else 1),
        on_event=record,
    )
    store.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), batched="batched" in sys.argv[3:])
